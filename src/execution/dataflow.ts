/**
 * Dataflow: which nodes of a program may run now. A data structure without time: it is told
 * what ended, and answers what is ready.
 *
 * @module
 */
import type { Adjacency } from "../graph.ts";
import { type Needs, noLongerNeeded } from "../handled.ts";
import { End, type JoinEdges, type Standing, type Tally, tallyOf } from "../join.ts";
import { KeptValues } from "./kept_values.ts";
import { PlaceQueue } from "./place_queue.ts";
import type { Program } from "../program.ts";

/** How a node takes part in a run: not at all, once its parents have ended, or without waiting because its value is stored. */
enum Mode {
  Idle,
  AfterParents,
  AtOnce,
}

/** Who hears of what follows. */
export interface DataflowHooks {
  /** Hears of each node that becomes ready. */
  readonly onReady?: ((place: number) => void) | undefined;
  /** Hears of each value that is let go. */
  readonly onRelease?: ((value: unknown) => void) | undefined;
  /** Hears of each node that ends because of those that it waits for. */
  readonly onBlocked: (place: number, end: "CANCELLED" | "SKIPPED") => void;
}

/** The progress of one run through a program. */
export class Dataflow {
  /** How many nodes that take part have not ended. */
  open = 0;
  readonly #program: Program;
  readonly #parents: Adjacency;
  readonly #children: Adjacency;
  readonly #mode: Uint8Array;
  /** How each node has ended, as an {@linkcode End}. */
  readonly #ended: Uint8Array;
  /** How many parents that take part have not ended. */
  readonly #waiting: Int32Array;
  /** 1 where a parent was skipped; there is none before one was. */
  #belowSkipped: Uint8Array | undefined;
  readonly #kept: KeptValues;
  readonly #ready = new PlaceQueue();
  /** What control nodes have heard, and those that are ready; there are none in most graphs. */
  readonly #tallies: Map<number, Tally> | undefined;
  readonly #controls = new PlaceQueue();
  readonly #hooks: DataflowHooks;

  /** Starts where all nodes before `from` have ended with the given values. */
  constructor(program: Program, from: number, values: unknown[], hooks: DataflowHooks) {
    this.#program = program;
    this.#hooks = hooks;
    const { size } = program.graph;
    this.#parents = program.graph.parents();
    this.#children = program.graph.children();
    this.#mode = new Uint8Array(size).fill(Mode.AfterParents, 0, from);
    this.#ended = new Uint8Array(size).fill(End.Value, 0, from);
    this.#waiting = new Int32Array(size);
    this.#kept = new KeptValues(program, values, hooks.onRelease);
    this.#tallies = program.graph.joins() === undefined ? undefined : new Map();
  }

  /** Values by place, as long as somebody will read them. */
  get values(): unknown[] {
    return this.#kept.values;
  }

  /** Lets a node take part; its parents come first. With `atOnce` it does not wait for them. */
  activate(place: number, atOnce = false): void {
    this.#mode[place] = atOnce ? Mode.AtOnce : Mode.AfterParents;
    this.#ended[place] = End.Open;
    this.open++;
    this.#kept.expectReads(place, 1);
    this.#await(place);
  }

  /** Whether a node takes part. */
  isActive(place: number): boolean {
    return this.#mode[place] !== Mode.Idle;
  }

  /** Whether a node has ended. */
  hasEnded(place: number): boolean {
    return this.#ended[place] !== End.Open;
  }

  /** How a node has ended. One that takes no part has none that asks. */
  readonly endOf = (place: number): End => this.#ended[place]!;

  /** The node whose value the control node at `place` takes, if it takes the first; −1 if there is none. */
  winnerOf(place: number): number {
    return this.#tallies?.get(place)?.winner ?? -1;
  }

  /** Whether nobody will read the value of the node at `of` after the node at `place` has ended. */
  readsLast(place: number, of: number): boolean {
    return this.#kept.readsLast(place, of);
  }

  /** The ready node that comes first in topological order, or −1. */
  take(): number {
    let place = this.#ready.pop();
    // Of those that were ready, some may not be needed any more.
    if (this.#tallies !== undefined) {
      while (place >= 0 && this.#ended[place] !== End.Open) {
        place = this.#ready.pop();
      }
    }
    return place;
  }

