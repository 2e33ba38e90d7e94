/**
 * Workflows by chance: chains, fans and layers of steps that are pure or not, fail, are tried again, skipped, bound to a live object or
 * to a slot, and take what they read through control nodes. What a step gives is never the same twice, so that whatever is built on a value that was not committed shows.
 *
 * @module
 */
import {
  context,
  defineWorkflow,
  type Definition,
  type Input,
  type Node,
  optional,
  task,
  type TaskOptions,
} from "@fusewire/fusewire";
import type { SeededRandom } from "@fusewire/fusewire/testing";
import { planTaking, taken, type Taking, withoutWinner } from "./random_control.ts";
import { type PlannedSignal, planWaiting, signalsOf, waited, type Waiting } from "./random_waits.ts";

/** What a step gives. */
export interface StepValue {
  /** The step. */
  readonly step: string;
  /** Which call it was, of all. */
  readonly call: number;
  /** What it was given. */
  readonly of: readonly unknown[];
  /** Of a live object, how many calls it has had. */
  readonly count?: number;
}

/** What the steps of a workflow may be like, each as a probability from 0 to 1. */
export interface RandomWorkflowOptions {
  /** How many steps at most. @default {12} */
  readonly size?: number;
  /** How many steps at least. @default {1} */
  readonly least?: number;
  /** How they hang together. Default: by chance. */
  readonly shape?: "chain" | "fan" | "layers" | "any";
  /** Has no side effect. @default {0.5} */
  readonly pure?: number;
  /** Fails at first. @default {0.25} */
  readonly failing?: number;
  /** Has a condition. @default {0.1} */
  readonly when?: number;
  /** Is a call of a live object. @default {0.1} */
  readonly stateful?: number;
  /** Needs a slot of a concurrency key. @default {0.1} */
  readonly slots?: number;
  /** Takes an argument through a control node. @default {0.15} */
  readonly control?: number;
  /** Takes an argument through a node that waits. @default {0} */
  readonly waiting?: number;
  /** Whether some of them wait for signals. @default {true} */
  readonly signals?: boolean;
  /** How deep workflows are within others. @default {2} */
  readonly depth?: number;
}

interface Plan {
  readonly name: string;
  readonly parents: readonly number[];
  /** How each of them is taken. */
  readonly takings: readonly Taking[];
  readonly kind: "call" | "method";
  readonly failures: number;
  readonly options: TaskOptions<StepValue>;
  readonly condition: { readonly on: number; readonly holds: boolean } | undefined;
  readonly waits: number | undefined;
  /** What is waited for before each of the parents is read. */
  readonly waitings: readonly (Waiting | undefined)[];
}

/** A workflow by chance. */
export interface RandomWorkflow {
  readonly definition: Definition<unknown, unknown>;
  /** The signals that each of its runs needs. */
  readonly signals: readonly PlannedSignal[];
}

/** How often an argument is taken through a control node, where nothing else is said. */
const CONTROL = 0.15;

let calls = 0;

/** A live object that counts its calls. */
class Tally {
  #count = 0;

