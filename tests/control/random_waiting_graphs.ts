/**
 * Graphs by chance, of every control node: plain data that can be made smaller, and the nodes that it stands for.
 *
 * @module
 */
import fc from "fast-check";

/** How a call ends. `bad` fails if anything that it reads says so; `again` gives at the second attempt; `item` is what the item of a map says. */
export type Fate = "gives" | "fails" | "skips" | "bad" | "again" | "item";

/** One item of a map. */
export interface Item {
  readonly fate: "gives" | "fails" | "skips" | "again";
}

/** One node of a graph, by the places of earlier ones. Times are numbers that `durations.ts` makes milliseconds of. */
export type Plan =
  | {
    readonly kind: "step";
    readonly reads: readonly number[];
    readonly after: readonly number[];
    readonly when: number | undefined;
    readonly takes: number;
    readonly fate: Fate;
    readonly pure: boolean;
  }
  | { readonly kind: "optional"; readonly of: number; readonly after: readonly number[] }
  | { readonly kind: "anyOf"; readonly of: readonly number[]; readonly after: readonly number[] }
  | {
    readonly kind: "branch";
    readonly takes: number;
    readonly cases: readonly [number, number];
    readonly makes: boolean;
    readonly fate: Fate;
    /** Which case is chosen: the first, the second, or one that is not there. */
    readonly chosen: 0 | 1 | 2;
  }
  | { readonly kind: "sleep"; readonly takes: number; readonly after: readonly number[] }
  | {
    readonly kind: "signal";
    readonly name: number;
    /** After which time it is given up. */
    readonly timeout: number | undefined;
    readonly after: readonly number[];
  }
  | { readonly kind: "child"; readonly of: number; readonly graph: Graph }
  | {
    readonly kind: "map";
    readonly after: readonly number[];
    readonly items: readonly Item[];
    readonly takes: number;
    /** Whether each item has a second node, below the first. */
    readonly isChain: boolean;
    /** Whether the items are chained by a sleep. */
    readonly sleeps: number | undefined;
    readonly isSettled: boolean;
    readonly minSuccessRatio: number;
    readonly concurrency: number | undefined;
  };

/** A graph. */
export interface Graph {
  readonly plans: readonly Plan[];
  readonly targets: readonly number[];
}

/** A signal that a run is sent. */
export interface Sent {
  readonly name: number;
  /** When, as other times. */
  readonly takes: number;
  /** Whether what it brings makes steps fail. */
  readonly isBad: boolean;
}

/** A graph, and the signals that a run of it is sent. */
export interface Case {
  readonly graph: Graph;
  readonly signals: readonly Sent[];
}

const takes = fc.integer({ min: 1, max: 60 });
const seen = fc.nat(1_000);
const after = fc.array(seen, { maxLength: 1 });
const fate = fc.constantFrom<Fate>("gives", "gives", "gives", "gives", "fails", "skips", "bad", "again");
const step = fc.record({
  kind: fc.constant("step" as const),
  reads: fc.array(seen, { maxLength: 3 }),
  after,
  when: fc.option(seen, { nil: undefined, freq: 8 }),
  takes,
  fate,
  pure: fc.boolean(),
});
const item = fc.record({ fate: fc.constantFrom<Item["fate"]>("gives", "gives", "gives", "fails", "skips", "again") });

/** The nodes of a graph whose workflows go so deep. */
function plans(depth: number): fc.Arbitrary<Plan> {
  const flat: fc.WeightedArbitrary<Plan>[] = [
    { weight: 4, arbitrary: step },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("optional"), of: seen, after }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("anyOf"),
        of: fc.array(seen, { minLength: 1, maxLength: 3 }),
        after,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("branch"),
        takes,
        cases: fc.tuple(seen, seen),
        makes: fc.boolean(),
        fate,
        chosen: fc.constantFrom(0, 1, 2),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("sleep"), takes, after }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("signal"),
        name: fc.nat(2),
        timeout: fc.option(takes, { nil: undefined, freq: 3 }),
        after,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("map"),
        after,
        items: fc.array(item, { maxLength: 3 }),
        takes,
        isChain: fc.boolean(),
        sleeps: fc.option(takes, { nil: undefined, freq: 3 }),
        isSettled: fc.boolean(),
        minSuccessRatio: fc.constantFrom(0, 0.5, 1),
        concurrency: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined, freq: 3 }),
      }),
    },
  ];
  if (depth === 0) return fc.oneof(...flat);
  const child = fc.record({ kind: fc.constant("child" as const), of: seen, graph: graphs(depth - 1, 3) });
  return fc.oneof(...flat, { weight: 1, arbitrary: child });
}

/** Graphs of at most so many nodes beside the first, whose workflows go so deep. */
function graphs(depth: number, size: number): fc.Arbitrary<Graph> {
  return fc.record({
    plans: fc.tuple(step, fc.array(plans(depth), { maxLength: size })).map(([first, others]) => [first, ...others]),
    targets: fc.array(seen, { minLength: 1, maxLength: 3 }),
  });
}

/** Graphs with workflows in workflows in workflows, and signals that come early, in time, late or not at all. */
export const cases: fc.Arbitrary<Case> = fc.record({
  graph: graphs(2, 7),
  signals: fc.array(fc.record({ name: fc.nat(2), takes, isBad: fc.boolean() }), { maxLength: 4 }),
});
