/**
 * Bells: keys that change whenever there may be something new; and who has nothing to do until then.
 *
 * @module
 */
import type { KvContext } from "./context.ts";
import { FileStamp } from "./file_stamp.ts";
import { lastText } from "./keys.ts";
import type { KvKey, KvLike } from "../../kv/kv_like.ts";
import { Unit } from "../../kv/unit.ts";

/** How many keys `getMany` and `watch` take. */
const KEYS_AT_ONCE = 10;

/** What a session was answered last, and whether that may not be true any more. */
interface Answer {
  readonly stamp: FileStamp;
  text: string;
}

/** Of so many sessions the last answer is kept. */
const MOST_ANSWERS = 64;

/** Asks bells, watches them, and keeps who is idle. */
export class Bells {
  readonly #answers = new Map<string, Answer>();

  /** Keeps them where the context says. `file` is the path of the KV, if it is a file. */
  constructor(
    private readonly context: KvContext,
    private readonly source: KvLike,
    private readonly file: string | undefined,
  ) {}

  /** A text that changes whenever one of the bells was rung. */
  async ask(session: string, queues: readonly string[]): Promise<string> {
    if (this.file === undefined) return await this.#ask(session, queues);
    const answer = this.#answers.get(session) ?? { stamp: new FileStamp(this.file), text: "" };
    if (answer.stamp.mayHaveChanged()) answer.text = await this.#ask(session, queues);
    this.#answers.set(session, answer);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > MOST_ANSWERS && oldest !== undefined) this.#answers.delete(oldest);
    return answer.text;
  }

  async #ask(session: string, queues: readonly string[]): Promise<string> {
    const groups = this.#groups(session, queues);
    const entries = await Promise.all(groups.map((keys) => this.context.kv.getMany<unknown[]>(keys)));
    return entries.flat().map((entry) => entry.versionstamp ?? "").join(" ");
  }

  /** Says once for every time that a bell was rung, and at first, that it was; several times may be told as one. */
  async *watch(session: string, queues: readonly string[], signal: AbortSignal): AsyncGenerator<void> {
    const readers = this.#groups(session, queues).map((keys) => this.source.watch<unknown[]>(keys).getReader());
    let rung = Promise.withResolvers<void>();
    let failed: { readonly error: unknown } | undefined;
    const listen = async (reader: (typeof readers)[number]) => {
      try {
        while (!(await reader.read()).done) rung.resolve();
      } catch (error) {
        failed = { error };
      }
      rung.resolve();
    };
    const stop = () => {
      for (const reader of readers) reader.cancel().catch(() => {});
      rung.resolve();
    };
    signal.addEventListener("abort", stop, { once: true });
    try {
      const listening = readers.map(listen);
      while (!signal.aborted) {
        await rung.promise;
        rung = Promise.withResolvers();
        if (failed !== undefined && !signal.aborted) throw failed.error;
        if (!signal.aborted) yield;
      }
      await Promise.all(listening);
    } finally {
      signal.removeEventListener("abort", stop);
      stop();
    }
  }

  /** Says until when a worker has nothing to do. */
  async setIdle(session: string, queues: readonly string[], until: number): Promise<void> {
    const { keys, queue } = this.context;
    const unit = new Unit();
    for (const name of queues) unit.set(keys.idle(name, session), { until }, 24);
    await queue.submit(unit);
  }

  /** Whether another worker of this queue has nothing to do. */
  async hasIdle(queue: string, besides: string, now: number): Promise<boolean> {
    const { kv, keys } = this.context;
    for await (const entry of kv.list<{ readonly until: number }>(keys.below("idle", queue), { batchSize: 20 })) {
      if (lastText(entry.key) !== besides && entry.value.until > now) return true;
    }
    return false;
  }

  #groups(session: string, queues: readonly string[]): KvKey[][] {
    const { keys } = this.context;
    const bells = [keys.bellOf(session), ...queues.map((queue) => keys.bell(queue))];
    const groups: KvKey[][] = [];
    for (let at = 0; at < bells.length; at += KEYS_AT_ONCE) groups.push(bells.slice(at, at + KEYS_AT_ONCE));
    return groups;
  }
}
