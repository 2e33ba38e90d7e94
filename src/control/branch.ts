/**
 * `branch()`: one of several parts of a graph runs, by a value.
 *
 * @module
 */
import { describe } from "../describe.ts";
import { GraphError } from "../errors.ts";
import type { Node } from "../node.ts";
import type { Ref } from "../ref.ts";
import { buildCase } from "./case_scope.ts";
import { caseOf } from "./control.ts";
import { type ControlArg, controlArg, controlNode, controlTask } from "./control_node.ts";

const info = controlTask("branch", branch);

/** The cases of a selector: its own values if they are literals, any name if it is a string. */
export type CaseKey<S> = S extends string | number | boolean ? `${S}` : never;

/** The keys of cases, as names. */
export type CaseName<C> = keyof C extends infer K ? K extends string | number ? `${K}` : never : never;

/** What is wrong with cases `C` of a selector `S`: those that are missing, unless there is a `default`, and those that are too many. */
export type CaseProblems<S, C> =
  & {
    readonly [K in keyof C as K extends string | number ? `${K}` extends CaseKey<S> | "default" ? never : K : K]: never;
  }
  & ("default" extends keyof C ? unknown
    : { readonly [K in CaseKey<S> as K extends CaseName<C> ? never : K]: () => Ref<unknown> });

/** The value of a branch with cases `C`: that of any of them. */
export type CaseValue<C> = { [K in keyof C]: C[K] extends () => Ref<infer T> ? T : never }[keyof C];

/**
 * The value of the case that the selector's value names, as a string; of the case `default` where there is none of that name. The nodes
 * that are made in the functions of the other cases are skipped.
 *
 * Each function is called once, here, and returns what gives the value: a node, an item of one, or a part of the input. Nodes that were
 * made outside run in any case, and may be shared by several. A branch whose case has no value ends as that did: skipped, or cancelled. A
 * value without a case fails the branch.
 *
 * @param selector A node, an item of one, or a part of the input.
 * @param cases A function for each case. A selector of literal types needs all of them, or a `default`.
 * @returns A node that makes no call, and is never stored.
 * @throws {GraphError} If there are no cases, or one of them is not a function that returns a reference.
 *
 * @example
 * ```ts
 * import { branch, LocalWorkflow, task } from "@fusewire/fusewire";
 *
 * const sign = task((x: number) => (x < 0 ? "negative" : "positive"), { name: "sign" });
 * const root = task((x: number) => Math.sqrt(x), { name: "root" });
 * const none = task(() => "none", { name: "none" });
 *
 * const result = branch(sign(-4), { negative: () => none(), positive: () => root(-4) });
 * const workflow = new LocalWorkflow(result, { workflowName: "roots" });
 * const run = await workflow.start();
 * console.log(await run.result()); // none
 * const { steps } = await run.status();
 * console.log(steps.find(({ name }) => name === "root_0000")?.status); // SKIPPED
 * ```
 */
export function branch<
  S extends string | number | boolean,
  const C extends { readonly [K in CaseKey<S> | "default"]?: () => Ref<unknown> },
>(selector: Ref<S>, cases: C & CaseProblems<S, C>): Node<CaseValue<C>>;
export function branch(selector: Ref<unknown>, cases: Readonly<Record<string, unknown>>): Node<unknown> {
  const on = controlArg(selector, "branch()");
  const names = new Set(Object.keys(Object(cases)));
  if (names.size === 0) {
    throw new GraphError("branch() was given no cases; it takes at least one: { yes: () => node }.");
  }
  const values: ControlArg[] = [];
  for (const inCase of names) {
    const build = cases[inCase];
    if (typeof build !== "function") {
      throw new GraphError(
        `The case \`${inCase}\` of branch() is ${describe(build)}; it must be a function that returns a node.`,
      );
    }
    const predicate = (value: unknown): boolean => caseOf(names, value) === inCase;
    values.push(
      controlArg(
        buildCase({ on, predicate, inCase, cases: [...names] }, () => build()),
        `The case \`${inCase}\` of branch()`,
      ),
    );
  }
  return controlNode(info, { kind: "branch", cases: [...names] }, [on, ...values]);
}
