/**
 * Frames: what asynchronous code of a plain node carries along, at no cost as long as nodes are synchronous.
 *
 * @module
 */
import type { AttemptContext } from "../attempt.ts";
import type { ContextCarrier, TaskContext } from "../context.ts";

/** Stands for one node after another, until one of them is asynchronous and keeps it. */
export class Frame implements ContextCarrier {
  /** The node that runs in this frame. */
  place = -1;
  readonly #contextAt: (place: number) => AttemptContext;
  #made: AttemptContext | undefined;
  #madeFor = -1;

  /** `contextAt` makes what the node at a place sees, when it asks. */
  constructor(contextAt: (place: number) => AttemptContext) {
    this.#contextAt = contextAt;
  }

  get context(): TaskContext {
    if (this.#made === undefined || this.#madeFor !== this.place) {
      this.#made = this.#contextAt(this.place);
      this.#madeFor = this.place;
    }
    return this.#made;
  }
}
