/**
 * What a task sees in a worker: progress and log go to the scheduling thread, everything else is there.
 *
 * @module
 */
import { AttemptContext } from "../attempt.ts";
import type { TaskLog } from "../context.ts";
import type { RunLifetime } from "../run_lifetime.ts";
import type { LogLevel } from "../warning.ts";
import type { ContextData, FromWorker } from "./messages.ts";
import { pack, type Parcel } from "./parcel.ts";

/** The context of one call. */
export class WorkerContext extends AttemptContext {
  readonly #id: number;
  readonly #idempotencyKey: string;
  readonly #post: (message: FromWorker) => void;

  /** `post` sends messages of the call with number `id`. */
  constructor(
    id: number,
    data: ContextData,
    signal: AbortSignal,
    lifetime: () => RunLifetime,
    post: (message: FromWorker) => void,
  ) {
    super(data, () => signal, lifetime, {
      fence: data.fence,
      seed: data.seed,
      onProgress: (fraction, message) => post({ type: "progress", id, fraction, message }),
    });
    this.#id = id;
    this.#idempotencyKey = data.idempotencyKey;
    this.#post = post;
  }

  override get idempotencyKey(): string {
    return this.#idempotencyKey;
  }

  override get log(): TaskLog {
    const write = (level: LogLevel) => (message: string, properties?: Record<string, unknown>): void =>
      this.#post({ type: "log", id: this.#id, level, message, properties: packProperties(properties) });
    return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  }
}

/** What a message says beside its text; what can not go to another thread goes as text. */
function packProperties(properties: Record<string, unknown> | undefined): Parcel | undefined {
  if (properties === undefined) return undefined;
  const kept = Object.entries(properties).map(([key, value]) => {
    try {
      pack(value, key, () => false);
      return [key, value];
    } catch {
      return [key, String(value)];
    }
  });
  return pack(Object.fromEntries(kept), "the log", () => false).parcel;
}
