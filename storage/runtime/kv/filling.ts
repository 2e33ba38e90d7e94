/**
 * Writing the parts of a run that does not exist yet: each commit is conditional on the head that reserves the id, so that whoever takes
 * the id away ends the writing too.
 *
 * @module
 */
import { ConflictError } from "../../../src/errors.ts";
import type { KvCheck, KvKey } from "../../kv/kv_like.ts";
import { Unit } from "../../kv/unit.ts";
import type { KvContext } from "./context.ts";
import { type Head, headBytes } from "./head.ts";

/** A commit has at most so much of it: what is large is no quicker. */
const MOST_KEYS = 400;
const MOST_BYTES = 500_000;
const MOST_KEY_BYTES = 60_000;
/** How many commits are on their way before the next value is asked for. */
const COMMITS_AT_ONCE = 8;
/** How often, in milliseconds, the writer says that it lives. */
const RENEW_EVERY = 3_000;

/** The parts of one run while they are written. */
export class Filling {
  readonly #context: KvContext;
  /** The head that reserves the id. */
  head: Head;
  /** The condition of all that is written; one object, so that it counts once a commit. */
  check: KvCheck;
  #unit: Unit | undefined;
  #onTheirWay: Promise<unknown>[] = [];

  /** Writes under an id that is reserved by `head`, as of `versionstamp`. */
  constructor(context: KvContext, readonly runId: string, head: Head, versionstamp: string) {
    this.#context = context;
    this.head = head;
    this.check = { key: context.keys.head(runId), versionstamp };
  }

  /** Adds an entry of about so many bytes. */
  async set(key: KvKey, value: unknown, bytes: number): Promise<void> {
    const unit = this.#unit ??= this.#newUnit();
    unit.set(key, value, bytes);
    if (unit.keys.length >= MOST_KEYS || unit.bytes >= MOST_BYTES || unit.keyBytes >= MOST_KEY_BYTES) {
      this.#submit();
      if (this.#onTheirWay.length >= COMMITS_AT_ONCE) await this.settle();
    }
  }

  /**
   * Resolves when all is written that was added.
   *
   * @throws {ConflictError} If the id was taken away.
   */
  async settle(): Promise<void> {
    this.#submit();
    const written = await Promise.all(this.#onTheirWay);
    this.#onTheirWay = [];
    if (written.includes(undefined)) throw idTaken(this.runId);
    await this.renew();
  }

  /** Says that the writer lives, if it has not done so for a while. Nothing may be on its way. */
  async renew(): Promise<void> {
    const now = this.#context.clock.now();
    if (now - (this.head.a ?? 0) >= RENEW_EVERY) await this.replace({ ...this.head, a: now });
  }

  /**
   * Puts another reserving head in place of this one.
   *
   * @throws {ConflictError} If the id was taken away.
   */
  async replace(head: Head): Promise<void> {
    const unit = new Unit();
    unit.guards.push(this.runId);
    unit.checks.push(this.check);
    unit.set(this.check.key, head, headBytes(head));
    let versionstamp = await this.#context.queue.submit(unit);
    if (versionstamp === undefined) {
      const found = await this.#context.kv.get<Head>(this.check.key);
      const isOurs = found.versionstamp !== null && found.value.m === head.m && found.value.a === head.a &&
        found.value.making === head.making;
      // The reply was lost.
      if (isOurs) versionstamp = found.versionstamp;
    }
    if (versionstamp === undefined) throw idTaken(this.runId);
    this.head = head;
    this.check = { key: this.check.key, versionstamp };
  }

  #submit(): void {
    if (this.#unit === undefined) return;
    const writing = this.#context.queue.submit(this.#unit);
    // It is waited for later.
    writing.catch(() => {});
    this.#onTheirWay.push(writing);
    this.#unit = undefined;
  }

  #newUnit(): Unit {
    const unit = new Unit();
    unit.checks.push(this.check);
    unit.share(this.runId);
    return unit;
  }
}

/** Nothing came of a run, because another process has its id. */
export function idTaken(runId: string): ConflictError {
  return new ConflictError(
    `Run ${JSON.stringify(runId)} was made or removed by another process while this one was making it. Try again.`,
  );
}
