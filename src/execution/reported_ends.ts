/**
 * What follows for the others when a backend of one's own tells that a step has ended.
 *
 * @module
 */
import { controlAt } from "../control/outcome.ts";
import { firstUnhandled, type Needs, needsOf, noLongerNeeded } from "../handled.ts";
import { End, endOf, tallyOf } from "../join.ts";
import type { Program } from "../program.ts";
import { isFinal, type Status } from "../status.ts";
import type { RunRecord } from "./run_record.ts";

/** Ends the steps of one run. */
export class ReportedEnds {
  readonly #program: Program;
  readonly #record: RunRecord;
  readonly #needs: Needs;
  /** Whether steps may have ended that others can not go on without. */
  #mayBlock = false;

  /** No step has ended. */
  constructor(program: Program, record: RunRecord) {
    this.#program = program;
    this.#record = record;
    this.#needs = needsOf(program.graph, program.targets);
  }

  /** A step has ended; those that can not run any more, or need not, end too. */
  end(place: number, status: Status, error?: unknown): void {
    const record = this.#record;
    record.ended(place, status, error);
    if (status !== "SUCCEEDED") this.#mayBlock = true;
    if (this.#mayBlock) this.#follow(place);
    if (status !== "SUCCEEDED" || this.#needs.joins?.get(place)?.join !== "any") return;
    const isOpen = (of: number): boolean => !isFinal(record.stateOf(of));
    for (const of of noLongerNeeded(this.#needs, place, isOpen)) record.cancelled(of);
    this.#mayBlock = true;
  }

  /** How a step ends that may not run: a branch as the case that it takes, of which the backend only knows that it has no value. */
  skipOf(place: number): "SKIPPED" | "CANCELLED" {
    if (controlAt(this.#program, place)?.kind !== "branch") return "SKIPPED";
    const data = [...this.#needs.joins?.get(place)?.data ?? []];
    return data.some((of) => this.#endOf(of) === End.Failed) ? "CANCELLED" : "SKIPPED";
  }

  /** The first of the failed steps whose failure is not handled, or −1. */
  firstUnhandled(failed: readonly number[]): number {
    return firstUnhandled(this.#needs, failed, (place) => this.#record.stateOf(place));
  }

  #follow(from: number): void {
    const { parents, children, joins } = this.#needs;
    const open = [from];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      for (const child of children.list.subarray(children.start[place], children.start[place + 1])) {
        if (isFinal(this.#record.stateOf(child))) continue;
        const above = parents.list.subarray(parents.start[child], parents.start[child + 1]);
        const { standing } = tallyOf(joins?.get(child), above, (parent) => this.#endOf(parent));
        if (standing !== "cancelled" && standing !== "skipped") continue;
        this.#record.ended(child, standing === "skipped" ? "SKIPPED" : "CANCELLED");
        open.push(child);
      }
    }
  }

  #endOf(place: number): End {
    return endOf(this.#record.stateOf(place));
  }
}
