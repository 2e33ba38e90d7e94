/**
 * What waits for a worker, in memory: runs that are ready, runs whose time is to come, steps that are offered.
 *
 * @module
 */
import type { ClaimRequest } from "./engine_storage.ts";
import { Heap } from "./memory_order.ts";
import { definitionKey, type HeldOffer, type MemoryRun } from "./memory_run.ts";
import type { RunRecord } from "./records.ts";

/** What waits in one queue and is of one definition. */
interface Bucket {
  readonly ready: Heap<MemoryRun>;
  readonly timed: Heap<MemoryRun>;
  readonly offers: Heap<HeldOffer>;
}

/** Higher priority first, then what was due earlier, also if it has been at work since: what was begun is brought to its end. */
function byPriority(a: MemoryRun, b: MemoryRun): number {
  return b.record.priority - a.record.priority || a.record.dueAt - b.record.dueAt || a.number - b.number;
}

function byTime(a: MemoryRun, b: MemoryRun): number {
  return (a.record.wakeAt ?? 0) - (b.record.wakeAt ?? 0) || a.number - b.number;
}

function byRunPriority(a: HeldOffer, b: HeldOffer): number {
  return b.run.record.priority - a.run.record.priority || a.order - b.order;
}

/** All that waits, by queue and definition; each step of it costs the logarithm of how much waits. */
export class ReadyRuns {
  readonly #buckets = new Map<string, Map<string, Bucket>>();
  /** Lets a run that nobody holds wait: for a worker, for its `wakeAt`, or for a message only. */
  add(run: MemoryRun): void {
    const { wakeAt, parked } = run.record;
    if (wakeAt !== undefined) this.#bucket(run.record).timed.add(run);
    else if (!parked) this.#bucket(run.record).ready.add(run);
  }

  /** The run does not wait any more; to be called before its record changes. */
  remove(run: MemoryRun): void {
    const bucket = this.#buckets.get(run.record.queue)?.get(definitionKey(run.record));
    if (bucket === undefined) return;
    if (!bucket.ready.delete(run)) bucket.timed.delete(run);
    this.#letGo(run.record, bucket);
  }

  /** Offers steps. */
  addOffer(offer: HeldOffer): void {
    this.#bucket(offer.run.record).offers.add(offer);
  }

  /** The steps are not offered any more. */
  removeOffer(offer: HeldOffer): void {
    const bucket = this.#buckets.get(offer.run.record.queue)?.get(definitionKey(offer.run.record));
    if (bucket === undefined) return;
    bucket.offers.delete(offer);
    this.#letGo(offer.run.record, bucket);
  }

  /** Takes the next run that a worker may have. */
  takeRun(request: ClaimRequest): MemoryRun | undefined {
    let best: MemoryRun | undefined;
    for (const { ready, timed } of this.#matching(request)) {
      for (let due = timed.first; due !== undefined && (due.record.wakeAt ?? 0) <= request.now; due = timed.first) {
        timed.delete(due);
        ready.add(due);
      }
      if (ready.first !== undefined && (best === undefined || byPriority(ready.first, best) < 0)) best = ready.first;
    }
    if (best !== undefined) this.remove(best);
    return best;
  }

  /** Takes the next offer that a worker may have. */
  takeOffer(request: ClaimRequest): HeldOffer | undefined {
    let best: HeldOffer | undefined;
    for (const { offers: { first } } of this.#matching(request)) {
      if (first !== undefined && (best === undefined || byRunPriority(first, best) < 0)) best = first;
    }
    if (best !== undefined) this.removeOffer(best);
    return best;
  }

  /** When the next run that a worker may have is due, if it is not yet. */
  nextDue(request: ClaimRequest): number | undefined {
    let next = Infinity;
    for (const { timed } of this.#matching(request)) next = Math.min(next, timed.first?.record.wakeAt ?? Infinity);
    return next === Infinity ? undefined : next;
  }

  #matching({ queues, definitions }: ClaimRequest): Bucket[] {
    const found = new Set<Bucket>();
    for (const queue of queues) {
      const ofQueue = this.#buckets.get(queue);
      if (ofQueue === undefined) continue;
      for (const definition of definitions) {
        const bucket = ofQueue.get(definitionKey(definition));
        if (bucket !== undefined) found.add(bucket);
      }
    }
    return [...found];
  }

  #bucket(run: RunRecord): Bucket {
    let ofQueue = this.#buckets.get(run.queue);
    if (ofQueue === undefined) this.#buckets.set(run.queue, ofQueue = new Map());
    const key = definitionKey(run);
    let bucket = ofQueue.get(key);
    if (bucket === undefined) {
      bucket = { ready: new Heap(byPriority), timed: new Heap(byTime), offers: new Heap(byRunPriority) };
      ofQueue.set(key, bucket);
    }
    return bucket;
  }

  /** Every graph without a version has a definition of its own, so that empty buckets would pile up. */
  #letGo(run: RunRecord, { ready, timed, offers }: Bucket): void {
    if (ready.size + timed.size + offers.size > 0) return;
    const ofQueue = this.#buckets.get(run.queue);
    ofQueue?.delete(definitionKey(run));
    if (ofQueue?.size === 0) this.#buckets.delete(run.queue);
  }
}
