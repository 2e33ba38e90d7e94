/**
 * Reads of many callers in few calls: on a file a call costs 70 µs and each key in it 19.
 *
 * @module
 */
import type { KvEntryMaybe, KvKey } from "../../kv/kv_like.ts";
import type { PatientReads } from "../../kv/patient_reads.ts";

/** How many keys one call takes. */
const KEYS_AT_ONCE = 10;

interface Request {
  readonly keys: readonly KvKey[];
  readonly settle: (entries: KvEntryMaybe<unknown>[]) => void;
  readonly fail: (error: unknown) => void;
}

/** Gathers what is asked for in one go, and reads it. */
export class GatheredReads {
  readonly #reads: PatientReads;
  #waiting: Request[] = [];

  /** Reads by `reads`. */
  constructor(reads: PatientReads) {
    this.#reads = reads;
  }

  /** What is at each of at most ten keys, at one moment. */
  read(keys: readonly KvKey[]): Promise<KvEntryMaybe<unknown>[]> {
    return new Promise((settle, fail) => {
      if (this.#waiting.push({ keys, settle, fail }) === 1) queueMicrotask(() => this.#send());
    });
  }

  #send(): void {
    let group: Request[] = [];
    let count = 0;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const request of waiting) {
      if (count + request.keys.length > KEYS_AT_ONCE) {
        this.#readGroup(group);
        group = [];
        count = 0;
      }
      group.push(request);
      count += request.keys.length;
    }
    this.#readGroup(group);
  }

  /** Never rejects: who asked hears of it. */
  async #readGroup(group: readonly Request[]): Promise<void> {
    try {
      const entries = await this.#reads.getMany<unknown[]>(group.flatMap(({ keys }) => keys));
      let at = 0;
      for (const { keys, settle } of group) settle(entries.slice(at, at += keys.length));
    } catch (error) {
      for (const { fail } of group) fail(error);
    }
  }
}
