/**
 * How long all that takes time in a graph takes, so that no two ways through it take the same time, and whether what becomes of it depends
 * on which of two things comes first.
 *
 * @module
 */
import type { Case, Graph, Plan, Sent } from "./random_waiting_graphs.ts";

/** More than this many things that take time can not be told apart. */
const MOST = 13;
const UNIT = 2 ** MOST;

/** Milliseconds by what takes them. A plan has one for itself and one for the wait before another attempt, a timeout or a sleep. */
export type Durations = ReadonlyMap<Plan | Sent, readonly [number, number]>;

/** The durations of a case; `undefined` if there are too many, and their order matters. */
export function durationsOf({ graph, signals }: Case): Durations | undefined {
  const durations = new Map<Plan | Sent, readonly [number, number]>();
  let count = 0;
  const take = (takes: number | undefined): number => takes === undefined ? 0 : takes * UNIT + 2 ** (count++ % MOST);
  const visit = ({ plans }: Graph): void => {
    for (const plan of plans) {
      switch (plan.kind) {
        case "step":
        case "branch":
          durations.set(plan, [take(plan.takes), plan.fate === "again" ? take(plan.takes) : 0]);
          break;
        case "sleep":
          durations.set(plan, [take(plan.takes), 0]);
          break;
        case "signal":
          durations.set(plan, [take(plan.timeout), 0]);
          break;
        case "map":
          durations.set(plan, [take(plan.takes), take(plan.sleeps)]);
          break;
        case "child":
          visit(plan.graph);
          break;
        case "optional":
        case "anyOf":
          break;
      }
    }
  };
  visit(graph);
  for (const sent of signals) durations.set(sent, [take(sent.takes), 0]);
  return count > MOST && isRace({ graph, signals }) ? undefined : durations;
}

/** Whether the order in time decides what becomes of a run. */
export function isRace({ graph, signals }: Case): boolean {
  return signals.length > 0 || graph.plans.some((plan) => {
    if (plan.kind === "child") return isRace({ graph: plan.graph, signals });
    return plan.kind === "anyOf" && plan.of.length > 1;
  });
}
