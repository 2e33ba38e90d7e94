/**
 * Control nodes by chance, between a step and what it reads. What a step gives must not differ from run to run, so it forgets which of
 * several values was the first, once it has seen that it is one of them.
 *
 * @module
 */
import { anyOf, branch, type Node, optional, type Ref, repeatUntil, task } from "@fusewire/fusewire";
import type { SeededRandom } from "@fusewire/fusewire/testing";
import type { StepValue } from "./random_workflow.ts";

/** How a step takes the value of an earlier one. */
export type Taking =
  | { readonly kind: "plain" | "optional"; readonly parent: number }
  /** The first of several. */
  | { readonly kind: "anyOf"; readonly parents: readonly number[]; readonly isOptional: boolean }
  /** By the value of one of them; each case is another, or a step made in it. */
  | {
    readonly kind: "branch";
    readonly selector: number;
    readonly chosen: number;
    readonly other: number;
    readonly makes: boolean;
    readonly lacksCase: boolean;
    readonly isOptional: boolean;
  }
  /** What a loop makes of it, whose iterations read another value too. */
  | {
    readonly kind: "repeat";
    readonly parent: number;
    readonly other: number;
    readonly most: number;
    /** The iteration that ends it; as many as there are or more if none does. */
    readonly ends: number;
    /** The iteration that fails, if it comes to that. */
    readonly fails: number;
    readonly isOptional: boolean;
  };

/** How the step at `place` takes the value of `parent`. */
export function planTaking(random: SeededRandom, parent: number, place: number, control: number): Taking {
  if (!random.bool(control)) return { kind: "plain", parent };
  const other = (): number => random.int(0, place - 1);
  switch (random.pick(["optional", "anyOf", "branch", "repeat"] as const)) {
    case "optional":
      return { kind: "optional", parent };
    case "anyOf": {
      const parents = [parent, ...Array.from({ length: random.int(0, 2) }, other)];
      return { kind: "anyOf", parents, isOptional: random.bool(0.4) };
    }
    case "branch":
      return {
        kind: "branch",
        selector: parent,
        chosen: other(),
        other: other(),
        makes: random.bool(0.6),
        lacksCase: random.bool(0.1),
        isOptional: random.bool(0.4),
      };
    case "repeat":
      return {
        kind: "repeat",
        parent,
        other: other(),
        most: random.int(1, 4),
        ends: random.int(0, 4),
        fails: random.bool(0.2) ? random.int(0, 3) : -1,
        isOptional: random.bool(0.4),
      };
  }
}

/** The node that a step is given. */
export function taken(taking: Taking, nodes: readonly Node<StepValue>[], reader: string): Ref<unknown> {
  switch (taking.kind) {
    case "plain":
      return nodes[taking.parent]!;
    case "optional":
      return optional(nodes[taking.parent]!);
    case "anyOf": {
      const [first, ...others] = taking.parents.map((parent) => nodes[parent]!);
      const any = anyOf(first!, ...others);
      return taking.isOptional ? optional(any) : any;
    }
    case "branch": {
      const { selector, chosen, other, makes, lacksCase, isOptional } = taking;
      const name = lacksCase ? "none" : `s${selector}`;
      const one = (place: number, suffix: string) => (): Node<StepValue> => {
        const node = nodes[place]!;
        if (!makes) return node;
        const body = (of: StepValue): StepValue => ({ step: `${reader}.${suffix}`, call: 0, of: [of] });
        return task(body, { name: `${reader}.${selector}.${suffix}`, pure: place % 2 === 0 })(node);
      };
      const made = branch(nodes[selector]!.item("step"), { [name]: one(chosen, "chosen"), other: one(other, "other") });
      return isOptional ? optional(made) : made;
    }
    case "repeat": {
      const { parent, other, most, ends, fails, isOptional } = taking;
      const name = `${reader}.${parent}.loop`;
      const iteration = (of: Ref<StepValue>, i: number): Node<StepValue> => {
        const body = (...of: StepValue[]): StepValue => {
          if (i === fails) throw new Error(`${name} fails in iteration ${i}`);
          return { step: `${name}.${i}`, call: 0, of };
        };
        return task(body, { name, pure: i % 2 === parent % 2 })(of, ...i % 2 === 0 ? [] : [nodes[other]!]);
      };
      const loop = repeatUntil(nodes[parent]!, iteration, {
        until: ({ step }) => step === `${name}.${ends}`,
        maxIterations: most,
        onLimit: other % 2 === 0 ? "last" : "fail",
      });
      return isOptional ? optional(loop) : loop;
    }
  }
}

/** The value, but for what differs from run to run. */
export function withoutWinner(taking: Taking, value: unknown): unknown {
  if (taking.kind !== "anyOf" || value === undefined) return value;
  const step: unknown = Reflect.get(Object(value), "step");
  const names = taking.parents.map((parent) => `s${parent}`);
  if (typeof step !== "string" || !names.includes(step)) {
    throw new Error(`The value of ${step} is none of ${names.join(", ")}.`);
  }
  return "one of them";
}