  /** The ready control node that comes first, or −1. It makes no call, and so waits for no slot. */
  takeControl(): number {
    if (this.#tallies === undefined) return -1;
    let place = this.#controls.pop();
    while (place >= 0 && this.#ended[place] !== End.Open) place = this.#controls.pop();
    return place;
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
        if (this.#ended[read] === End.Value && !this.#kept.isRead(read)) need(read);
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
    this.#kept.set(place, value);
    this.#end(place, End.Value);
    if (this.#tallies !== undefined || this.#belowSkipped !== undefined) return this.#tell(place);
    const { start, list } = this.#children;
    for (let at = start[place]!; at < start[place + 1]!; at++) {
      const child = list[at]!;
      if (this.#waits(child) && this.#waiting[child]! > 0 && --this.#waiting[child]! === 0) this.#makeReady(child);
    }
  }

  /** The node has no value. What can not run without it ends too, and so on downwards. */
  block(place: number, end: End.Failed | End.Skipped): void {
    this.#end(place, end);
    this.#tell(place);
  }

  /** The control node at `satisfied` has a value: ends what nothing needs any more, and gives it. */
  dropUnneeded(needs: Needs, satisfied: number): number[] {
    const isOpen = (place: number): boolean => this.isActive(place) && !this.hasEnded(place);
    const dropped = noLongerNeeded(needs, satisfied, isOpen);
    for (const place of dropped) this.#end(place, End.Failed);
    return dropped;
  }

  /** Those that wait for a node hear how it has ended, and those that end because of that are told of to theirs. */
  #tell(from: number): void {
    const { start, list } = this.#children;
    const open = [from];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      for (let at = start[place]!; at < start[place + 1]!; at++) {
        const child = list[at]!;
        if (this.#waits(child) && this.#follow(child, this.#hear(child, place, this.#ended[place]!))) open.push(child);
      }
    }
  }

  #hear(child: number, parent: number, end: End): Standing {
    const tally = this.#tallies?.get(child);
    if (tally !== undefined) {
      if (tally.isReleased) return "waits";
      tally.hear(parent, end);
      return tally.standing;
    }
    if (end === End.Failed) return "cancelled";
    if (end === End.Skipped) (this.#belowSkipped ??= new Uint8Array(this.#ended.length))[child] = 1;
    if (this.#waiting[child] === 0 || --this.#waiting[child]! > 0) return "waits";
    return this.#belowSkipped?.[child] === 1 ? "skipped" : "ready";
  }

  /** Does what a node's standing asks for. Gives whether that ended it. */
  #follow(place: number, standing: Standing): boolean {
    switch (standing) {
      case "waits":
        return false;
      case "ready":
        this.#makeReady(place);
        return false;
      case "cancelled":
      case "skipped":
        this.#end(place, standing === "skipped" ? End.Skipped : End.Failed);
        this.#hooks.onBlocked(place, standing === "skipped" ? "SKIPPED" : "CANCELLED");
        return true;
    }
  }

  #waits(place: number): boolean {
    return this.#mode[place] === Mode.AfterParents && this.#ended[place] === End.Open;
  }

  #await(place: number): void {
    if (this.#mode[place] === Mode.AtOnce) return this.#makeReady(place);
    const { start, list } = this.#parents;
    const edges = this.#tallies === undefined ? undefined : this.#program.graph.joins()?.get(place);
    if (edges !== undefined) return this.#awaitAsControl(place, edges);
    let waiting = 0;
    let standing: Standing = "ready";
    for (let at = start[place]!; at < start[place + 1]!; at++) {
      const parent = list[at]!;
      if (!this.isActive(parent)) continue;
      const end = this.#ended[parent];
      if (end === End.Open) waiting++;
      else if (end === End.Failed) standing = "cancelled";
      else if (end === End.Skipped) {
        (this.#belowSkipped ??= new Uint8Array(this.#ended.length))[place] = 1;
        if (standing === "ready") standing = "skipped";
      }
    }
    this.#waiting[place] = waiting;
    if (standing !== "cancelled" && waiting > 0) return;
    if (this.#follow(place, standing)) this.#tell(place);
  }

  #awaitAsControl(place: number, edges: JoinEdges): void {
    const { start, list } = this.#parents;
    const parents = list.subarray(start[place], start[place + 1]).filter((parent) => this.isActive(parent));
    const before = this.winnerOf(place);
    if (before >= 0) parents.sort((a, b) => Number(b === before) - Number(a === before));
    const tally = tallyOf(edges, parents, this.endOf);
    this.#tallies?.set(place, tally);
    if (this.#follow(place, tally.standing)) this.#tell(place);
  }

  /** Nodes that did not count this parent when they began to wait have to, because it will end while they do. */
  #awaitAgain(parent: number): void {
    const { start, list } = this.#children;
    for (let at = start[parent]!; at < start[parent + 1]!; at++) {
      const child = list[at]!;
      if (!this.#waits(child)) continue;
      const tally = this.#tallies?.get(child);
      if (tally === undefined) { if (this.#waiting[child]! > 0) this.#waiting[child]!++; }
      else if (!tally.isReleased) this.#awaitAsControl(child, tally.edges!);
    }
  }

  #makeReady(place: number): void {
    this.#hooks.onReady?.(place);
    const tally = this.#tallies?.get(place);
    if (tally === undefined) return this.#ready.push(place);
    tally.isReleased = true;
    this.#controls.push(place);
  }

  #end(place: number, end: End): void {
    this.#ended[place] = end;
    this.open--;
    this.#kept.expectReads(place, -1);
  }
}
