/**
 * Where the objects of runs live.
 *
 * @module
 */
import type { Seat } from "./seat.ts";

/** What one run has in workers. */
interface RunObjects {
  /** The worker of each group of objects. */
  readonly seats: Map<number, Seat>;
  /** Keys of the objects that live. */
  readonly keys: Set<number>;
}

/** Keys are unique in this thread, so that an object of one pool is never taken for one of another. */
let nextKey = 0;

/** A key for an object that is about to be made. */
export function newKey(): number {
  return nextKey++;
}

/** The objects of all runs of a pool. */
export class LiveObjects {
  readonly #runs = new Map<string, RunObjects>();
  readonly #homes = new Map<number, Seat>();

  /** How many runs there are. */
  get runs(): number {
    return this.#runs.size;
  }

  /** A run begins. */
  openRun(runId: string): void {
    this.#runs.set(runId, { seats: new Map(), keys: new Set() });
  }

  /** A run is over, and its objects are let go. */
  closeRun(runId: string): void {
    const run = this.#runs.get(runId);
    this.#runs.delete(runId);
    for (const key of run?.keys ?? []) this.#letGo(key);
    for (const seat of run?.seats.values() ?? []) seat.groups--;
  }

  /** The worker of a group; `choose` is asked where it has none yet. */
  seatOf(runId: string, group: number, choose: () => Seat): Seat {
    const seats = this.#runs.get(runId)?.seats;
    let seat = seats?.get(group);
    if (seat === undefined) {
      seat = choose();
      seat.groups++;
      seats?.set(group, seat);
    }
    return seat;
  }

  /** An object has been made. */
  made(runId: string, key: number, seat: Seat): void {
    this.#homes.set(key, seat);
    this.#runs.get(runId)?.keys.add(key);
  }

  /** Whether an object lives in a worker. */
  isIn(key: number, seat: Seat): boolean {
    return this.#homes.get(key) === seat;
  }

  /** Whether an object lives in any worker. */
  isAlive(key: number): boolean {
    return this.#homes.has(key);
  }

  /** Nobody needs an object any more. */
  release(key: number): void {
    for (const { keys } of this.#runs.values()) if (keys.delete(key)) this.#letGo(key);
  }

  /** A worker is no more, nor are its objects. */
  lose(seat: Seat): void {
    for (const [key, home] of this.#homes) if (home === seat) this.#homes.delete(key);
    for (const { seats } of this.#runs.values()) {
      for (const [group, home] of seats) if (home === seat) seats.delete(group);
    }
  }

  #letGo(key: number): void {
    const seat = this.#homes.get(key);
    this.#homes.delete(key);
    seat?.thread.post({ type: "release", keys: [key] });
  }
}
