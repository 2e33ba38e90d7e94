/**
 * Steps of a run that another worker holds: this one runs them, and reports to the holder.
 *
 * @module
 */
import type { RunRecord, StepClaim, StepReport, StoredValue } from "../../storage/runtime/records.ts";
import type { Program } from "../program.ts";
import { mayBecomeUnneeded } from "../handled.ts";
import { isFinal } from "../status.ts";
import type { RunTracer } from "../tracer.ts";
import { CancelledError, errorRecord, IntegrityError, LeaseLostError } from "../errors.ts";
import type { Executable } from "./executable.ts";
import { warn } from "../warning.ts";
import type { RunHost } from "./run_host.ts";
import { openRunTracer, tellAttempt } from "./run_trace.ts";
import type { PooledCalls } from "./step_pool.ts";
import { RunLifetime } from "../run_lifetime.ts";
import { makeAttempt } from "./step_call.ts";

/** How often, in milliseconds, a worker looks whether the run of a lent step still goes on. */
const LOOK_EVERY = 500;

/** How many programs are kept, because more steps of the same runs are likely to follow. */
const PROGRAMS = 8;

/** The graph of a run, and what makes its calls if this thread does not. */
interface LentProgram {
  readonly program: Program;
  readonly pooled: PooledCalls | undefined;
}

/** Runs lent steps for one worker. */
export class LentSteps {
  readonly #host: RunHost;
  readonly #programs = new Map<string, Promise<LentProgram>>();
  readonly #stops = new Set<AbortController>();

  /** `onRoom` waits for room for one more step. */
  constructor(host: RunHost, readonly onRoom: () => Promise<void>) {
    this.#host = host;
  }

