/**
 * The control nodes of one run in this process: they are evaluated as soon as they may be, without a slot, and what nothing needs any more
 * because of them is stopped.
 *
 * @module
 */
import { controlAt, controlOutcome } from "../control/outcome.ts";
import { CancelledError } from "../errors.ts";
import { firstUnhandled, type Needs, needsOf } from "../handled.ts";
import type { Dataflow } from "./dataflow.ts";
import type { Execution } from "./execution.ts";
import { StepStops } from "../step_stops.ts";

/** Control nodes of one execution. */
export class Controls {
  readonly #run: Execution;
  readonly #needs: Needs;
  readonly #stops: StepStops;

  /** Looks at the graph; there has to be a control node. */
  constructor(run: Execution) {
    const { program, isLogged } = run.setup;
    this.#run = run;
    this.#needs = needsOf(program.graph, program.targets, isLogged);
    this.#stops = new StepStops(this.#needs, run.stopSignal);
  }

  /** Aborted when the run is cancelled, or nothing needs the step any more. */
  signalAt(place: number): AbortSignal {
    return this.#stops.signalAt(place);
  }

  /** Evaluates all control nodes that are ready, and those that become so. */
  settle(flow: Dataflow): void {
    for (let place = flow.takeControl(); place >= 0; place = flow.takeControl()) this.#evaluate(flow, place);
  }

  /** The first of the failed steps whose failure is not handled, if there is one. */
  firstUnhandled(failed: readonly number[]): number {
    return firstUnhandled(this.#needs, failed, (place) => this.#run.record.stateOf(place));
  }

  #evaluate(flow: Dataflow, place: number): void {
    const run = this.#run;
    const { program } = run.setup;
    const control = controlAt(program, place)!;
    const { values, endOf } = flow;
    const outcome = controlOutcome(program, place, control, {
      values,
      endOf,
      winner: flow.winnerOf(place),
      errorOf: (of) => run.errorOf(of),
      now: run.setup.clock.now(),
    });
    if (outcome.kind !== "skipped" && outcome.kind !== "cancelled") run.record.started(place);
    switch (outcome.kind) {
      case "succeeded":
        run.succeed(place, outcome.value);
        if (control.kind === "anyOf") this.#dropUnneeded(flow, place);
        break;
      case "failed":
        run.fail(place, outcome.error);
        break;
      case "waits":
        run.waits.begin(place, outcome.wait);
        break;
      case "skipped":
        run.skip(place);
        break;
      case "cancelled":
        run.giveUp(place);
        break;
    }
  }

  #dropUnneeded(flow: Dataflow, satisfied: number): void {
    const { program, workflowName: workflow } = this.#run.setup;
    const { names } = program.graph;
    for (const place of flow.dropUnneeded(this.#needs, satisfied)) {
      this.#run.drop(place);
      const node = names.at(place);
      this.#stops.stop(
        place,
        new CancelledError(
          `Node \`${node}\` of workflow \`${workflow}\` is not needed any more: \`${
            names.at(satisfied)
          }\` has its value.`,
          { workflow, node },
        ),
      );
    }
  }
}
