/**
 * Commits of runs. One that fits is one unit: it happens at once. A larger one is written in parts, in the order of its steps, each
 * conditional on the hold; the last part has the messages that were dealt with and what becomes of the run. That is safe since
 * causes come before what follows from them: who takes the run over after a crash in between finds steps that are done, and computes
 * what follows from them again, as it would have done had they been committed one by one.
 *
 * @module
 */
import type { RunCommit } from "../engine_storage.ts";
import { writeCached } from "./cached.ts";
import { CommitWriter } from "./commit_writer.ts";
import type { KvContext } from "./context.ts";
import { eventEntries } from "./events.ts";
import { headBytes, MAX_FAILURE_BYTES, releasedHead, waitingRun } from "./head.ts";
import type { Hold, Holds } from "./holds.ts";
import { lastText } from "./keys.ts";
import { offerEntry } from "./offer_entries.ts";
import type { RunReader } from "./run_reader.ts";
import { statusCode } from "./step_page.ts";
import { formBytes } from "./stored_form.ts";
import { writeWaiting } from "./waiting.ts";

type Ended = Extract<NonNullable<RunCommit["then"]>, { kind: "ended" }>;
type Released = Extract<NonNullable<RunCommit["then"]>, { kind: "released" }>;

/** Commits runs. */
export class Commits {
  /** Writes where the context says. */
  constructor(
    private readonly context: KvContext,
    private readonly reader: RunReader,
    private readonly holds: Holds,
  ) {}

  /** Writes what became of steps, and of the run. */
  async commit(commit: RunCommit): Promise<void> {
    while (true) {
      const hold = this.holds.known(commit.claim) ?? await this.holds.get(commit.claim);
      const turn = hold.begin();
      if (turn !== undefined) await turn;
      try {
        if (!hold.over) return await this.#commit(hold, commit);
      } finally {
        hold.finish();
      }
    }
  }

  async #commit(hold: Hold, commit: RunCommit): Promise<void> {
    const { forms } = this.context;
    const writer = new CommitWriter(this.context, this.reader, this.holds, hold);
    for (const { place, record, value } of commit.steps) {
      const form = value && (forms.small(value) ?? await forms.any(hold.claim.runId, value));
      if (writer.isFull(form === undefined ? 0 : formBytes(form))) await writer.flush();
      writer.step(place, record, form);
    }
    if (commit.events !== undefined && commit.events.length > 0) await this.#addEvents(hold, commit.events, writer);
    if (commit.cached !== undefined) await writeCached(this.context, commit.cached, writer);
    if (hold.offers !== undefined || commit.closedOffers !== undefined) await this.#closeOffers(hold, commit, writer);
    // What is offered in the commit that ends the run is over with it.
    const mayOffer = commit.offers !== undefined && commit.offers.length > 0 && commit.then?.kind !== "ended";
    if (mayOffer) await this.#addOffers(hold, commit.offers, writer);
    for (const id of commit.handled ?? []) {
      if (writer.isFull(0)) await writer.flush();
      writer.unit.delete(this.context.keys.message(hold.claim.runId, id));
    }
    if (commit.then?.kind === "ended") await this.#end(hold, writer, commit.then);
    else if (commit.then?.kind === "released") await this.#release(hold, writer, commit.then, commit.handled ?? []);
    else await writer.flush();
  }

  async #addEvents(hold: Hold, events: NonNullable<RunCommit["events"]>, writer: CommitWriter): Promise<void> {
    const { runId, fence } = hold.claim;
    for (const entry of await eventEntries(this.context.forms, runId, events)) {
      if (writer.isFull(entry.bytes)) await writer.flush();
      writer.unit.set(this.context.keys.event(runId, fence, hold.events++), entry.events, entry.bytes);
    }
  }

  async #addOffers(hold: Hold, offers: NonNullable<RunCommit["offers"]>, writer: CommitWriter): Promise<void> {
    const { keys } = this.context;
    for (const offer of offers) {
      const [key, value, bytes] = offerEntry(keys, hold.claim.runId, hold.head, offer, (place) => writer.record(place));
      if (writer.isFull(bytes)) await writer.flush();
      writer.unit.set(key, value, bytes);
      writer.unit.ring(keys.bell(hold.head.q));
      writer.offered(offer.id);
    }
  }

  async #closeOffers(hold: Hold, commit: RunCommit, writer: CommitWriter): Promise<void> {
    const { keys } = this.context;
    const closed = new Set(commit.closedOffers);
    if (commit.then?.kind === "ended") { for (const id of hold.offers ?? []) closed.add(id); }
    for (const id of closed) {
      if (writer.isFull(0)) await writer.flush();
      writer.unit.delete(keys.offer(waitingRun(hold.head), hold.claim.runId, id));
      writer.unit.delete(keys.lent(hold.claim.runId, id));
      // The holder may have taken the steps back by a claim of its own.
      writer.unit.delete(keys.own(hold.claim.session, hold.claim.runId, id));
      writer.closed(id);
    }
  }

  async #end(hold: Hold, writer: CommitWriter, then: Ended): Promise<void> {
    const { keys, forms } = this.context;
    const { runId, session } = hold.claim;
    const failure = then.failure && {
      p: then.failure.place,
      e: await forms.any(runId, { kind: "error", error: then.failure.error }, MAX_FAILURE_BYTES),
    };
    await writer.flush((unit, head) => {
      head.u = statusCode(then.status);
      head.e = then.endedAt;
      head.x = failure;
      head.o = undefined;
      unit.set(keys.head(runId), head, headBytes(head));
      unit.delete(keys.own(session, runId));
      if (head.j !== undefined) unit.delete(keys.exclusive(head.w, head.j));
      unit.set(keys.done(then.endedAt, runId), 0, 8);
      return head;
    });
    this.holds.drop(hold);
  }

  async #release(hold: Hold, writer: CommitWriter, then: Released, handled: readonly string[]): Promise<void> {
    const { keys } = this.context;
    const { runId, session } = hold.claim;
    const release = (parked: boolean, wakeAt: number | undefined, mail?: string | null) =>
      writer.flush((unit, head) => {
        const released = releasedHead(head, parked, wakeAt);
        if (mail !== undefined) unit.check(keys.mail(runId), mail);
        writeWaiting(keys, unit, runId, released);
        unit.delete(keys.own(session, runId));
        return released;
      });
    const waits = then.parked || then.wakeAt !== undefined;
    const mail = waits ? await this.#readMail(hold, handled) : undefined;
    // A message that nobody has read, or one that comes while we write: the run does not wait, it is ready.
    const waiting = mail !== undefined && await release(then.parked, then.wakeAt, mail);
    if (!waiting) await release(false, undefined);
    this.holds.drop(hold);
  }

  /** The versionstamp of the run's mail up to which all was read; `undefined` if some was not. */
  async #readMail(hold: Hold, handled: readonly string[]): Promise<string | null | undefined> {
    if (hold.mail !== undefined) return hold.mail;
    const { kv, keys } = this.context;
    const { runId } = hold.claim;
    const mail = await kv.get(keys.mail(runId));
    if (mail.versionstamp === null) return null;
    const known = new Set(handled);
    for await (const entry of kv.list(keys.below("msg", runId), { limit: known.size + 1 })) {
      if (!known.has(lastText(entry.key))) return undefined;
    }
    return mail.versionstamp;
  }
}
