/**
 * How workers in this process hear that there may be something new.
 *
 * @module
 */

/** Somebody who listens. */
interface Watcher {
  readonly session: string;
  readonly queues: ReadonlySet<string>;
  readonly wake: () => void;
}

/** A bell for each queue and each session. */
export class MemoryBell {
  #rings = 0;
  readonly #queues = new Map<string, number>();
  readonly #sessions = new Map<string, number>();
  readonly #watchers = new Set<Watcher>();

  /** There may be something new in a queue. */
  ringQueue(queue: string): void {
    this.#queues.set(queue, ++this.#rings);
    for (const watcher of this.#watchers) if (watcher.queues.has(queue)) watcher.wake();
  }

  /** There may be a message to a run of a session. */
  ringSession(session: string): void {
    this.#sessions.set(session, ++this.#rings);
    for (const watcher of this.#watchers) if (watcher.session === session) watcher.wake();
  }

  /** The session is over. */
  forget(session: string): void {
    this.#sessions.delete(session);
  }

  /** The number of the latest ring that concerns a worker. */
  text(session: string, queues: readonly string[]): string {
    const rings = queues.map((queue) => this.#queues.get(queue) ?? 0);
    return String(Math.max(0, this.#sessions.get(session) ?? 0, ...rings));
  }

  /** Gives something for each ring from now on that concerns a worker; one for several that nobody waited for. */
  watch(session: string, queues: readonly string[], signal: AbortSignal): AsyncIterable<void> {
    let rung = false;
    let waiting: (() => void) | undefined;
    const wake = (): void => {
      rung = true;
      waiting?.();
    };
    const watcher: Watcher = { session, queues: new Set(queues), wake };
    const watchers = this.#watchers;
    const stop = (): void => {
      watchers.delete(watcher);
      waiting?.();
    };
    watchers.add(watcher);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    return (async function* () {
      try {
        while (true) {
          if (!rung && !signal.aborted) await new Promise<void>((resolve) => waiting = resolve);
          if (signal.aborted) return;
          rung = false;
          yield;
        }
      } finally {
        signal.removeEventListener("abort", stop);
        watchers.delete(watcher);
      }
    })();
  }
}
