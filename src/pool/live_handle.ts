/**
 * Live handles: what the scheduling thread has of an object that lives in a worker.
 *
 * @module
 */

/** Stands for an object that lives in a worker. */
export class LiveHandle {
  /** Names the object by its key in the worker, and by its node in messages. */
  constructor(readonly key: number, readonly node: string) {}
}
