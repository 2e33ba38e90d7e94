/**
 * Graphs by chance, of steps that give, fail or are skipped, and of control nodes between them.
 *
 * @module
 */
import { anyOf, branch, context, type Node, optional, type Ref, repeatUntil, task } from "@fusewire/fusewire";
import type { VirtualClock } from "@fusewire/fusewire/testing";
import fc from "fast-check";

type Fate = "gives" | "fails" | "skips";

/** One node of a graph, by the places of earlier ones. */
type Plan =
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
    readonly selector: number;
    readonly cases: readonly [number, number];
    readonly makes: boolean;
    readonly fate: Fate;
    /** Which case is chosen: the first, the second, or one that is not there. */
    readonly chosen: 0 | 1 | 2;
  }
  | {
    readonly kind: "repeat";
    /** What it begins with. */
    readonly of: number;
    /** What its iterations read beside the value, from the second on. */
    readonly reads: readonly number[];
    readonly takes: number;
    readonly most: number;
    /** The iteration that ends it, if there is one. */
    readonly ends: number;
    /** What becomes of the iterations. */
    readonly fates: readonly [Fate, Fate, Fate];
    /** Whether an iteration is a step, a step that may be missing, a loop, or the first of two steps. */
    readonly makes: "step" | "optional" | "loop" | "anyOf";
    readonly onLimit: "fail" | "last";
  };

/** A graph by chance. */
export interface Graph {
  readonly plans: readonly Plan[];
  readonly targets: readonly number[];
}

const takes = fc.integer({ min: 0, max: 99 });
/** How long a call takes. No two ways through a graph take the same time, so that the first of two is the first on both backends. */
const milliseconds = (takes: number, call: number): number => 1 + takes + 2 ** (call - 36);
const fate = fc.constantFrom<Fate>("gives", "gives", "gives", "fails", "skips");
const seen = fc.nat(1_000);
const places = fc.array(seen, { maxLength: 3 });
const step = fc.record({
  kind: fc.constant("step" as const),
  reads: places,
  after: fc.array(seen, { maxLength: 1 }),
  when: fc.option(seen, { nil: undefined, freq: 8 }),
  takes,
  fate,
  pure: fc.boolean(),
});
const plan: fc.Arbitrary<Plan> = fc.oneof(
  { weight: 3, arbitrary: step },
  fc.record({ kind: fc.constant("optional"), of: seen, after: fc.array(seen, { maxLength: 1 }) }),
  fc.record({
    kind: fc.constant("anyOf"),
    of: fc.array(seen, { minLength: 1, maxLength: 3 }),
    after: fc.array(seen, { maxLength: 1 }),
  }),
  fc.record({
    kind: fc.constant("branch"),
    selector: takes,
    cases: fc.tuple(seen, seen),
    makes: fc.boolean(),
    fate,
    chosen: fc.constantFrom(0, 1, 2),
  }),
  fc.record({
    kind: fc.constant("repeat"),
    of: seen,
    reads: fc.array(seen, { maxLength: 2 }),
    takes,
    most: fc.integer({ min: 1, max: 3 }),
    ends: fc.nat(3),
    fates: fc.tuple(fate, fate, fate),
    makes: fc.constantFrom("step", "step", "optional", "loop", "anyOf"),
    onLimit: fc.constantFrom("fail", "last"),
  }),
);
/** Graphs by chance. */
export const graphs: fc.Arbitrary<Graph> = fc.record({
  plans: fc.tuple(step, fc.array(plan, { maxLength: 9 })).map(([first, others]) => [first, ...others]),
  targets: fc.array(seen, { minLength: 1, maxLength: 3 }),
});

/** The targets of a graph; its calls take time of `clock`. */
export function build({ plans, targets }: Graph, clock: VirtualClock): Node<unknown>[] {
  let calls = 0;
  const make = (name: string, takes: number, fate: Fate, pure = false) => {
    const ms = milliseconds(takes, calls++);
    return task(async (...reads: unknown[]): Promise<unknown> => {
      const { signal } = context();
      await new Promise<void>((resolve, reject) => {
        const timer = clock.setTimer(ms, resolve);
        signal.addEventListener("abort", () => {
          timer.cancel();
          reject(signal.reason);
        });
      });
      if (fate !== "gives") throw new Error(name);
      return [name, ...reads];
    }, { name, pure, onFailure: fate === "skips" ? "skip" : "fail" });
  };
  const nodes: Node<unknown>[] = [];
  for (const [place, plan] of plans.entries()) {
    const at = (of: number): Node<unknown> => nodes[of % place]!;
    const some = (of: readonly number[]): Node<unknown>[] => place === 0 ? [] : of.map(at);
    switch (plan.kind) {
      case "step": {
        const node = make(`s${place}`, plan.takes, plan.fate, plan.pure)(...some(plan.reads)).after(
          ...some(plan.after),
        );
        nodes.push(
          plan.when === undefined || place === 0 ? node : node.when(at(plan.when), (value) => value !== undefined),
        );
        break;
      }
      case "optional":
        nodes.push(optional(at(plan.of)).after(...some(plan.after)));
        break;
      case "anyOf": {
        const [first, ...others] = plan.of.map(at);
        nodes.push(anyOf(first!, ...others).after(...some(plan.after)));
        break;
      }
      case "branch": {
        const ms = milliseconds(plan.selector, calls++);
        const selector = task(async () => {
          await new Promise<void>((resolve) => clock.setTimer(ms, resolve));
          return String(plan.chosen);
        }, { name: `selector${place}` })();
        const made = (i: 0 | 1) => () =>
          plan.makes ? make(`case${place}-${i}`, plan.selector, plan.fate)(at(plan.cases[i])) : at(plan.cases[i]);
        nodes.push(branch(selector, { "0": made(0), "1": made(1) }));
        break;
      }
      case "repeat": {
        const { most, ends, fates, makes, onLimit } = plan;
        const body = (value: Ref<unknown>, i: number): Ref<unknown> => {
          const one = (suffix: string): Node<unknown> =>
            make(`loop${place}-${i}${suffix}`, plan.takes, fates[i]!, i === 1)(
              value,
              ...i === 0 ? [] : some(plan.reads),
            );
          switch (makes) {
            case "step":
              return one("");
            case "optional":
              return optional(one(""));
            case "anyOf":
              return anyOf(one("a"), one("b"));
            case "loop":
              return repeatUntil(value, (value, inner) => make(`loop${place}-${i}-${inner}`, 3, fates[inner]!)(value), {
                until: (value) => Reflect.get(Object(value), 0) === `loop${place}-${i}-${ends % 2}`,
                maxIterations: 2,
                onLimit,
              });
          }
        };
        const until = (value: unknown): boolean => {
          if (value === undefined) return false;
          const name = String(Reflect.get(Object(value), 0));
          return Number(name.split("-")[1]?.[0]) >= ends;
        };
        nodes.push(repeatUntil(at(plan.of), body, { until, maxIterations: most, onLimit }));
        break;
      }
    }
  }
  return targets.map((of) => nodes[of % nodes.length]!);
}
