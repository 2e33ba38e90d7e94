/**
 * Steps of a run that another worker holds: this one runs them, and reports to the holder.
 *
 * @module
 */
import type { RunRecord, StepClaim, StepReport, StoredValue } from "../../storage/runtime/records.ts";
import type { Program } from "../program.ts";
import { isFinal } from "../status.ts";
import { CancelledError, errorRecord, LeaseLostError } from "../errors.ts";
import type { Executable } from "./executable.ts";
import type { RunHost } from "./run_host.ts";
import { makeAttempt } from "./step_call.ts";

/** How often, in milliseconds, a worker looks whether the run of a lent step still goes on. */
const LOOK_EVERY = 500;

/** How many programs are kept, because more steps of the same runs are likely to follow. */
const PROGRAMS = 8;

/** Runs lent steps for one worker. */
export class LentSteps {
  readonly #host: RunHost;
  readonly #programs = new Map<string, Promise<Program>>();

  /** `onRoom` waits for room for one more step. */
  constructor(host: RunHost, readonly onRoom: () => Promise<void>) {
    this.#host = host;
  }

  /** Runs the steps of one claim as there is room, and reports each. */
  async run(executable: Executable, claim: StepClaim): Promise<void> {
    const { clock, storage } = this.#host;
    const { run, offer } = claim;
    const stop = new AbortController();
    let open = offer.places.length;
    const look = async (): Promise<void> => {
      const now = await storage.readRun(run.id).catch(() => run);
      if (now === undefined || isFinal(now.status)) stop.abort(new CancelledError(`Run ${run.id} has ended.`));
      else looking = clock.setTimer(LOOK_EVERY, () => void look());
    };
    let looking = clock.setTimer(LOOK_EVERY, () => void look());
    const runOne = async (place: number, attempt: number): Promise<void> => {
      const { report, value } = await this.#attempt(executable, claim, place, attempt, stop.signal);
      if (!stop.signal.aborted) await storage.report(claim, report, value, --open === 0);
    };
    try {
      const work: Promise<void>[] = [];
      for (const [i, place] of offer.places.entries()) {
        await this.onRoom();
        work.push(runOne(place, claim.steps[i]!.attempt).finally(() => this.#host.freeRoom()));
      }
      await Promise.all(work);
    } catch (error) {
      if (!(error instanceof LeaseLostError)) throw error;
    } finally {
      looking.cancel();
      stop.abort(new LeaseLostError(`Steps of run ${run.id} are not held by this worker any more.`));
    }
  }

  async #attempt(
    executable: Executable,
    { run, offer }: StepClaim,
    place: number,
    attempt: number,
    signal: AbortSignal,
  ): Promise<{ readonly report: StepReport; readonly value?: StoredValue }> {
    const { clock, codec, storage } = this.#host;
    const startedAt = clock.now();
    const ended = (outcome: StepReport["outcome"]) => ({
      report: { place, startedAt, endedAt: clock.now(), outcome },
    });
    if (this.#host.isDraining) return ended({ kind: "returned" });
    try {
      const program = await this.#programOf(executable, run);
      const read = new Set<number>();
      program.forEachRead(place, (of) => read.add(of));
      const places = [...read];
      const stored = await storage.readValues(run.id, places);
      const values: unknown[] = [];
      for (const [i, of] of places.entries()) {
        const value = stored[i];
        if (value !== undefined) values[of] = await codec.decode(value);
      }
      const outcome = await makeAttempt({
        executable,
        program,
        runId: run.id,
        place,
        attempt,
        values,
        plugins: [],
        fence: offer.fence,
        signal,
        clock,
        beginCall: (limit) => this.#host.beginCall(limit),
      });
      switch (outcome.kind) {
        case "succeeded":
          return { ...ended({ kind: "succeeded" }), value: await codec.encode(run.id, outcome.value) };
        case "retry":
          return ended({ kind: "retry", error: errorRecord(outcome.error), delay: outcome.delay });
        case "failed":
        case "skipped":
          return ended({ kind: outcome.kind, error: errorRecord(outcome.error) });
      }
    } catch (error) {
      return ended({ kind: "failed", error: errorRecord(error) });
    }
  }

  #programOf(executable: Executable, { id, input }: RunRecord): Promise<Program> {
    let program = this.#programs.get(id);
    if (program === undefined) {
      program = this.#host.codec.decodeInput(input).then((value) => executable.programFor(value));
      this.#programs.set(id, program);
      const [oldest] = this.#programs.keys();
      if (this.#programs.size > PROGRAMS && oldest !== undefined) this.#programs.delete(oldest);
    }
    return program;
  }
}
