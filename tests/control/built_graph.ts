/**
 * Nodes of a random graph. Their tasks are at the top level of this module, where workers of a pool find them.
 *
 * @module
 */
import {
  anyOf,
  branch,
  type Clock,
  context,
  defineWorkflow,
  type Definition,
  type Input,
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
import type { Durations } from "./durations.ts";
import type { Fate, Graph, Item, Plan } from "./random_waiting_graphs.ts";

/** What one call does. */
interface Work {
  readonly name: string;
  readonly fate: Fate;
  readonly milliseconds: number;
}

/** The time of calls in this thread; that of the machine, if there is no other. */
let time: Pick<Clock, "setTimer"> | undefined;

/** Has calls take the time of a clock. */
export function useTime(clock: Pick<Clock, "setTimer"> | undefined): void {
  time = clock;
}

/** What a signal brings that makes those fail who read it. */
export const BAD = "bad";

const work = task(async (work: Work, ...reads: unknown[]): Promise<unknown> => {
  const { signal, attempt } = context();
  const fate = work.fate === "item" ? (reads[0] as Item).fate : work.fate;
  if (fate === "again" && attempt === 1) throw new Error(`${work.name} fails at first`);
  if (work.milliseconds > 0) {
    await new Promise<void>((resolve, reject) => {
      const timer = time?.setTimer(work.milliseconds, resolve);
      const handle = timer === undefined ? setTimeout(resolve, work.milliseconds) : undefined;
      signal.addEventListener("abort", () => {
        timer?.cancel();
        clearTimeout(handle);
        reject(signal.reason);
      });
    });
  }
  const isBad = fate === "bad" && JSON.stringify(reads).includes(BAD);
  if (fate === "fails" || fate === "skips" || isBad) throw new Error(`${work.name} fails`);
  return [work.name, ...reads];
}, { name: "work" });
const choose = task((chosen: string): string => chosen, { name: "choose" });
const listOf = task((items: readonly Item[]): readonly Item[] => items, { name: "listOf" });
const give = task((...values: unknown[]): unknown => values, { name: "give" });

/** How a graph is built. */
export interface BuildOptions {
  readonly durations: Durations;
  /** Whether maps may do their items one after another: that takes times which others may take too. */
  readonly isOrdered: boolean;
}

/** The definition of a graph. `path` tells one within another apart. */
export function definitionOf(graph: Graph, options: BuildOptions, path = "graph"): Definition<unknown, unknown> {
  return defineWorkflow(path, { version: "1" }, (input: Input<unknown>) => targetsOf(graph, options, path, input));
}

function targetsOf(
  { plans, targets }: Graph,
  options: BuildOptions,
  path: string,
  input: Ref<unknown>,
): Node<unknown>[] {
  const nodes: Node<unknown>[] = [];
  for (const [place, plan] of plans.entries()) nodes.push(nodeOf(plan, place, nodes, options, path, input));
  return targets.map((of) => nodes[of % nodes.length]!);
}

function nodeOf(
  plan: Plan,
  place: number,
  nodes: readonly Node<unknown>[],
  { durations, isOrdered }: BuildOptions,
  path: string,
  input: Ref<unknown>,
): Node<unknown> {
  const at = (of: number): Node<unknown> => nodes[of % place]!;
  const some = (of: readonly number[]): Node<unknown>[] => place === 0 ? [] : of.map(at);
  const [milliseconds, other] = durations.get(plan) ?? [0, 0];
  const call = (fate: Fate, pure: boolean, wait: number, ...reads: unknown[]): Node<unknown> =>
    work({ name: `s${place}`, fate, milliseconds }, ...reads).with({
      pure,
      onFailure: fate === "skips" ? "skip" : "fail",
      ...(fate === "again" || fate === "item"
        ? { retry: { maxAttempts: 2, initialDelay: wait, maxDelay: wait, jitter: 0 } }
        : {}),
    });
  switch (plan.kind) {
    case "step": {
      const { fate, pure, reads, after, when } = plan;
      const given = place === 0 ? [input] : some(reads);
      const node = call(fate, pure, other, ...given).setName(`s${place}`).after(...some(after));
      return when === undefined || place === 0 ? node : node.when(at(when), (value) => value !== undefined);
    }
    case "optional":
      return optional(at(plan.of)).after(...some(plan.after));
    case "anyOf": {
      const [first, ...others] = plan.of.map(at);
      return anyOf(first!, ...others).after(...some(plan.after));
    }
    case "branch": {
      const { chosen, makes, cases, fate } = plan;
      const made = (i: 0 | 1) => () => makes ? call(fate, false, other, at(cases[i])) : at(cases[i]);
      return branch(choose(String(chosen)), { "0": made(0), "1": made(1) });
    }
    case "sleep":
      return sleep(milliseconds).after(...some(plan.after));
    case "signal":
      return waitForSignal(`n${plan.name}`, plan.timeout === undefined ? {} : { timeout: milliseconds })
        .after(...some(plan.after));
    case "child": {
      const child = definitionOf(plan.graph, { durations, isOrdered }, `${path}/${place}`);
      return subWorkflow(child, { of: at(plan.of) });
    }
    case "map": {
      const { items, isChain, sleeps, isSettled, minSuccessRatio, concurrency, after } = plan;
      const body = (item: Ref<Item>): Node<unknown> => {
        const first = call("item", false, 0, item);
        const slept = sleeps === undefined ? first : give(first).after(sleep(other).after(first));
        return isChain ? give(slept).when(slept, (value) => value !== undefined) : slept;
      };
      const list = listOf(items).after(...some(after));
      const limit = concurrency === undefined || !isOrdered ? {} : { concurrency };
      return isSettled ? mapSettled(list, body, limit) : map(list, body, { ...limit, minSuccessRatio });
    }
  }
}
