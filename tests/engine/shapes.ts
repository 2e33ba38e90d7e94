/**
 * Shapes of graphs for tests of the rules of a run.
 *
 * @module
 */
import fc from "fast-check";
import type { RunShape } from "../../src/engine/run_state.ts";
import type { Adjacency } from "../../src/graph.ts";
import { needsOf } from "../../src/handled.ts";
import type { Joins } from "../../src/join.ts";

/** What a shape is made of: for each step its parents, all of which come before it. */
export interface Layout {
  readonly parents: readonly (readonly number[])[];
  readonly pure: readonly boolean[];
  readonly targets: readonly number[];
  /** The control nodes: all parents but the strict ones bring a value. */
  readonly controls?: readonly {
    readonly place: number;
    readonly kind: ControlKind;
    readonly strict: readonly number[];
  }[];
}

/** What a control node does. */
export type ControlKind = "optional" | "anyOf" | "branch";

/** The shape of a layout. */
export function shapeOf({ parents, pure, targets, controls = [] }: Layout): RunShape {
  const children: number[][] = parents.map(() => []);
  for (const [place, of] of parents.entries()) for (const parent of of) children[parent]!.push(place);
  const joins: Joins = new Map(controls.map(({ place, kind, strict }) => [place, {
    join: kind === "anyOf" ? "any" : "settled",
    absorbs: kind === "optional",
    data: new Set(parents[place]!.filter((parent) => !strict.includes(parent))),
    strict: new Set(strict),
  }]));
  const graph = {
    parents: () => adjacency(parents),
    children: () => adjacency(children),
    joins: () => joins.size === 0 ? undefined : joins,
  };
  return {
    ...needsOf(graph, targets.map((place) => ({ place }))),
    size: parents.length,
    pure: Uint8Array.from(pure, (isPure, place) => Number(isPure || joins.has(place))),
    bound: new Uint8Array(parents.length),
    waits: new Uint8Array(parents.length),
    targets,
  };
}

function adjacency(lists: readonly (readonly number[])[]): Adjacency {
  const start = new Int32Array(lists.length + 1);
  for (const [place, list] of lists.entries()) start[place + 1] = start[place]! + list.length;
  return { start, list: Int32Array.from(lists.flat()) };
}

/** A chain. */
export function chain(size: number, pure = false): Layout {
  const steps = Array.from({ length: size }, (_, place) => place);
  return {
    parents: steps.map((place) => place === 0 ? [] : [place - 1]),
    pure: steps.map(() => pure),
    targets: [size - 1],
  };
}

/** One step, then many that need it, then one that needs them all. */
export function fan(width: number, pure = false): Layout {
  const middle = Array.from({ length: width }, (_, i) => i + 1);
  return {
    parents: [[], ...middle.map(() => [0]), middle],
    pure: new Array<boolean>(width + 2).fill(pure),
    targets: [width + 1],
  };
}

/** Any graph of up to 25 steps, chains of up to 40 and fans of up to 40, with any steps pure, some of them control nodes. */
export const layouts: fc.Arbitrary<Layout> = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.array(fc.nat(24), { maxLength: 4 }), { minLength: 1, maxLength: 25 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 40 }).map((size) => chain(size).parents) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 40 }).map((width) => fan(width).parents) },
).chain((links) => {
  const parents = links.map((of, place) => [...new Set(of.filter((parent) => parent < place))].sort((a, b) => a - b));
  const size = parents.length;
  const control = fc.record({
    place: fc.nat(size - 1),
    kind: fc.constantFrom<ControlKind>("optional", "anyOf", "branch"),
    strict: fc.nat(15),
  });
  return fc.record({
    parents: fc.constant(parents),
    pure: fc.array(fc.boolean(), { minLength: size, maxLength: size }),
    targets: fc.uniqueArray(fc.nat(size - 1), { maxLength: 3 }),
    controls: fc.uniqueArray(control, { maxLength: 6, selector: ({ place }) => place }).map((controls) =>
      controls.flatMap(({ place, kind, strict }) => {
        // Those of the first parents whose bit is set have to succeed; one at least brings a value.
        const chosen = parents[place]!.filter((_, i) => (strict >> i & 1) === 1);
        return chosen.length < parents[place]!.length ? [{ place, kind, strict: chosen }] : [];
      })
    ),
  });
});
