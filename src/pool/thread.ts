/**
 * One worker thread, from its start to its real end.
 *
 * @module
 */
import { decodeError } from "./error_message.ts";
import { awaitLock } from "./lock.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

/** How a thread came to its end by itself. */
export type ThreadEnd =
  /** It never came up. */
  | { readonly kind: "refused"; readonly message: string }
  /** An error that nobody caught. */
  | { readonly kind: "crashed"; readonly error: unknown }
  /** It left without a word. */
  | { readonly kind: "gone" };

/** Who is told what happens to a thread. */
export interface ThreadOwner {
  /** The worker says something. */
  received(message: FromWorker): void;
  /** The thread has ended by itself, or is about to; it is still to be stopped. */
  ended(end: ThreadEnd): void;
}

/** How long the end of a thread at work is waited for, in milliseconds. */
const LINGER = 100;

/** One worker thread. */
export class Thread {
  readonly #worker: Worker;
  readonly #name = `fusewire-${crypto.randomUUID()}`;
  readonly #owner: ThreadOwner;
  readonly #noLock = new AbortController();
  #watch: Promise<void> | undefined;
  #hasEnded = false;

  /** Starts a worker. Its first messages may be posted at once. */
  constructor(owner: ThreadOwner) {
    this.#owner = owner;
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: this.#name });
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
    this.#worker.onmessageerror = () =>
      this.#end({ kind: "crashed", error: new TypeError("A message of the worker could not be read.") });
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const { message } = event;
      this.#end(
        this.#watch === undefined ? { kind: "refused", message } : { kind: "crashed", error: new Error(message) },
      );
    };
  }

  /**
   * Says something to the worker.
   *
   * @throws {DataCloneError} If the message can not go to another thread.
   */
  post(message: ToWorker, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, [...transfer]);
  }

  /** Ends the thread. If it is at work, waits a little until it has really ended. */
  async stop(isAtWork: boolean): Promise<void> {
    this.#hasEnded = true;
    this.#worker.terminate();
    if (isAtWork && this.#watch !== undefined) {
      const timer = setTimeout(() => {
        letGo(this.#worker);
        this.#noLock.abort();
      }, LINGER);
      await this.#watch;
      clearTimeout(timer);
    }
    this.#noLock.abort();
    await this.#watch;
  }

  #receive(message: FromWorker): void {
    if (this.#hasEnded) return;
    if (message.type === "crashed") return this.#end({ kind: "crashed", error: decodeError(message.error) });
    if (message.type === "ready") this.#watch = this.#awaitEnd();
    else this.#owner.received(message);
  }

  async #awaitEnd(): Promise<void> {
    if (await awaitLock(this.#name, this.#noLock.signal)) this.#end({ kind: "gone" });
  }

  #end(end: ThreadEnd): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#owner.ended(end);
  }
}

/**
 * Lets the process end although a worker that was terminated is still at work: until its code comes to an end, Deno 2.9 keeps
 * the process (see `bounded_call.ts`). Deno has a way to say that a worker does not count, for its own `node:worker_threads`,
 * under a symbol without a name. If there is none, the process waits for the worker.
 */
function letGo(worker: Worker): void {
  for (const symbol of Object.getOwnPropertySymbols(Worker.prototype)) {
    if (symbol.description !== undefined) continue;
    const count: unknown = Reflect.get(worker, symbol);
    if (typeof count === "function") Reflect.apply(count, worker, [false]);
  }
}
