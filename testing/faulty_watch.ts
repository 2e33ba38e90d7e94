/** A stream of `watch` that can be ended from outside. */
export interface Watching {
  /** Ends it: it closes, or hangs if its handle is dead. */
  stop(): void;
}

/**
 * A stream of what `source` brings, each piece through `push`, and without those for which it fails. It is in `watching` until
 * it has ended.
 */
export function faultyWatch<T>(
  source: ReadableStream<T>,
  push: (piece: T) => Promise<T>,
  watching: Set<Watching>,
  dead: () => boolean,
): ReadableStream<T> {
  const reader = source.getReader();
  const stop = (): void => {
    watching.delete(self);
    // The reason does not matter: nobody reads there any more.
    reader.cancel().catch(() => {});
  };
  const self: Watching = { stop };
  watching.add(self);
  return new ReadableStream({
    async pull(controller) {
      for (;;) {
        const next = await reader.read();
        if (dead()) return await new Promise(() => {});
        if (next.done) {
          watching.delete(self);
          controller.close();
          return;
        }
        let piece: T;
        try {
          piece = await push(next.value);
        } catch {
          continue;
        }
        controller.enqueue(piece);
        return;
      }
    },
    cancel: stop,
  });
}