  /** Ends the attempts at work, because the worker has no more time for them; their steps are given back. */
  abandon(reason: unknown): void {
    for (const stop of this.#stops) stop.abort(reason);
  }

  /** Runs the steps of one claim as there is room, and reports each. */
  async run(executable: Executable, claim: StepClaim): Promise<void> {
    const { clock, storage } = this.#host;
    const { run, offer } = claim;
    const stop = new AbortController();
    this.#stops.add(stop);
    const tracer = openRunTracer(this.#host, executable, run, "steps");
    const stops = stepStops(executable, claim, stop.signal);
    // The lent steps of one claim share what they make; who lends them never says that a run has ended.
    const lifetime = new RunLifetime({ workflowName: run.workflow, runId: run.id, signal: stop.signal });
    let [open, isOver] = [offer.places.length, false];
    const look = async (): Promise<void> => {
      const now = await storage.readRun(run.id).catch(() => run);
      if (now !== undefined && !isFinal(now.status)) {
        if (stops.size > 0) await this.#stopDropped(run.id, stops);
        if (open > 0) looking = clock.setTimer(LOOK_EVERY, () => void look());
      } else {
        isOver = true;
        stop.abort(new CancelledError(`Run ${run.id} has ended.`));
      }
    };
    let looking = clock.setTimer(LOOK_EVERY, () => void look());
    const runOne = async (place: number, attempt: number): Promise<void> => {
      const signal = stops.get(place)?.signal ?? stop.signal;
      const { report, value } = await this.#attempt(executable, claim, place, attempt, signal, tracer, lifetime);
      const isLast = --open === 0;
      // The last one ends the claim, so that none may come after it.
      if (isLast) await Promise.all(sent);
      // The last one is told also if nobody hears it, so that the store forgets the claim.
      if (isOver && !isLast) return;
      const told = this.#report(claim, report, value, isLast);
      sent.push(told);
      if (!await told) isOver = true;
    };
    const sent: Promise<boolean>[] = [];
    const work: Promise<void>[] = [];
    for (const [i, place] of offer.places.entries()) {
      await this.onRoom();
      work.push(runOne(place, claim.steps[i]!.attempt).finally(() => this.#host.freeRoom()));
    }
    await Promise.all(work);
    await lifetime.close();
    looking.cancel();
    tracer?.close("released");
    this.#stops.delete(stop);
  }

  /** Stops the steps that were cancelled, because nothing needs them any more. */
  async #stopDropped(runId: string, stops: ReadonlyMap<number, AbortController>): Promise<void> {
    const steps = await this.#host.storage.readSteps(runId).catch(() => []);
    for (const [place, stop] of stops) {
      if (steps[place]?.status === "CANCELLED") {
        stop.abort(new CancelledError(`Step ${place} of run ${runId} is not needed any more.`));
      }
    }
  }

  /** Reports, as often as it takes. Gives `false` if the steps are not held by this worker any more. */
  async #report(claim: StepClaim, report: StepReport, value: StoredValue | undefined, done: boolean): Promise<boolean> {
    const { clock, storage } = this.#host;
    for (let wait = 100;; wait = Math.min(2 * wait, 5_000)) {
      try {
        await storage.report(claim, report, value, done);
        return true;
      } catch (error) {
        if (error instanceof LeaseLostError) return false;
        const { id, workflow } = claim.run;
        warn(`A report on run ${id} failed and is tried again: ${String(error)}`, { workflow, run: id });
        await new Promise<void>((resolve) => clock.setTimer(wait, resolve));
      }
    }
  }

  async #attempt(
    executable: Executable,
    { run, offer }: StepClaim,
    place: number,
    attempt: number,
    signal: AbortSignal,
    tracer: RunTracer | undefined,
    lifetime: RunLifetime,
  ): Promise<{ readonly report: StepReport; readonly value?: StoredValue }> {
    const { clock, codec } = this.#host;
    const startedAt = clock.now();
    const ended = (outcome: StepReport["outcome"]) => ({
      report: { place, startedAt, endedAt: clock.now(), outcome },
    });
    if (this.#host.isDraining) return ended({ kind: "returned" });
    let lent: LentProgram;
    const values: unknown[] = [];
    try {
      lent = await this.#programOf(executable, run);
      await this.#read(lent.program, run.id, place, values);
    } catch (error) {
      // Nothing is known against the step: the holder of the run sees whether it gets what the step reads.
      const step = executable.definition.steps[place] ?? "";
      const message = `A step of run ${run.id} is given back, because what it reads was not to be had: ${
        String(error)
      }`;
      warn(message, { workflow: run.workflow, run: run.id, step, attempt });
      return ended({ kind: "returned" });
    }
    if (tracer !== undefined) {
      const step = lent.program.graph.names.at(place);
      tellAttempt((detail) => tracer.event(detail, startedAt), step, attempt);
    }
    try {
      const { program, pooled } = lent;
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
        lifetime,
        tracer,
        pooled,
        beginCall: (limit) => this.#host.beginCall(limit),
      });
      if (signal.aborted && outcome.kind !== "succeeded") return ended({ kind: "returned" });
      switch (outcome.kind) {
        case "succeeded":
          return {
            ...ended({ kind: "succeeded" }),
            value: await codec.encode(run.id, outcome.value, () => ({
              workflow: executable.definition.workflow,
              task: program.graph.names.at(place),
            })),
          };
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

  async #read(program: Program, runId: string, place: number, into: unknown[]): Promise<void> {
    const { codec, storage } = this.#host;
    const read = new Set<number>();
    program.forEachRead(place, (of) => read.add(of));
    const places = [...read];
    const stored = places.length === 0 ? [] : await storage.readValues(runId, places);
    for (const [i, of] of places.entries()) {
      const value = stored[i];
      if (value === undefined) throw new IntegrityError(`Step ${of} has no result.`);
      into[of] = await codec.decode(value);
    }
  }

  #programOf(executable: Executable, { id, input }: RunRecord): Promise<LentProgram> {
    let program = this.#programs.get(id);
    if (program === undefined) {
      program = this.#host.codec.decodeInput(input).then((value) => {
        const program = executable.programFor(value);
        return { program, pooled: this.#host.pool?.open(executable, program) };
      });
      this.#programs.set(id, program);
      program.catch(() => this.#programs.delete(id));
      const [oldest] = this.#programs.keys();
      if (this.#programs.size > PROGRAMS && oldest !== undefined) this.#forget(oldest);
    }
    return program;
  }

  #forget(id: string): void {
    // Steps that are at work have no objects, so that they go on.
    this.#programs.get(id)?.then(({ pooled }) => pooled?.close(), () => {});
    this.#programs.delete(id);
  }
}

/** What stops those of the lent steps that may turn out not to be needed; with `all` they stop too. */
function stepStops(
  { shape }: Executable,
  { offer, steps }: StepClaim,
  all: AbortSignal,
): ReadonlyMap<number, AbortController> {
  const may = mayBecomeUnneeded(shape);
  const stops = new Map(
    offer.places.flatMap((place): [number, AbortController][] =>
      may?.[place] === 1 ? [[place, new AbortController()]] : []
    ),
  );
  all.addEventListener("abort", () => stops.forEach((stop) => stop.abort(all.reason)), { once: true });
  for (const [i, place] of offer.places.entries()) {
    if (steps[i]!.status === "CANCELLED") {
      stops.get(place)?.abort(new CancelledError(`Step ${place} is not needed any more.`));
    }
  }
  return stops;
}
