/**
 * What happens to runs in memory: claims, commits, offers, messages, the end of a worker. Nothing here waits, so that each happens as a
 * whole.
 *
 * @module
 */
import { ConfigError, LeaseLostError } from "../../src/errors.ts";
import type { ClaimRequest, ClaimRunAnswer, RunCommit } from "./engine_storage.ts";
import { MemoryBell } from "./memory_bell.ts";
import { MemoryCatalog } from "./memory_catalog.ts";
import { ReadyRuns } from "./memory_ready.ts";
import { type HeldOffer, type MemoryRun, newRecord } from "./memory_run.ts";
import { MemorySessions } from "./memory_sessions.ts";
import type {
  CachedResult,
  Claim,
  ClaimedRun,
  NewRun,
  NotableEvent,
  RunMessage,
  RunRecord,
  StepClaim,
  StepOffer,
  StepRecord,
  StepReport,
  StoredValue,
} from "./records.ts";

/** What `startRun()` gives. */
export interface StartAnswer {
  /** The run, also if it was known. */
  readonly run: RunRecord;
  /** Whether it is new. */
  readonly created: boolean;
  /** The hold on it, if it was claimed. */
  readonly claimed: ClaimedRun | undefined;
}

/** The runs, and how they pass from hand to hand. */
export class MemoryRuns {
  /** Which runs there are. */
  readonly catalog = new MemoryCatalog();
  /** What waits for a worker. */
  readonly ready = new ReadyRuns();
  /** The workers. */
  readonly sessions = new MemorySessions();
  /** How they hear of something new. */
  readonly bell = new MemoryBell();
  /** Results for the steps of other runs, by key. */
  readonly cached = new Map<string, CachedResult>();
  #messages = 0;
  #offers = 0;

  /** Makes a run, unless its id or key is taken. */
  start(run: NewRun, session: string | undefined): StartAnswer {
    const known = this.catalog.known(run);
    if (known !== undefined) return { run: known.record, created: false, claimed: undefined };
    if (session !== undefined) this.sessions.get(session);
    const made = this.catalog.add(newRecord(run));
    const claimed = session === undefined || made.record.wakeAt !== undefined ? undefined : this.#hold(made, session);
    if (claimed === undefined) this.#wait(made);
    return { run: made.record, created: true, claimed };
  }

  /** Puts a run back as it was. */
  restore(
    record: RunRecord,
    steps: readonly StepRecord[],
    values: ReadonlyMap<number, StoredValue>,
    events: readonly NotableEvent[] = [],
  ): void {
    if (this.catalog.known(record) !== undefined) throw new ConfigError(`The run ${JSON.stringify(record.id)} exists.`);
    const run = this.catalog.add(record);
    for (const [place, step] of steps.entries()) {
      if (step.status !== "PENDING" || step.attempt > 0 || step.losses > 0) run.setStep(place, step, values.get(place));
    }
    run.events.push(...events);
    if (!run.ended) this.#wait(run);
  }

