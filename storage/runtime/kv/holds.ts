/**
 * What this process knows of the runs that its sessions hold, so that a commit reads nothing: the head as it is in the store, and
 * the pages of steps.
 *
 * @module
 */
import { LeaseLostError } from "../../../src/errors.ts";
import type { Claim } from "../records.ts";
import type { KvContext } from "./context.ts";
import { type Head, isSmall } from "./head.ts";
import { readOffers } from "./offer_entries.ts";
import type { RunReader } from "./run_reader.ts";
import type { Unit } from "../../kv/unit.ts";
import type { StepPage } from "./step_page.ts";

/** One run that is held. */
export class Hold {
  /** The head as this holder last wrote it. */
  head: Head;
  /** The versionstamp of the head; a commit holds only while it is the same. */
  versionstamp: string;
  /** Pages of the steps, of a run whose head does not have them. */
  pages: Map<number, StepPage> | undefined;
  /** Ids of offers that are not closed. */
  offers: Set<string> | undefined = undefined;
  /** The versionstamp of the run's mail when its messages were last read; `undefined` if this holder never read them. */
  mail: string | null | undefined = undefined;
  /** How many entries of events this holder wrote. */
  events = 0;
  /** Whether the hold is given up, lost or in doubt. */
  over = false;
  #isCommitting = false;
  #waiting: (() => void)[] | undefined;

  /** Held under this claim since `versionstamp`. */
  constructor(readonly claim: Claim, head: Head, versionstamp: string, pages: Map<number, StepPage> | undefined) {
    this.head = head;
    this.versionstamp = versionstamp;
    this.pages = pages;
  }

  /** Commits of one run go one after another, so that each knows the head that it changes. Resolves, if at all, when it is one's turn. */
  begin(): Promise<void> | undefined {
    if (this.#isCommitting) return new Promise((resolve) => (this.#waiting ??= []).push(resolve));
    this.#isCommitting = true;
    return undefined;
  }

  /** A commit is over, be it as it may. */
  finish(): void {
    const next = this.#waiting?.shift();
    if (next === undefined) this.#isCommitting = false;
    else next();
  }
}

/** The runs that sessions of this process hold. */
export class Holds {
  readonly #holds = new Map<string, Hold>();
  readonly #context: KvContext;
  readonly #reader: RunReader;

  /** Reads what is not known of a claim. */
  constructor(context: KvContext, reader: RunReader) {
    this.#context = context;
    this.#reader = reader;
  }

  /** Keeps a new hold, in place of an earlier one of the same run. */
  add(hold: Hold): void {
    const before = this.#holds.get(hold.claim.runId);
    if (before !== undefined) before.over = true;
    this.#holds.set(hold.claim.runId, hold);
  }

  /**
   * Has a unit be written only while a claim holds, whoever made it.
   *
   * @throws {LeaseLostError} If it does not.
   */
  async bind(unit: Unit, claim: Claim): Promise<void> {
    const { kv, keys } = this.#context;
    const { runId, session } = claim;
    const [head, own] = await kv.getMany<[Head, unknown]>([keys.head(runId), keys.own(session, runId)]);
    if (head.versionstamp === null || own.versionstamp === null || !isHeld(head.value, claim)) throw leaseLost(claim);
    // The session's entry for the run lives exactly as long as the hold.
    unit.check(own.key, own.versionstamp);
    unit.share(runId);
  }

  /** Whether the run is held under this fence. */
  has(runId: string, fence: bigint): boolean {
    return this.#holds.get(runId)?.claim.fence === fence;
  }

  /** The hold of a claim, if this process knows of it. */
  known(claim: Claim): Hold | undefined {
    const hold = this.#holds.get(claim.runId);
    return hold !== undefined && hold.claim.fence === claim.fence && hold.claim.session === claim.session
      ? hold
      : undefined;
  }

  /**
   * The hold of a claim, also if this process knows nothing of it, or not any more.
   *
   * @throws {LeaseLostError} If the session does not hold the run any more.
   */
  async get(claim: Claim): Promise<Hold> {
    const known = this.known(claim);
    if (known !== undefined) return known;
    const { kv, keys } = this.#context;
    const entry = await this.#reader.head(claim.runId);
    if (entry === undefined || !isHeld(entry.value, claim)) throw leaseLost(claim);
    const head = entry.value;
    const hold = new Hold(claim, head, entry.versionstamp, undefined);
    if (!isSmall(head)) hold.pages = await this.#reader.pages(claim.runId);
    const offers = await readOffers(kv, keys, claim.runId, head);
    if (offers.length > 0) hold.offers = new Set(offers.map(({ id }) => id));
    hold.events = await this.#reader.nextEvent(claim.runId, claim.fence);
    // Another call may have done the same meanwhile: there is one hold of a claim.
    return this.known(claim) ?? this.#added(hold);
  }

  #added(hold: Hold): Hold {
    this.add(hold);
    return hold;
  }

  /** Forgets a hold that is given up, lost or in doubt; who still waits for its turn looks at the store. */
  drop(hold: Hold): void {
    hold.over = true;
    if (this.#holds.get(hold.claim.runId) === hold) this.#holds.delete(hold.claim.runId);
  }
}

/** Whether the head says that the run is held under this claim. */
export function isHeld(head: Head, claim: Claim): boolean {
  return head.o === claim.session && head.f === claim.fence;
}

/** The error of a write under a claim that is not good any more. */
export function leaseLost(claim: Claim): LeaseLostError {
  return new LeaseLostError(
    `The run ${JSON.stringify(claim.runId)} is not held by session ${JSON.stringify(claim.session)} under fence ` +
      `${claim.fence} any more; nothing was written.`,
  );
}
