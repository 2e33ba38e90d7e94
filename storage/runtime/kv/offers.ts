/**
 * Steps that the holder of a run lets other workers run. An offer lies in a queue; who claims it turns it into a loan, and reports
 * to the holder by messages, each in the commit that writes the value.
 *
 * @module
 */
import { LeaseLostError } from "../../../src/errors.ts";
import type { ClaimRequest } from "../engine_storage.ts";
import type { StepClaim, StepReport, StoredValue } from "../records.ts";
import { linesOf } from "./claims.ts";
import { type KvContext, untilUnchanged } from "./context.ts";
import { hasEnded } from "./head.ts";
import { lastText } from "./keys.ts";
import type { KvEntry, KvEntryMaybe } from "../../kv/kv_like.ts";
import type { Messages } from "./messages.ts";
import { lentBytes, type LentEntry, type OfferEntry, offerGuard } from "./offer_entries.ts";
import type { RunReader } from "./run_reader.ts";
import { sessionGuard, type Sessions } from "./sessions.ts";
import { decodeSteps } from "./step_page.ts";
import { formBytes } from "./stored_form.ts";
import { Unit } from "../../kv/unit.ts";

/** How often `claimSteps` looks again after others were faster with all that it found. */
const PASSES = 4;

/** Claims offered steps, and reports what became of them. */
export class Offers {
  /** Loans that sessions of this process have, by guard. */
  readonly #held = new Set<string>();
  /** Offers that this process is about to claim, by guard. */
  readonly #trying = new Set<string>();

  /** Claims where the context says. */
  constructor(
    private readonly context: KvContext,
    private readonly reader: RunReader,
    private readonly sessions: Sessions,
    private readonly messages: Messages,
  ) {}

  /** Claims steps that holders of runs offer to others. */
  async claimSteps(request: ClaimRequest): Promise<readonly StepClaim[]> {
    await this.sessions.check(request.session);
    let claims: StepClaim[] = [];
    for (let pass = 0; pass < PASSES && claims.length < request.limit; pass++) {
      const found = await this.#open(request, request.limit - claims.length);
      const answers = await Promise.all(found.map((entry) => this.#claim(entry, request.session)));
      const claimed = answers.filter((answer) => answer !== undefined);
      claims = [...claims, ...claimed];
      if (claimed.length === found.length) break;
      await this.sessions.recheck(request.session);
    }
    return claims;
  }

  /** Tells the holder of a run what became of one step, and writes its value. */
  async report(claim: StepClaim, report: StepReport, value: StoredValue | undefined, done: boolean): Promise<void> {
    const { kv, keys, forms } = this.context;
    const { id: runId } = claim.run;
    const form = await this.messages.form(runId, { kind: "report", offer: claim.offer.id, report });
    const stored = value && await forms.any(runId, value);
    await untilUnchanged(`Run ${JSON.stringify(runId)}`, async () => {
      const lent = await kv.get<LentEntry>(keys.lent(runId, claim.offer.id));
      const { session, offer } = claim;
      if (lent.value?.session !== session || lent.value.fence !== offer.fence || lent.value.over === true) {
        return await this.#lost(claim, lent);
      }
      const unit = new Unit();
      unit.check(lent.key, lent.versionstamp);
      unit.guards.push(offerGuard(runId, claim.offer.id));
      if (stored !== undefined) unit.set(keys.value(runId, report.place), stored, formBytes(stored));
      if (done) {
        unit.set(lent.key, { ...lent.value, over: true }, lentBytes(lent.value));
        unit.delete(keys.own(claim.session, runId, claim.offer.id));
      }
      const delivery = await this.messages.deliver(runId, form, unit);
      if (delivery === "missing") return await this.#lost(claim, lent);
      if (delivery === "sent" && done) this.#held.delete(offerGuard(runId, claim.offer.id));
      return delivery === "sent" ? true : undefined;
    });
  }

  /** The claim is lost: nothing is left of it. */
  async #lost({ run, session, offer }: StepClaim, lent: KvEntryMaybe<LentEntry>): Promise<never> {
    const unit = new Unit();
    // Unless the session holds the same steps anew.
    if (lent.value?.session !== session || lent.value.over === true) {
      this.#held.delete(offerGuard(run.id, offer.id));
      unit.check(lent.key, lent.versionstamp);
      unit.guards.push(offerGuard(run.id, offer.id));
      unit.delete(this.context.keys.own(session, run.id, offer.id));
    }
    if (unit.keys.length > 0) await this.context.queue.submit(unit);
    throw new LeaseLostError(
      `The steps of offer ${JSON.stringify(offer.id)} of run ${JSON.stringify(run.id)} are not held by session ` +
        `${JSON.stringify(session)} any more; nothing was written.`,
    );
  }

  async #open(request: ClaimRequest, limit: number): Promise<KvEntry<OfferEntry>[]> {
    const { kv, keys } = this.context;
    const lines = linesOf(request);
    const found = await Promise.all(lines.map(async (line) => {
      const selector = keys.line("offer", line);
      return await Array.fromAsync(kv.list<OfferEntry>(selector, { limit, batchSize: Math.min(limit, 100) }));
    }));
    const open = found.flat();
    if (lines.length > 1) open.sort((a, b) => negatedPriority(a) - negatedPriority(b));
    return open.slice(0, limit);
  }

  /** Claims an offer, unless this process is trying to already: the refusal of one of two tries would look like a lost reply. */
  async #claim(offer: KvEntry<OfferEntry>, session: string): Promise<StepClaim | undefined> {
    const id = lastText(offer.key);
    const runId = lastText(offer.key.slice(0, -1));
    const guard = offerGuard(runId, id);
    if (this.#trying.has(guard)) return undefined;
    this.#trying.add(guard);
    try {
      return await this.#tryClaim(offer, session, runId, id);
    } finally {
      this.#trying.delete(guard);
    }
  }

  async #tryClaim(
    offer: KvEntry<OfferEntry>,
    session: string,
    runId: string,
    id: string,
  ): Promise<StepClaim | undefined> {
    const { keys, queue } = this.context;
    const head = await this.reader.head(runId);
    if (head === undefined || hasEnded(head.value)) return undefined;
    const { places, fence, steps } = offer.value;
    const guard = offerGuard(runId, id);
    const check = await this.sessions.check(session);
    const lent: LentEntry = { session, places, fence, steps };
    const unit = new Unit();
    unit.check(offer.key, offer.versionstamp);
    unit.checks.push(check);
    unit.share(sessionGuard(session));
    unit.share(runId);
    unit.guards.push(guard);
    unit.delete(offer.key);
    unit.set(keys.lent(runId, id), lent, lentBytes(lent));
    unit.set(keys.own(session, runId, id), 0, 8);
    if (await queue.submit(unit) === undefined) {
      // A reply was lost, and the steps are lent to this session: our own claim.
      if (!unit.inDoubt || this.#held.has(guard) || !await this.#isLentTo(runId, id, session)) return undefined;
    }
    this.#held.add(guard);
    const run = await this.reader.record(runId, head.value);
    return { run, session, offer: { id, places, fence }, steps: decodeSteps(steps, head.value.c) };
  }

  async #isLentTo(runId: string, id: string, session: string): Promise<boolean> {
    const entry = await this.context.kv.get<LentEntry>(this.context.keys.lent(runId, id));
    return entry.value?.session === session && entry.value.over !== true;
  }
}

function negatedPriority(entry: KvEntry<OfferEntry>): number {
  const part = entry.key[entry.key.length - 3];
  return typeof part === "number" ? part : 0;
}
