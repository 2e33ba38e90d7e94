import type { Executable } from "../src/engine/executable.ts";
import { toBeRetried } from "../src/handled.ts";
import { isFinal } from "../src/status.ts";
import type { CallLog, LoggedCall } from "./call_log.ts";
import { droppable } from "./droppable.ts";
import type { StoredRun } from "./stored_run.ts";
import type { StoredRuns } from "./stored_runs.ts";
import { ownSteps, type RunOutcome, type UndisturbedOutcome, undisturbedRun } from "./undisturbed_run.ts";
import type { ClusterSimulation, SimulatedRun } from "./workflow_simulation.ts";

/** How long before a call something may have gone wrong that shows only after it: the longest delay or pause, and a lease. */
const AFTERMATH = 5_000;

/**
 * Checks what has become of every run of a simulation, and of every run that a step waited for.
 *
 * @throws {Error} A run has ended as it does not end undisturbed, or a step was called more often, or less, than it had to be.
 */
export async function checkOutcomes(
  simulation: ClusterSimulation,
  stored: StoredRuns,
  log: CallLog,
  comparable: (result: unknown) => unknown,
): Promise<void> {
  const check = async (id: string, run: SimulatedRun, of: Map<string, UndisturbedOutcome>): Promise<void> => {
    const status = await simulation.status(id);
    const result = await simulation.result(id).then((value) => ({ value }), () => undefined);
    const inStore = stored.run(id);
    const { executable } = inStore;
    const undisturbed = of.get(id);
    if (executable === undefined) throw new Error(`Nobody knows what run ${id} is a run of.`);
    if (undisturbed === undefined) throw new Error(`There is a run ${id}, and there is none if nothing disturbs it.`);
    const steps = ownSteps(status, executable.definition.steps);
    const found = [
      ...outcomeViolations(run, executable, { status: status.status, steps, result }, undisturbed, comparable),
      ...callViolations(inStore, log),
    ];
    if (found.length > 0) throw new Error(`Run ${id} of \`${executable.definition.workflow}\`: ${found.join("; ")}.`);
    const children = stored.childrenOf(id);
    for (const [place, child] of children) {
      // A step that was cancelled has its run cancelled, wherever that was.
      const isDropped = steps[place]!.status === "CANCELLED";
      await check(child.id, isDropped ? { ...run, cancelled: true } : run, of);
    }
    for (const { name, status, child } of steps) {
      if (child !== undefined && status === "SUCCEEDED" && stored.run(child).head === undefined) {
        throw new Error(`Step \`${name}\` of run ${id} has succeeded without the run ${child} that it waits for.`);
      }
    }
  };
  await Promise.all(
    [...simulation.runs].map(async ([id, run]) =>
      await check(id, run, await undisturbedRun(id, run.definition, run.input, run.signals))
    ),
  );
}

function outcomeViolations(
  { cancelled, retried }: SimulatedRun,
  { shape }: Executable,
  is: RunOutcome,
  undisturbed: UndisturbedOutcome,
  comparable: (result: unknown) => unknown,
): string[] {
  const found: string[] = [];
  const isCancelled = cancelled && is.status === "CANCELLED";
  const differ = (what: string, is: string, was: string): void => {
    if (is !== was && !(isCancelled && is === "CANCELLED")) found.push(`${what} is ${is}, and ${was} undisturbed`);
  };
  differ("the run", is.status, undisturbed.status);
  const statuses = is.steps.map(({ status }) => status);
  const dropped = droppable(shape, statuses);
  // Of a run that was cancelled and tried again, nothing is made again that nothing needs any more.
  const kept = cancelled && retried ? toBeRetried(shape, (place) => statuses[place]!) : undefined;
  is.steps.forEach(({ name, status }, place) => {
    if (!isFinal(status)) found.push(`step \`${name}\` is ${status}`);
    if (status === "CANCELLED" && (dropped[place] === 1 || kept?.[place] === 0)) return;
    differ(`step \`${name}\``, status, undisturbed.natural[place]!.status);
  });
  if ((is.result !== undefined) !== (is.status === "SUCCEEDED")) {
    found.push(`it is ${is.status} ${is.result === undefined ? "without" : "with"} a result`);
  }
  if (is.result === undefined || undisturbed.result === undefined) return found;
  const [one, other] = [comparable(is.result.value), comparable(undisturbed.result.value)].map((value) =>
    JSON.stringify(value)
  );
  if (one !== other) found.push(`its result is ${one}, and ${other} undisturbed`);
  return found;
}

/** At least one call for each step that has succeeded, and no second one of an attempt unless something went wrong with the first. */
function callViolations(run: StoredRun, log: CallLog): string[] {
  const found: string[] = [];
  const calls = new Map<number, LoggedCall[]>();
  for (const call of log.callsOf(run.id)) {
    const of = calls.get(call.place);
    if (of === undefined) calls.set(call.place, [call]);
    else of.push(call);
  }
  run.steps.forEach(({ status, attempt }, place) => {
    if (run.executable?.shape.joins?.has(place) === true) return;
    // The result of another run stands for it.
    if (attempt === 0 && run.executable?.cached?.[place] === 1) return;
    const made = calls.get(place) ?? [];
    if (status === "SUCCEEDED" && made.length === 0) found.push(`step ${place} has succeeded and was not called`);
    if (run.reopened > 0) return;
    for (let number = 1; number <= attempt; number++) {
      const same = made.filter((call) => call.attempt === number);
      if (status === "SUCCEEDED" && same.length === 0) found.push(`attempt ${number} of step ${place} was not made`);
      same.slice(1).forEach((next, i) => {
        const first = same[i]!;
        // One that stood still does not know yet that another has taken the run over, and may be the second to make the call.
        const disturbed = [first, next].some(({ process, at }) => log.wasDisturbed(process, at - AFTERMATH, next.at));
        if (disturbed) return;
        found.push(
          `${first.process} and ${next.process} made attempt ${number} of step ${place}, and nothing had happened`,
        );
      });
    }
  });
  return found;
}