  /** Claims the next runs for a worker. */
  claimNext(request: ClaimRequest): ClaimedRun[] {
    const runs: ClaimedRun[] = [];
    this.sessions.get(request.session);
    while (runs.length < request.limit) {
      const run = this.ready.takeRun(request);
      if (run === undefined) break;
      runs.push(this.#hold(run, request.session));
    }
    return runs;
  }

  /** Claims a certain run. */
  claim(runId: string, session: string): ClaimRunAnswer {
    this.sessions.get(session);
    const run = this.catalog.run(runId);
    if (run === undefined) return { kind: "missing" };
    if (run.ended) return { kind: "finished", run: run.record };
    const holder = run.record.session;
    if (holder !== undefined && holder !== session) return { kind: "held", run: run.record };
    this.ready.remove(run);
    return { kind: "claimed", claimed: this.#hold(run, session) };
  }

  /** The run of a claim that still holds. */
  held(claim: Claim): MemoryRun {
    const run = this.catalog.run(claim.runId);
    if (run !== undefined && run.isHeldBy(claim)) return run;
    const [session, id] = [JSON.stringify(claim.session), JSON.stringify(claim.runId)];
    throw new LeaseLostError(`The session ${session} does not hold run ${id} under fence ${claim.fence} any more.`);
  }

  /** Writes what became of steps, and of the run. */
  commit({ claim, steps, offers, closedOffers, handled, events, cached, then }: RunCommit): void {
    const run = this.held(claim);
    for (const result of cached ?? []) this.cached.set(result.key, result);
    for (const { place, record, value } of steps) run.setStep(place, record, value);
    for (const event of events ?? []) run.events.push({ ...event });
    const dealtWith = new Set(handled);
    if (dealtWith.size > 0) run.messages = run.messages.filter(({ id }) => !dealtWith.has(id));
    for (const id of closedOffers ?? []) this.#closeOffer(run.offers.get(id));
    for (const offer of offers ?? []) this.#offer(run, offer);
    run.reopened = false;
    if (then === undefined) return;
    this.sessions.get(claim.session).runs.delete(run);
    if (then.kind === "released") {
      // What it was told since it last looked would have made it ready, had it been released before.
      const isTold = run.hasUnread;
      run.change({ session: undefined, parked: then.parked && !isTold, wakeAt: isTold ? undefined : then.wakeAt });
      this.#wait(run);
      return;
    }
    for (const offer of [...run.offers.values()]) this.#closeOffer(offer);
    run.messages = [];
    run.change({ session: undefined, status: then.status, endedAt: then.endedAt, failure: then.failure });
    this.catalog.ended(run);
  }

  /** Tells a run something, if it exists and has not ended. */
  send(runId: string, message: RunMessage): boolean {
    const run = this.catalog.run(runId);
    if (run === undefined || run.ended) return false;
    this.#tell(run, message);
    return true;
  }

  /** Opens a run again. @returns Whether it had ended. */
  reopen(runId: string, now: number): boolean {
    const run = this.catalog.run(runId);
    if (run?.ended !== true) return false;
    const other = this.catalog.exclusiveHolder(run.record);
    if (other !== undefined) {
      throw new ConfigError(
        `Run ${JSON.stringify(runId)} can not be opened again while run ${
          JSON.stringify(other.id)
        } of the same workflow ` +
          `has the exclusive key ${JSON.stringify(run.record.exclusive)}.`,
        { workflow: run.record.workflow },
      );
    }
    this.catalog.reopened(run);
    run.reopened = true;
    run.change({ status: "PENDING", reopened: true, reopenedAt: now, endedAt: undefined, failure: undefined });
    this.#wait(run);
    return true;
  }

  /** Claims the next offers for a worker. */
  claimOffers(request: ClaimRequest): StepClaim[] {
    const claims: StepClaim[] = [];
    const { session } = request;
    const { offers } = this.sessions.get(session);
    while (claims.length < request.limit) {
      const held = this.ready.takeOffer(request);
      if (held === undefined) break;
      held.state = "claimed";
      held.session = session;
      offers.add(held);
      const { run, offer } = held;
      claims.push({ run: run.record, session, offer, steps: offer.places.map((place) => run.step(place)) });
    }
    return claims;
  }

  /** Tells the holder of a run what became of a step. */
  report(claim: StepClaim, report: StepReport, value: StoredValue | undefined, done: boolean): void {
    const { session, offer } = claim;
    const held = this.catalog.run(claim.run.id)?.offers.get(offer.id);
    if (held?.state !== "claimed" || held.session !== session || held.offer.fence !== offer.fence) {
      const [whose, id] = [JSON.stringify(session), JSON.stringify(claim.run.id)];
      throw new LeaseLostError(`The session ${whose} does not hold steps of run ${id} as offer ${offer.id} any more.`);
    }
    if (value !== undefined) held.run.values.set(report.place, value);
    if (done) this.#leaveOffer(held);
    this.#tell(held.run, { kind: "report", offer: offer.id, report });
  }

  /** Ids of the runs that a session holds. */
  heldBy(id: string): string[] {
    return [...this.sessions.find(id)?.runs ?? []].map(({ id }) => id);
  }

  /** Ends a session: what it held passes on. */
  end(id: string): void {
    const session = this.sessions.end(id);
    for (const run of session?.runs ?? []) {
      run.change({ session: undefined, reopened: run.reopened });
      this.#wait(run);
    }
    for (const held of session?.offers ?? []) {
      this.#leaveOffer(held);
      this.#tell(held.run, { kind: "lost", offer: held.offer.id });
    }
    this.bell.forget(id);
  }

  /** Ends every session whose lease has passed. */
  reap(now: number): number {
    const expired = this.sessions.expired(now);
    for (const session of expired) this.end(session);
    return expired.length;
  }

  /** Gives a run to a session; it must not wait any more. */
  #hold(run: MemoryRun, session: string): ClaimedRun {
    this.sessions.get(session).runs.add(run);
    return run.claim(session);
  }

  /** Lets a run wait. Also one whose time is to come rings: whoever is idle has to know until when. */
  #wait(run: MemoryRun): void {
    this.ready.add(run);
    if (!run.record.parked || run.record.wakeAt !== undefined) this.bell.ringQueue(run.record.queue);
  }

  /** Keeps a message; a run that nobody holds becomes ready. */
  #tell(run: MemoryRun, message: RunMessage): void {
    run.tell(++this.#messages, message);
    if (run.record.session !== undefined) return this.bell.ringSession(run.record.session);
    if (!run.record.parked && run.record.wakeAt === undefined) return;
    // A signal does not begin a run before its time.
    if (run.record.fence === 0n && message.kind === "signal") return;
    this.ready.remove(run);
    run.change({ parked: false, wakeAt: undefined });
    this.#wait(run);
  }

  #offer(run: MemoryRun, offer: StepOffer): void {
    const held: HeldOffer = { run, offer, order: ++this.#offers, state: "open" };
    run.offers.set(offer.id, held);
    this.ready.addOffer(held);
    this.bell.ringQueue(run.record.queue);
  }

  /** Nobody works on an offer any more, or will. It stays until the holder of the run has dealt with what was reported. */
  #leaveOffer(held: HeldOffer): void {
    if (held.state === "open") this.ready.removeOffer(held);
    if (held.session !== undefined) this.sessions.find(held.session)?.offers.delete(held);
    held.state = "over";
  }

  #closeOffer(held: HeldOffer | undefined): void {
    if (held === undefined) return;
    this.#leaveOffer(held);
    held.run.offers.delete(held.offer.id);
  }
}
