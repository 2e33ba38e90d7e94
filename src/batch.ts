/**
 * Batches: the same work over many inputs, a bounded number at a time, with what came of them in the order of the inputs.
 *
 * @module
 */
import { abortable } from "./abortable.ts";
import { ConfigError } from "./errors.ts";

/** What came of one input of a batch: what `Promise.allSettled` tells, and of which run. */
export type BatchResult<I, T> =
  & {
    /** Its place among the inputs, from 0. */
    readonly index: number;
    /** The input. */
    readonly input: I;
    /** Id of the run; missing if none could be started. */
    readonly runId?: string;
  }
  & (
    | { readonly status: "fulfilled"; readonly value: T }
    | { readonly status: "rejected"; readonly reason: unknown }
  );

/** The inputs of a batch. An asynchronous source is only read as far as there is room. */
export type BatchInputs<I> = Iterable<I> | AsyncIterable<I>;

/** Options of a batch. */
export interface BatchOptions {
  /**
   * How many runs are at work at a time.
   *
   * @default {16}
   */
  readonly concurrency?: number;
  /** Ends the batch: no run is started any more, those at work are cancelled, and the batch rejects with the reason. Default: never. */
  readonly signal?: AbortSignal;
}

/** What a run of a batch came to. It never rejects. */
export type BatchWork<I, T> = (input: I, index: number, stop: AbortSignal) => Promise<BatchResult<I, T>>;

/** So many times as many runs as are at work may be done while an earlier one is not, and their results are kept. */
const AHEAD = 4;

/**
 * Works on inputs, and gives what came of them in their order.
 *
 * @param endsEarly Whether runs at work are stopped when nobody wants more results; an aborted `signal` always stops them.
 * @throws {ConfigError} If an option can not be used.
 */
export async function* settleInOrder<I, T>(
  inputs: BatchInputs<I>,
  { concurrency = 16, signal }: BatchOptions,
  work: BatchWork<I, T>,
  endsEarly: boolean,
): AsyncGenerator<BatchResult<I, T>, void, undefined> {
  if (!(Number.isInteger(concurrency) && concurrency >= 1)) {
    throw new ConfigError(
      `Option \`concurrency\` of a batch is ${concurrency}; it must be a whole number of at least 1.`,
    );
  }
  const stop = new AbortController();
  const open: Promise<BatchResult<I, T>>[] = [];
  let changed = Promise.withResolvers<void>();
  let [atWork, isOver] = [0, false];
  const tell = (): void => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const source = iteratorOf(inputs);
  const read = async (): Promise<void> => {
    for (let index = 0; !isOver;) {
      if (atWork >= concurrency || open.length >= AHEAD * concurrency) {
        await changed.promise;
        continue;
      }
      const next = await source.next();
      if (next.done === true || isOver) return;
      atWork++;
      open.push(
        work(next.value, index++, stop.signal).finally(() => {
          atWork--;
          tell();
        }),
      );
      tell();
    }
  };
  let broken: { readonly error: unknown } | undefined;
  try {
    signal?.throwIfAborted();
    let hasRead = false;
    void read().catch((error) => broken = { error }).finally(() => {
      hasRead = true;
      tell();
    });
    for (;;) {
      const first = open[0];
      if (first !== undefined) {
        const result = await abortable(first, signal);
        open.shift();
        tell();
        yield result;
      } else if (hasRead) break;
      else await abortable(changed.promise, signal);
    }
    if (broken !== undefined) throw broken.error;
  } finally {
    isOver = true;
    tell();
    if (signal?.aborted) stop.abort(signal.reason);
    else if (endsEarly) stop.abort();
    if (stop.signal.aborted) await Promise.all(open);
    // A source that is being read hears of it when it has answered.
    void source.return?.()?.catch(() => {});
  }
}

function iteratorOf<I>(inputs: BatchInputs<I>): AsyncIterator<I> {
  // Who does not check types may give anything.
  const given: unknown = inputs;
  if (typeof given === "object" && given !== null) {
    if (Symbol.asyncIterator in inputs) return inputs[Symbol.asyncIterator]();
    if (Symbol.iterator in inputs) return sequence(inputs);
  }
  throw new ConfigError(`The inputs of a batch are ${String(given)}; they must be an iterable or an async iterable.`);
}

async function* sequence<I>(values: Iterable<I>): AsyncGenerator<I> {
  yield* values;
}
