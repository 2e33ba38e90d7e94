/**
 * Jobs: calls on their way through a pool.
 *
 * @module
 */
import type { AttemptTime } from "../attempt.ts";
import type { TaskContext } from "../context.ts";
import type { CallMessage } from "./messages.ts";
import type { PackedParcel, Parcel } from "./parcel.ts";

/** A message without what the pool adds to it. */
export interface JobMessage {
  readonly message: Omit<CallMessage, "type" | "id" | "move" | "run">;
  readonly transfer: PackedParcel["transfer"];
}

/** What a pool is asked to do. */
export interface JobSpec {
  /** Name of the node. */
  readonly node: string;
  /** The run that it belongs to. */
  readonly runId: string;
  /** The group whose worker has to make the call, or `undefined` if any may. */
  readonly group: number | undefined;
  /** Key of the object that the call makes, if it makes one. */
  readonly key: number | undefined;
  /** Keys of the objects that the call needs. */
  readonly needs: readonly number[];
  /** What the parent knows of the attempt. */
  readonly context: TaskContext;
  /** How long the attempt may take, from when the worker begins. */
  readonly time: AttemptTime;
  /** Whether the run makes no call after this one, not even a repetition of it. */
  readonly isLast: boolean;
  /** Whether something may have to be torn down in the worker after the attempt is over. */
  readonly tearsDown: boolean;
  /** Whether the function keeps nothing of its result. */
  readonly givesAway: boolean;
  /** Makes the message for a worker that knows the addresses of some numbers; without `moving`, nothing is moved. */
  message(knows: ReadonlySet<number>, moving: boolean): JobMessage;
  /** Makes the value of what came back. */
  result(value: Parcel, buffers: readonly ArrayBuffer[]): unknown;
}

/** One call on its way. */
export class Job {
  readonly #outcome = Promise.withResolvers<unknown>();
  readonly #begin: () => void;
  readonly #onAbort: () => void;
  /** Nobody waits for the call any more. */
  isOver = false;
  /** The worker is free for other calls meanwhile. */
  isWaiting = false;
  /** Fires when a worker does not answer that the attempt is over. */
  graceTimer: ReturnType<typeof setTimeout> | undefined;

  /** `aborted` hears when the attempt is over before the call is. */
  constructor(readonly id: number, readonly spec: JobSpec, aborted: (job: Job) => void) {
    this.#begin = spec.time.hold();
    this.#onAbort = () => {
      this.fail(spec.context.signal.reason);
      aborted(this);
    };
    spec.context.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** What comes of it. */
  get outcome(): Promise<unknown> {
    return this.#outcome.promise;
  }

  /** The function begins now. */
  begin(): void {
    if (!this.isOver) this.#begin();
  }

  /** The call has a value. */
  succeed(value: unknown): void {
    this.#end();
    this.#outcome.resolve(value);
  }

  /** The call has none. */
  fail(error: unknown): void {
    this.#end();
    this.#outcome.reject(error);
  }

  #end(): void {
    this.isOver = true;
    this.spec.context.signal.removeEventListener("abort", this.#onAbort);
  }
}
