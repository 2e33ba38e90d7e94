/**
 * Joins: when a step may run, and what becomes of one that may not, by how those that it waits for have ended. Every backend follows
 * these rules, and docs/status.md tells them as a table.
 *
 * - An edge is strict, unless it brings a value to a control node. Most steps have only strict edges: all parents have to succeed.
 * - A step below a parent that failed or was cancelled is cancelled, at once.
 * - A step below a parent that was skipped is skipped, when it is known that it will not be cancelled. So what becomes of a step never
 *   depends on which of its parents ended first.
 *
 * @module
 */
import type { Status } from "./status.ts";

/**
 * How a control node takes the values of its parents: `settled` waits until each has ended, however; `any` takes the first that succeeds.
 */
export type Join = "settled" | "any";

/** The edges of a control node. A parent may stand in both sets. */
export interface JoinEdges {
  /** How it takes values. */
  readonly join: Join;
  /** Whether it has a value whatever becomes of those that bring it one. */
  readonly absorbs: boolean;
  /** Those that bring it values. */
  readonly data: ReadonlySet<number>;
  /** Those that have to succeed. */
  readonly strict: ReadonlySet<number>;
}

/** The edges of all control nodes of a graph, by place. */
export type Joins = ReadonlyMap<number, JoinEdges>;

/** How a step has ended, as far as those care that wait for it. One that was cancelled counts as failed. */
export enum End {
  Open,
  Value,
  Failed,
  Skipped,
}

/** How a step in a state looks to those that wait for it. */
export function endOf(status: Status): End {
  switch (status) {
    case "PENDING":
    case "RUNNING":
      return End.Open;
    case "SUCCEEDED":
      return End.Value;
    case "FAILED":
    case "CANCELLED":
      return End.Failed;
    case "SKIPPED":
      return End.Skipped;
  }
}

/** What a step may do: wait, run, or end without a value. */
export type Standing = "waits" | "ready" | "cancelled" | "skipped";

/** What a step has heard of its parents. */
export class Tally {
  /** The parent whose value it takes, if it takes the first; −1 as long as there is none. */
  winner = -1;
  /** Whether it was told that it may run. */
  isReleased = false;
  #openStrict = 0;
  #openData = 0;
  #hasFailed = false;
  #wasSkipped = false;
  #dataHasFailed = false;

  /** Without `edges` every edge is strict. */
  constructor(readonly edges?: JoinEdges) {}

  /** A parent has not ended. */
  expect(parent: number): void {
    if (this.#isStrict(parent)) this.#openStrict++;
    if (this.#isData(parent)) this.#openData++;
  }

  /** A parent that was expected has ended. */
  hear(parent: number, end: End): void {
    if (this.#isStrict(parent)) {
      this.#openStrict--;
      if (end === End.Failed) this.#hasFailed = true;
      if (end === End.Skipped) this.#wasSkipped = true;
    }
    if (this.#isData(parent)) {
      this.#openData--;
      if (end === End.Failed) this.#dataHasFailed = true;
      if (end === End.Value && this.winner < 0) this.winner = parent;
    }
  }

  /** What follows from what was heard. */
  get standing(): Standing {
    if (this.#hasFailed) return "cancelled";
    const takesFirst = this.edges?.join === "any";
    const hasNone = takesFirst && this.winner < 0 && this.#openData === 0;
    if (hasNone && this.#dataHasFailed) return "cancelled";
    const isSatisfied = takesFirst ? this.winner >= 0 || hasNone : this.#openData === 0;
    if (this.#openStrict > 0 || !isSatisfied) return "waits";
    return this.#wasSkipped || hasNone ? "skipped" : "ready";
  }

  #isStrict(parent: number): boolean {
    return this.edges === undefined || this.edges.strict.has(parent);
  }

  #isData(parent: number): boolean {
    return this.edges !== undefined && this.edges.data.has(parent);
  }
}

/** What a step has heard when its parents are as `endOf` says; those that have ended are heard in the order in which they stand. */
export function tallyOf(
  edges: JoinEdges | undefined,
  parents: Iterable<number>,
  endOf: (parent: number) => End,
): Tally {
  const tally = new Tally(edges);
  for (const parent of parents) {
    tally.expect(parent);
    const end = endOf(parent);
    if (end !== End.Open) tally.hear(parent, end);
  }
  return tally;
}
