/**
 * Control nodes of a run at work here: they make no call and need no room, and are committed together with what they follow from.
 *
 * @module
 */
import { controlAt, type ControlOutcome, controlOutcome, controlReads } from "../control/outcome.ts";
import { errorRecord } from "../errors.ts";
import type { ActiveRun } from "./active_run.ts";
import { bringValues, end, endWithout, isReady, skip } from "./run_step.ts";
import { endOfPhase } from "./step_records.ts";

/** Evaluates a control node that was taken from the queue of ready ones. It never rejects; what needs no value of a store is done at once. */
export function runControl(run: ActiveRun, place: number): Promise<void> | undefined {
  const values = run.values!;
  const { state } = run;
  const endOf = (of: number) => endOfPhase(state.steps[of]!.phase);
  const errorOf = (of: number): unknown => run.errors.get(of)?.error;
  const winner = state.tallies.get(place)?.winner ?? -1;
  const missing = [...controlReads(values.program, place, { endOf, winner })].filter((of) => !values.has(of));
  const evaluate = (): Promise<void> | undefined => {
    run.taken--;
    if (!isReady(run, place)) return undefined;
    const control = controlAt(values.program, place)!;
    const above = { values: values.values, endOf, winner, errorOf, now: run.host.clock.now() };
    return follow(run, place, controlOutcome(values.program, place, control, above));
  };
  if (missing.length === 0) return evaluate();
  return bringValues(run, place, missing).then((here) => {
    if (here) return evaluate();
    run.taken--;
    return undefined;
  });
}

function follow(run: ActiveRun, place: number, outcome: ControlOutcome): Promise<void> | undefined {
  const at = run.host.clock.now();
  switch (outcome.kind) {
    case "succeeded":
      run.apply({ kind: "started", place, at });
      return end(run, place, outcome);
    case "failed":
      run.apply({ kind: "started", place, at });
      endWithout(run, place, "failed", outcome.error, errorRecord(outcome.error), at);
      return undefined;
    case "waits": {
      const { wait } = outcome;
      const until = wait.kind === "time" || wait.kind === "signal" ? wait.until ?? 0 : 0;
      run.apply({ kind: "awaited", place, at, until });
      if (until > 0) run.setTimer(place);
      run.waits.begin(place, wait, true);
      run.pending.urgent = true;
      return undefined;
    }
    case "skipped":
      skip(run, place);
      return undefined;
    case "cancelled":
      run.apply({ kind: "givenUp", place, at });
      run.values!.ended(place);
      run.pending.urgent = true;
      return undefined;
  }
}
