/**
 * Offers and loans of steps, as they are stored.
 *
 * @module
 */
import { ConfigError } from "../../../src/errors.ts";
import type { StepOffer, StepRecord } from "../records.ts";
import { type Head, waitingRun } from "./head.ts";
import { type KvKeys, lastText } from "./keys.ts";
import type { KvKey } from "../../kv/kv_like.ts";
import type { PatientReads } from "../../kv/patient_reads.ts";
import { encodeSteps, type StepPage } from "./step_page.ts";

/** The most steps of one offer: what surely fits one value of the store. */
const MOST_PLACES = 1000;
/** An open offer as it is stored. */
export interface OfferEntry {
  /** The places of the steps. */
  readonly places: readonly number[];
  /** The fence of the steps. */
  readonly fence: bigint;
  /** The records of the steps when they were offered. */
  readonly steps: StepPage;
}

/** Offered steps that a worker has claimed, as they are stored. */
export interface LentEntry extends OfferEntry {
  /** Who holds them. */
  readonly session: string;
  /** Nobody works on them any more, but the run's holder has not dealt with what was reported. */
  readonly over?: true;
}

/** The entry of an offer, with its key and about how many bytes it takes. */
export function offerEntry(
  keys: KvKeys,
  runId: string,
  head: Head,
  offer: StepOffer,
  record: (place: number) => StepRecord,
): [key: KvKey, entry: OfferEntry, bytes: number] {
  const { id, places, fence } = offer;
  if (places.length > MOST_PLACES) {
    throw new ConfigError(
      `An offer has at most ${MOST_PLACES} steps; offer ${JSON.stringify(id)} has ${places.length}.`,
    );
  }
  const steps = encodeSteps(places.map(record), head.c);
  return [keys.offer(waitingRun(head), runId, id), { places, fence, steps }, 80 + 10 * places.length + steps.length];
}

/** About how many bytes the entry of claimed steps takes. */
export function lentBytes(lent: LentEntry): number {
  return 140 + 2 * lent.session.length + 10 * lent.places.length + lent.steps.length;
}

/** The guard of all that relies on, or changes, an offer. */
export function offerGuard(runId: string, id: string): string {
  return `offer ${runId.length} ${runId} ${id}`;
}

/** The offers of a run that its holder has not closed, open or lent. */
export async function readOffers(kv: PatientReads, keys: KvKeys, runId: string, head: Head): Promise<StepOffer[]> {
  if (!head.b) return [];
  const offers = new Map<string, StepOffer>();
  // Open ones first: one that is claimed in between is found among the lent.
  for (const selector of [keys.offersOf(waitingRun(head), runId), keys.below("lent", runId)]) {
    for await (const entry of kv.list<OfferEntry>(selector)) {
      const id = lastText(entry.key);
      const { places, fence } = entry.value;
      offers.set(id, { id, places, fence });
    }
  }
  return [...offers.values()];
}
