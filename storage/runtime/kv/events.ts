/**
 * What a commit tells beside the steps, as it is stored: the events of a commit in a few entries, large errors in pieces.
 *
 * @module
 */
import type { ErrorRecord } from "../../../src/errors.ts";
import type { NotableEvent } from "../records.ts";
import { formBytes, type StoredForm, type StoredForms } from "./stored_form.ts";

/** The most bytes of an error within an entry. */
const ERROR_BYTES = 8_000;
/** The most bytes of an entry. */
const ENTRY_BYTES = 40_000;

/** An event as it is stored. */
export interface EventForm {
  /** The event without its error. */
  readonly e: NotableEvent;
  /** Its error. */
  readonly x?: StoredForm;
}

/** Some events that go in one entry. */
export interface EventEntry {
  /** The events. */
  readonly events: readonly EventForm[];
  /** About how many bytes they take. */
  readonly bytes: number;
}

/** The entries for events; what is large in them is written when this resolves. */
export async function eventEntries(
  forms: StoredForms,
  runId: string,
  events: readonly NotableEvent[],
): Promise<EventEntry[]> {
  const entries: { events: EventForm[]; bytes: number }[] = [];
  for (const event of events) {
    const form = await formOf(forms, runId, event);
    const bytes = 160 + lengthOf(event) + (form.x ? formBytes(form.x) : 0);
    const last = entries[entries.length - 1];
    if (last !== undefined && last.bytes + bytes <= ENTRY_BYTES) {
      last.events.push(form);
      last.bytes += bytes;
    } else {
      entries.push({ events: [form], bytes });
    }
  }
  return entries;
}

/** The event that was stored. */
export async function eventOf(forms: StoredForms, runId: string, form: EventForm): Promise<NotableEvent> {
  if (form.x === undefined) return form.e;
  const value = await forms.read(runId, form.x);
  const error: ErrorRecord = value.kind === "error" ? value.error : { name: "Error", message: "" };
  return form.e.event === "attempt_failed" ? { ...form.e, error } : form.e;
}

/** About how many bytes an event has that others do not. */
function lengthOf(event: NotableEvent): number {
  if (event.event === "warning") return 2 * event.message.length;
  return event.event === "kept" ? 32 * event.places.length : 0;
}

async function formOf(forms: StoredForms, runId: string, event: NotableEvent): Promise<EventForm> {
  if (event.event === "warning" && event.message.length > ENTRY_BYTES / 4) {
    return { e: { ...event, message: `${event.message.slice(0, ENTRY_BYTES / 4)}…` } };
  }
  if (event.event !== "attempt_failed") return { e: event };
  const x = await forms.any(runId, { kind: "error", error: event.error }, ERROR_BYTES);
  return { e: { ...event, error: { name: "", message: "" } }, x };
}
