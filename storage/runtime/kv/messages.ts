/**
 * Messages to runs. Whoever sends one to a run that nobody holds makes the run ready in the same commit; and the holder that parks a
 * run does so only if no message came since it looked. So no message is ever overlooked.
 *
 * @module
 */
import type { Claim, ReceivedMessage, RunMessage, StepReport } from "../records.ts";
import { type KvContext, untilUnchanged } from "./context.ts";
import { ENTRY, hasEnded, type Head, releasedHead } from "./head.ts";
import type { Holds } from "./holds.ts";
import type { KvEntry } from "../../kv/kv_like.ts";
import { lastText } from "./keys.ts";
import { formBytes, type StoredForm } from "./stored_form.ts";
import { InDoubtError, Unit } from "../../kv/unit.ts";
import { moveEntry, writeWaiting } from "./waiting.ts";

/** The largest error or payload within a message. */
const INLINE_BYTES = 16_000;

/** A message as it is stored. */
export type MessageForm =
  | { readonly kind: "cancel" }
  | { readonly kind: "signal"; readonly name: string; readonly payload: StoredForm }
  | { readonly kind: "report"; readonly offer: string; readonly report: StepReport; readonly error?: StoredForm }
  | { readonly kind: "child"; readonly place: number }
  | { readonly kind: "lost"; readonly offer: string };

/** What came of a delivery. */
export type Delivery = "sent" | "missing" | "refused";

/** Sends and reads messages. */
export class Messages {
  readonly #context: KvContext;
  readonly #holds: Holds;
  #lastId = "";

  /** Keeps them where the context says. */
  constructor(context: KvContext, holds: Holds) {
    this.#context = context;
    this.#holds = holds;
  }

  /** Tells a run something; whether it exists and has not ended. */
  async send(runId: string, message: RunMessage): Promise<boolean> {
    const form = await this.form(runId, message);
    return await untilUnchanged(`Run ${JSON.stringify(runId)}`, async () => {
      const delivery = await this.deliver(runId, form, new Unit());
      return delivery === "refused" ? undefined : delivery === "sent";
    });
  }

  /** The stored form of a message; what is large in it is written when this resolves. */
  async form(runId: string, message: RunMessage): Promise<MessageForm> {
    const { forms } = this.#context;
    if (message.kind === "signal") {
      return { ...message, payload: await forms.any(runId, message.payload, INLINE_BYTES) };
    }
    if (message.kind === "report" && "error" in message.report.outcome) {
      const { outcome } = message.report;
      const error = await forms.any(runId, { kind: "error", error: outcome.error }, INLINE_BYTES);
      const report = { ...message.report, outcome: { ...outcome, error: { name: "", message: "" } } };
      return { kind: "report", offer: message.offer, report, error };
    }
    return message;
  }

  /**
   * Adds a message to a unit, and commits it. `missing`: there is no such run, or it has ended, and nothing was written. `refused`: a
   * condition did not hold, one of the unit's or that the run is as it was; nothing was written.
   */
  async deliver(runId: string, form: MessageForm, unit: Unit): Promise<Delivery> {
    const { kv, keys, queue } = this.#context;
    const [head, mail] = await kv.getMany<[Head, string]>([keys.head(runId), keys.mail(runId)]);
    if (head.versionstamp === null || head.value.gone === true || hasEnded(head.value)) return "missing";
    const id = this.#newId(mail.value ?? "");
    const added = head.value.o === undefined
      ? this.#wake(runId, head, form, unit)
      : await this.#tellHolder(runId, head.value.o, unit);
    if (!added) return "refused";
    if (form.kind === "signal") {
      // A client that sends the commit again by itself would bring back a signal that was dealt with in between.
      unit.check(mail.key, mail.versionstamp);
      unit.guards.push(`mail ${runId}`);
    }
    unit.set(keys.message(runId, id), form, messageBytes(form));
    unit.set(keys.mail(runId), id, 2 * id.length);
    unit.resend = false;
    let doubt: InDoubtError | undefined;
    try {
      if (await queue.submit(unit) !== undefined) return "sent";
      if (!unit.inDoubt) return "refused";
    } catch (error) {
      if (!(error instanceof InDoubtError)) throw error;
      doubt = error;
    }
    const [message, now] = await kv.getMany<[unknown, string]>([keys.message(runId, id), keys.mail(runId)]);
    if (message.versionstamp !== null || now.value === id) return "sent";
    // Nobody has sent anything since, so this was not sent either. Else it may have been sent and dealt with: nobody knows.
    // Only a signal means something else when it comes twice.
    if (doubt === undefined || now.versionstamp === mail.versionstamp || form.kind !== "signal") return "refused";
    throw doubt.cause;
  }