  add(step: string, of: readonly unknown[]): StepValue {
    return { step, call: ++calls, of, count: ++this.#count };
  }
}

/** The result without what differs from call to call. */
export function withoutCalls(result: unknown): unknown {
  if (Array.isArray(result)) return result.map(withoutCalls);
  if (typeof result !== "object" || result === null) return result;
  return Object.fromEntries(
    Object.entries(result).flatMap(([key, value]) => key === "call" ? [] : [[key, withoutCalls(value)]]),
  );
}

/** A workflow by chance. The names of its nodes begin with `prefix`; one within another has an input that its first steps read. */
export function randomWorkflow(
  name: string,
  random: SeededRandom,
  options: RandomWorkflowOptions = {},
  prefix = "",
): RandomWorkflow {
  const signals: PlannedSignal[] = [];
  const plans = planSteps(random, options, (fork, step) => {
    const { depth = 2 } = options;
    const child = (within: string): Definition<unknown, unknown> => {
      const size = Math.min(options.size ?? 12, 4);
      const inner = randomWorkflow(
        `${name}/${within}`,
        fork.fork("child"),
        { ...options, size, depth: depth - 1 },
        within,
      );
      signals.push(...inner.signals);
      return inner.definition;
    };
    const waiting = planWaiting(fork, `${prefix}${step}`, options.signals ?? true, depth > 0 ? child : undefined);
    signals.push(...signalsOf(waiting));
    return waiting;
  });
  const fork = random.fork("targets");
  const optionals = new Set(plans.flatMap((_, place) => fork.bool(options.control ?? CONTROL) ? place : []));
  const targets = plans.flatMap((_, place) => random.bool(0.4) ? place : []);
  if (targets.length === 0) targets.push(plans.length - 1);
  const hasTally = plans.some(({ kind }) => kind === "method");
  const definition = defineWorkflow(name, { version: "1" }, (input: Input<unknown>) => {
    const nodes: Node<StepValue>[] = [];
    const tally = hasTally ? task(Tally, { name: "tally" })() : undefined;
    for (const plan of plans) {
      const of: unknown[] = plan.takings.map((taking, i) => {
        const waiting = plan.waitings[i];
        const ref = taken(taking, nodes, plan.name);
        return waiting === undefined ? ref : waited(waiting, ref, `${plan.name}.${i}`);
      });
      if (of.length === 0 && prefix !== "") of.push(input);
      const node: Node<StepValue> = plan.kind === "method" && tally !== undefined
        ? tally.add(plan.name, of)
        : task(bodyOf(plan), { ...plan.options, name: plan.name })(of);
      const { condition, waits } = plan;
      if (condition !== undefined) node.when(nodes[condition.on]!, () => condition.holds);
      if (waits !== undefined) node.after(nodes[waits]!);
      nodes.push(node);
    }
    return targets.map((place) => optionals.has(place) ? optional(nodes[place]!) : nodes[place]!);
  });
  return { definition, signals };
}

function bodyOf({ name, failures, takings }: Plan): (of: readonly unknown[]) => StepValue {
  return (of) => {
    if (context().attempt <= failures) throw new Error(`${name} fails, attempt ${context().attempt}`);
    return {
      step: name,
      call: ++calls,
      of: of.map((value, i) => i < takings.length ? withoutWinner(takings[i]!, value) : value),
    };
  };
}

function planSteps(
  random: SeededRandom,
  options: RandomWorkflowOptions,
  wait: (random: SeededRandom, step: string) => Waiting,
): Plan[] {
  const { size = 12, least = 1, pure = 0.5, failing = 0.25, when = 0.1, stateful = 0.1, slots = 0.1 } = options;
  const { control = CONTROL, waiting = 0 } = options;
  const count = random.int(least, size);
  const shape = options.shape ?? random.pick(["chain", "fan", "layers", "any"] as const);
  const width = random.int(1, 4);
  return Array.from({ length: count }, (_, place): Plan => {
    const parents = parentsOf(random, shape, width, place, count);
    const kind = random.bool(stateful) ? "method" : "call";
    const failures = kind === "call" && random.bool(failing) ? random.int(1, 3) : 0;
    const maxAttempts = random.int(1, 4);
    const given: TaskOptions<StepValue> = {
      pure: random.bool(pure),
      ...(failures > 0 && maxAttempts > 1
        ? { retry: { maxAttempts, initialDelay: random.pick([0, 10, 60, 300, 2_500]), factor: 2 } }
        : {}),
      ...(failures > 0 && random.bool(0.4) ? { onFailure: "skip" as const } : {}),
      ...(random.bool(slots) ? { concurrency: random.pick([{ key: "k", limit: 1 }, { key: "l", limit: 2 }]) } : {}),
      ...(random.bool(0.1) ? { timeout: 60_000 } : {}),
    };
    const earlier = place > 0 ? random.int(0, place - 1) : undefined;
    const waitings = parents.map((parent) => {
      const fork = random.fork(`waiting ${place} ${parent}`);
      return kind === "call" && fork.bool(waiting) ? wait(fork, `s${place}.${parent}`) : undefined;
    });
    return {
      name: `s${place}`,
      parents,
      waitings,
      takings: parents.map((parent, i) =>
        kind === "method" || waitings[i] !== undefined
          ? { kind: "plain", parent }
          : planTaking(random.fork(`taking ${place} ${parent}`), parent, place, control)
      ),
      kind,
      failures,
      options: given,
      condition: earlier !== undefined && random.bool(when) ? { on: earlier, holds: random.bool(0.7) } : undefined,
      waits: earlier !== undefined && random.bool(0.1) ? earlier : undefined,
    };
  });
}

function parentsOf(
  random: SeededRandom,
  shape: "chain" | "fan" | "layers" | "any",
  width: number,
  place: number,
  count: number,
): number[] {
  if (place === 0) return [];
  switch (shape) {
    case "chain":
      return [place - 1];
    case "fan":
      // One, then many, then one for all of them.
      return place === count - 1 ? Array.from({ length: place }, (_, of) => of) : [0];
    case "layers": {
      const layer = Math.floor(place / width);
      if (layer === 0) return [];
      const above = Array.from({ length: width }, (_, i) => (layer - 1) * width + i);
      const some = above.filter(() => random.bool(0.6));
      return some.length > 0 ? some : [random.pick(above)];
    }
    case "any":
      return Array.from({ length: place }, (_, of) => of).filter(() => random.bool(2 / (place + 1)));
  }
}
