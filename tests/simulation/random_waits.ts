/**
 * Nodes that wait, by chance, between a step and what it reads: for a time, a signal, a run of another workflow, the items of a list. Each
 * signal that is sent has a name, or a payload, of its own, so that it shows when one is taken twice.
 *
 * @module
 */
import {
  context,
  type Definition,
  map,
  mapSettled,
  type Node,
  optional,
  type Ref,
  sleep,
  subWorkflow,
  task,
  waitForSignal,
} from "@fusewire/fusewire";
import type { SeededRandom } from "@fusewire/fusewire/testing";

/** What is waited for between a step and what it reads. */
export type Waiting =
  | { readonly kind: "sleep"; readonly milliseconds: number }
  /** A signal that comes, or one that never does until the time is up. */
  | { readonly kind: "signal"; readonly name: string; readonly isSent: boolean; readonly isOptional: boolean }
  /** Two nodes wait for two signals of one name; which of them gets which is left to chance. */
  | { readonly kind: "twoSignals"; readonly name: string }
  | { readonly kind: "child"; readonly definition: Definition<unknown, unknown>; readonly isOptional: boolean }
  | ({ readonly kind: "map" } & MapPlan);

/** A map by chance. */
interface MapPlan {
  readonly count: number;
  /** How each item ends, after so many attempts that fail. */
  readonly fates: readonly { readonly ends: "gives" | "fails" | "skips"; readonly failures: number }[];
  readonly hasTwoSteps: boolean;
  readonly sleeps: number;
  readonly isSettled: boolean;
  readonly options: { readonly minSuccessRatio?: number; readonly concurrency?: number };
  readonly isOptional: boolean;
  readonly pure: boolean;
}

/** A signal that a run is to be sent. */
export interface PlannedSignal {
  readonly name: string;
  readonly payload: string;
}

/** What is waited for before `reader` reads; `child` makes a workflow, which has the names of all its nodes and signals from the prefix that it is given. */
export function planWaiting(
  random: SeededRandom,
  reader: string,
  mayHaveSignals: boolean,
  child: ((prefix: string) => Definition<unknown, unknown>) | undefined,
): Waiting {
  const isOptional = random.bool(0.4);
  const kinds = [
    "sleep",
    "map",
    ...mayHaveSignals ? ["signal", "twoSignals"] as const : [],
    ...child ? ["child"] as const : [],
  ] as const;
  switch (random.pick(kinds)) {
    case "sleep":
      return { kind: "sleep", milliseconds: random.pick([0, 1, 30, 400, 2_500, 6_000]) };
    case "signal":
      return { kind: "signal", name: `${reader}!`, isSent: random.bool(0.7), isOptional };
    case "twoSignals":
      return { kind: "twoSignals", name: `${reader}!!` };
    case "child":
      return { kind: "child", definition: child!(`${reader}/`), isOptional };
    case "map": {
      const count = random.pick([0, 1, 2, 3, 5]);
      return {
        kind: "map",
        count,
        fates: Array.from({ length: count }, () => ({
          ends: random.pick(["gives", "gives", "gives", "fails", "skips"] as const),
          failures: random.bool(0.2) ? 1 : 0,
        })),
        hasTwoSteps: random.bool(0.4),
        sleeps: random.bool(0.2) ? random.pick([10, 700, 2_600]) : 0,
        isSettled: random.bool(0.3),
        options: {
          ...random.bool(0.5) ? { minSuccessRatio: random.pick([0, 0.5]) } : {},
          ...random.bool(0.3) ? { concurrency: random.int(1, 2) } : {},
        },
        isOptional,
        pure: random.bool(),
      };
    }
  }
}

/** The signals that a run needs which waits for this. */
export function signalsOf(waiting: Waiting): PlannedSignal[] {
  switch (waiting.kind) {
    case "signal":
      return waiting.isSent ? [{ name: waiting.name, payload: `${waiting.name} payload` }] : [];
    case "twoSignals":
      return ["one", "two"].map((payload) => ({ name: waiting.name, payload: `${waiting.name} ${payload}` }));
    case "sleep":
    case "child":
    case "map":
      return [];
  }
}

const keep = task((value: unknown, ..._waited: unknown[]): unknown => value, { name: "keep" });
const two = task((value: unknown, one: unknown, other: unknown): unknown => {
  if (one === other) throw new Error(`The signal ${JSON.stringify(one)} was taken twice.`);
  return [value, [one, other].toSorted()];
}, { name: "two" });

/** What a step reads that waits: the same value, or what was made of it. */
export function waited(waiting: Waiting, ref: Ref<unknown>, reader: string): Node<unknown> {
  const maybe = (isOptional: boolean, node: Node<unknown>): Node<unknown> => isOptional ? optional(node) : node;
  switch (waiting.kind) {
    case "sleep":
      return keep(ref, sleep(waiting.milliseconds));
    case "signal": {
      const { name, isSent, isOptional } = waiting;
      return keep(ref, maybe(isOptional, waitForSignal(name, isSent ? {} : { timeout: 300 })));
    }
    case "twoSignals":
      return two(ref, waitForSignal(waiting.name), waitForSignal(waiting.name));
    case "child":
      return maybe(waiting.isOptional, subWorkflow(waiting.definition, { of: ref }));
    case "map":
      return mapped(waiting, ref, reader);
  }
}

function mapped(plan: MapPlan, ref: Ref<unknown>, reader: string): Node<unknown> {
  const { count, fates, hasTwoSteps, sleeps, isSettled, options, isOptional, pure } = plan;
  const items = task((of: unknown) => Array.from({ length: count }, (_, index) => ({ index, of })), {
    name: `${reader}.items`,
    pure,
  });
  const body = (item: { readonly index: number; readonly of: unknown }): unknown => {
    const { ends, failures } = fates[item.index]!;
    const { attempt } = context();
    if (attempt <= failures || ends === "fails") throw new Error(`item ${item.index} fails, attempt ${attempt}`);
    return ends === "skips" ? undefined : { item };
  };
  const first = task(body, { name: `${reader}.item`, pure, retry: { maxAttempts: 2, initialDelay: 20, jitter: 0 } });
  const second = task((value: unknown) => value, { name: `${reader}.second`, pure });
  const build = (item: Ref<{ readonly index: number; readonly of: unknown }>): Node<unknown> => {
    const one = first(item);
    const slept = sleeps > 0 ? one.after(sleep(sleeps)) : one;
    return hasTwoSteps ? second(slept).when(slept, (value) => value !== undefined) : slept;
  };
  const list = items(ref);
  const node = isSettled ? mapSettled(list, build, options) : map(list, build, options);
  return isOptional ? optional(node) : node;
}
