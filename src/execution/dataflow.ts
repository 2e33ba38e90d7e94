/**
 * Dataflow: which nodes of a program may run now, and which values are still needed. A data structure without time: it is told
 * what ended, and answers what is ready.
 *
 * @module
 */
import type { Adjacency } from "../graph.ts";
import { PlaceQueue } from "./place_queue.ts";
import type { Program } from "../program.ts";

/** How a node takes part in a run: not at all, once its parents have ended, or without waiting because its value is stored. */
enum Mode {
  Idle,
  AfterParents,
  AtOnce,
}

/** The progress of one run through a program. */
export class Dataflow {
  /** Values by place, as long as somebody will read them. */
  readonly values: unknown[];
  /** How many nodes that take part have not ended. */
  open = 0;
  readonly #program: Program;
  readonly #parents: Adjacency;
  readonly #children: Adjacency;
  readonly #mode: Uint8Array;
  /** 1 where the node has ended, however it did. */
  readonly #ended: Uint8Array;
  /** How many parents that take part have not ended. */
  readonly #waiting: Int32Array;
  /** How many reads of the value are still to come. */
  readonly #readers: Int32Array;
  readonly #ready = new PlaceQueue();
  readonly #onReady: ((place: number) => void) | undefined;
  readonly #onRelease: ((value: unknown) => void) | undefined;

  /**
   * Starts where all nodes before `from` have ended with the given values. `onReady` hears of each node that becomes ready,
   * `onRelease` of each value that is let go.
   */
  constructor(
    program: Program,
    from: number,
    values: unknown[],
    onReady?: (place: number) => void,
    onRelease?: (value: unknown) => void,
  ) {
    this.#program = program;
    this.values = values;
    this.#onReady = onReady;
    this.#onRelease = onRelease;
    const { size } = program.graph;
    this.#parents = program.graph.parents();
    this.#children = program.graph.children();
    this.#mode = new Uint8Array(size).fill(Mode.AfterParents, 0, from);
    this.#ended = new Uint8Array(size).fill(1, 0, from);
    this.#waiting = new Int32Array(size);
    this.#readers = new Int32Array(size);
    for (const { place } of program.targets) this.#readers[place]!++;
  }

  /** Lets a node take part; its parents come first. With `atOnce` it does not wait for them. */
  activate(place: number, atOnce = false): void {
    this.#mode[place] = atOnce ? Mode.AtOnce : Mode.AfterParents;
    this.#ended[place] = 0;
    this.open++;
    this.#countReads(place, 1);
    this.#await(place);
  }

  /** Whether a node takes part. */
  isActive(place: number): boolean {
    return this.#mode[place] !== Mode.Idle;
  }

  /** Whether a node has ended. */
  hasEnded(place: number): boolean {
    return this.#ended[place] === 1;
  }

  /** Whether nobody will read the value of the node at `of` after the node at `place` has ended. */
  readsLast(place: number, of: number): boolean {
    let own = 0;
    this.#program.forEachRead(place, (read) => {
      if (read === of) own++;
    });
    return this.#readers[of] === own;
  }

  /** The ready node that comes first in topological order, or −1. */
  take(): number {
    return this.#ready.pop();
  }

  /** Puts a node back among the ready ones, after it was held up. */
  putBack(place: number): void {
    this.#ready.push(place);
  }

  /**
   * A node that was started at once has to be computed after all. Parents that do not take part yet, or whose values are gone,
   * are activated, and so on upwards; those for which `isStored` holds need nothing above them.
   */
  demand(place: number, isStored: (place: number) => boolean): void {
    const missing = new Set<number>();
    const open = [place];
    for (let of = open.pop(); of !== undefined; of = open.pop()) {
      const need = (parent: number): void => {
        if (missing.has(parent)) return;
        missing.add(parent);
        if (!isStored(parent)) open.push(parent);
      };
      const { start, list } = this.#parents;
      for (let at = start[of]!; at < start[of + 1]!; at++) if (!this.isActive(list[at]!)) need(list[at]!);
      this.#program.forEachRead(of, (read) => {
        if (this.#ended[read] === 1 && this.#readers[read] === 0) need(read);
      });
    }
    for (const parent of [...missing].sort((a, b) => a - b)) {
      this.activate(parent, isStored(parent));
      this.#awaitAgain(parent);
    }
    this.#mode[place] = Mode.AfterParents;
    this.#await(place);
  }

  /** The node has a value, and what waited only for it becomes ready. */
  succeed(place: number, value: unknown): void {
    if (this.#readers[place]! > 0) this.values[place] = value;
    this.#end(place);
    const { start, list } = this.#children;
    for (let at = start[place]!; at < start[place + 1]!; at++) {
      const child = list[at]!;
      if (this.#waits(child) && this.#waiting[child]! > 0 && --this.#waiting[child]! === 0) this.#makeReady(child);
    }
  }

  /** The node has no value. Everything that waits for it, directly or not, ends too; `visit` hears of each. */
  block(place: number, visit: (place: number) => void): void {
    this.#end(place);
    const { start, list } = this.#children;
    const open = [place];
    for (let from = open.pop(); from !== undefined; from = open.pop()) {
      for (let at = start[from]!; at < start[from + 1]!; at++) {
        const child = list[at]!;
        if (!this.#waits(child)) continue;
        this.#end(child);
        visit(child);
        open.push(child);
      }
    }
  }

  #waits(place: number): boolean {
    return this.#mode[place] === Mode.AfterParents && this.#ended[place] === 0;
  }

  #await(place: number): void {
    let waiting = 0;
    if (this.#mode[place] === Mode.AfterParents) {
      const { start, list } = this.#parents;
      for (let at = start[place]!; at < start[place + 1]!; at++) {
        const parent = list[at]!;
        if (this.isActive(parent) && this.#ended[parent] === 0) waiting++;
      }
    }
    this.#waiting[place] = waiting;
    if (waiting === 0) this.#makeReady(place);
  }

  /** Nodes that did not count this parent when they began to wait have to, because it will end while they do. */
  #awaitAgain(parent: number): void {
    const { start, list } = this.#children;
    for (let at = start[parent]!; at < start[parent + 1]!; at++) {
      const child = list[at]!;
      if (this.#waits(child) && this.#waiting[child]! > 0) this.#waiting[child]!++;
    }
  }

  #makeReady(place: number): void {
    this.#onReady?.(place);
    this.#ready.push(place);
  }

  #end(place: number): void {
    this.#ended[place] = 1;
    this.open--;
    this.#countReads(place, -1);
  }

  /** The reads of a node are expected (+1), or done (−1); a value that nobody will read any more is let go. */
  #countReads(place: number, change: 1 | -1): void {
    const { simple, slotStart, slots, conditions } = this.#program;
    if (simple[place] === 0 || conditions.size > 0) {
      this.#program.forEachRead(place, (of) => this.#countRead(of, change));
      return;
    }
    for (let at = slotStart[place]!, end = slotStart[place + 1]!; at < end; at++) {
      const slot = slots[at]!;
      if (slot >= 0) this.#countRead(slot, change);
    }
  }

  #countRead(of: number, change: 1 | -1): void {
    if ((this.#readers[of]! += change) !== 0) return;
    const value = this.values[of];
    this.values[of] = undefined;
    this.#onRelease?.(value);
  }
}
