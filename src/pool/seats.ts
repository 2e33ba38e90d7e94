/**
 * The workers of a pool, and which of them takes what.
 *
 * @module
 */
import { Seat, type SeatOwner } from "./seat.ts";

/** Some workers, no more than allowed. */
export class Seats implements Iterable<Seat> {
  readonly #owner: SeatOwner;
  readonly #most: number;
  readonly #seats = new Set<Seat>();

  /** Starts no worker yet. */
  constructor(most: number, owner: SeatOwner) {
    this.#most = most;
    this.#owner = owner;
  }

  [Symbol.iterator](): Iterator<Seat> {
    return this.#seats.values();
  }

  /** A worker for a call that any may make: one without calls, a new one, or one whose calls wait. */
  forCall(): Seat | undefined {
    let best: Seat | undefined;
    for (const seat of this.#seats) {
      if (seat.isFree && (best === undefined || seat.jobs.size < best.jobs.size)) best = seat;
    }
    return best?.jobs.size === 0 ? best : this.#another() ?? best;
  }

  /** A worker for objects: one that has nothing to do, a new one, or the one with the fewest groups. */
  forGroup(): Seat {
    let best: Seat | undefined;
    for (const seat of this.#seats) {
      if (!seat.isClosing && (best === undefined || load(seat) < load(best))) best = seat;
    }
    if (best !== undefined && load(best) === 0) return best;
    return this.#another() ?? best ?? this.#add();
  }

  /** Takes a worker away. */
  remove(seat: Seat): void {
    this.#seats.delete(seat);
  }

  /** Takes all workers away. */
  removeAll(): Seat[] {
    const all = [...this.#seats];
    this.#seats.clear();
    return all;
  }

  #another(): Seat | undefined {
    let open = 0;
    for (const { isClosing } of this.#seats) if (!isClosing) open++;
    return open < this.#most ? this.#add() : undefined;
  }

  #add(): Seat {
    const seat = new Seat(this.#owner);
    this.#seats.add(seat);
    return seat;
  }
}

/** How much a worker has to do; objects weigh more than calls, which pass. */
function load({ groups, jobs }: Seat): number {
  return groups * 1000 + jobs.size;
}