  /** The messages of a run. */
  async receive(claim: Claim): Promise<readonly ReceivedMessage[]> {
    const { kv, keys } = this.#context;
    const hold = await this.#holds.get(claim);
    // First the mail and then the messages: what comes in between is read now and looked for once more.
    const mail = await kv.get(keys.mail(claim.runId));
    if (mail.versionstamp === null) {
      hold.mail = null;
      return [];
    }
    const messages: Promise<ReceivedMessage>[] = [];
    for await (const entry of kv.list<MessageForm>(keys.below("msg", claim.runId), { batchSize: 200 })) {
      messages.push(this.#read(claim.runId, lastText(entry.key), entry.value));
    }
    const received = await Promise.all(messages);
    hold.mail = mail.versionstamp;
    return received;
  }

  async #read(runId: string, id: string, form: MessageForm): Promise<ReceivedMessage> {
    const { forms } = this.#context;
    if (form.kind === "signal") {
      return { id, message: { kind: "signal", name: form.name, payload: await forms.read(runId, form.payload) } };
    }
    if (form.kind !== "report") return { id, message: form };
    const { kind, offer, report } = form;
    if (form.error === undefined || !("error" in report.outcome)) return { id, message: { kind, offer, report } };
    const value = await forms.read(runId, form.error);
    const error = value.kind === "error" ? value.error : report.outcome.error;
    return { id, message: { kind, offer, report: { ...report, outcome: { ...report.outcome, error } } } };
  }

  /** Nobody holds the run: it becomes ready. Its head is written anew if its entry moves, and conditional in any case. */
  #wake(runId: string, head: KvEntry<Head>, form: MessageForm, unit: Unit): boolean {
    unit.check(head.key, head.versionstamp);
    unit.guards.push(runId);
    // A run that was claimed before is asked for its mail when it is claimed again.
    const isNew = head.value.f === 0n;
    const isMarked = head.value.ml || !isNew;
    if (head.value.y === ENTRY.ready && isMarked) return true;
    const waitsOn = isNew && form.kind === "signal" && head.value.y === ENTRY.timer;
    if (waitsOn && isMarked) return true;
    // A signal does not begin a run before its time.
    const ready = waitsOn ? { ...head.value, ml: true } : { ...releasedHead(head.value, false, undefined), ml: isNew };
    if (waitsOn) writeWaiting(this.#context.keys, unit, runId, ready);
    else moveEntry(this.#context.keys, unit, runId, head.value, ready);
    return true;
  }

  /** A session holds the run: the message is conditional on the session's entry for it, which lives exactly as long as the hold. */
  async #tellHolder(runId: string, session: string, unit: Unit): Promise<boolean> {
    const { kv, keys } = this.#context;
    const own = await kv.get(keys.own(session, runId));
    if (own.versionstamp === null) return false;
    unit.check(own.key, own.versionstamp);
    unit.share(runId);
    unit.ring(keys.bellOf(session));
    return true;
  }

  /** An id after `last`, after every id that was made here, and unlike any that is made elsewhere. */
  #newId(last: string): string {
    const time = `${Math.max(0, Math.floor(this.#context.clock.now())).toString(16).padStart(12, "0")}`;
    const floor = last > this.#lastId ? last : this.#lastId;
    const floorTime = floor.slice(0, 12);
    const later = floorTime >= time;
    const count = later ? parseInt(floor.slice(12, 20), 16) + 1 : 0;
    this.#lastId = `${later ? floorTime : time}${count.toString(16).padStart(8, "0")}`;
    return `${this.#lastId}-${this.#context.mark}`;
  }
}

function messageBytes(form: MessageForm): number {
  if (form.kind === "signal") return 80 + 2 * form.name.length + formBytes(form.payload);
  if (form.kind === "report") return 320 + 2 * form.offer.length + (form.error ? formBytes(form.error) : 0);
  return 80 + (form.kind === "lost" ? 2 * form.offer.length : 0);
}
