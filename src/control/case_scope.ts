/**
 * The cases of branches and iterations of loops that are being built: nodes made meanwhile run only if these cases are chosen, and the
 * loops have not ended.
 *
 * @module
 */
import { GraphError } from "../errors.ts";
import type { Condition, NodeExtra } from "../node.ts";

/** The conditions of the nodes that are made now, from the outermost branch inwards; `undefined` outside of all. */
export let caseConditions: readonly Condition[] | undefined;

/** What a node made in the current cases has beyond its task and arguments. */
export function inCases(extra: NodeExtra | undefined): NodeExtra {
  return { ...extra, when: [...caseConditions ?? [], ...extra?.when ?? []] };
}

/**
 * Builds one case, which `label` names in messages. Its nodes run only if `condition` holds.
 *
 * @throws {GraphError} If `build` returns a promise, because nodes made later would not be in the case.
 */
export function buildCase<T>(
  condition: Condition,
  build: () => T,
  label: string = `The case \`${condition.inCase}\` of a branch`,
): T {
  const outer = caseConditions;
  caseConditions = [...outer ?? [], condition];
  try {
    const result = build();
    refusePromise(result, label);
    return result;
  } finally {
    caseConditions = outer;
  }
}

/**
 * Refuses what an asynchronous function returns, because it goes on when others build.
 *
 * @throws {GraphError} If it is a promise.
 */
export function refusePromise(result: unknown, label: string): void {
  if (!(result instanceof Promise)) return;
  throw new GraphError(
    `${label} is an asynchronous function; build its nodes synchronously, and await around it.`,
  );
}

/** Builds nodes that belong to no case, although one is being built: those of another graph. */
export function outsideCases<T>(build: () => T): T {
  const outer = caseConditions;
  caseConditions = undefined;
  try {
    return build();
  } finally {
    caseConditions = outer;
  }
}
