/**
 * What steps of a run at work here wait for that no step of the run does: times, signals, other runs. None of them takes room, and a run
 * that only waits is given up until something comes.
 *
 * @module
 */
import { Mailbox } from "../control/mailbox.ts";
import { checkedPayload, type Wait } from "../control/wait.ts";
import type { NewRun, StoredValue } from "../../storage/runtime/records.ts";
import { CancelledError, FusewireError, StepFailedError, TimeoutError } from "../errors.ts";
import type { AttemptOutcome } from "../attempt.ts";
import { isFinal } from "../status.ts";
import type { ActiveRun } from "./active_run.ts";
import { childRunId } from "./child_runs.ts";
import { controlAt, controlOutcome, controlReads } from "../control/outcome.ts";
import { end, skip } from "./run_step.ts";
import { endOfPhase } from "./step_records.ts";

/** A signal as it lies in the mail. */
interface Letter {
  readonly id: string;
  readonly payload: StoredValue;
}

/** For how many milliseconds a run is held although it only waits for others: most of them end soon. */
const PATIENCE = 2_000;

/** After how many milliseconds it is tried again to ask the store, if it failed. */
const AGAIN_AFTER = 1_000;

/** The shortest and the longest time, in milliseconds, between two looks at a run that is about to end. */
const SHORTEST_LOOK = 2;
const LONGEST_LOOK = 1_000;

/** The waits of one run. */
export class RunWaits {
  readonly #run: ActiveRun;
  readonly #waits = new Map<number, Wait>();
  readonly #mailbox = new Mailbox<Letter>();
  /** Steps that a holder before began with, until it is known again what they wait for. */
  readonly #resuming = new Map<number, Promise<void>>();
  /** How many things are under way after which a step may end. */
  #underWay = 0;
  /** Until when the run is held although it only waits for others. */
  #heldUntil = 0;
  #holding = false;

  /** Waits for nothing yet. */
  constructor(run: ActiveRun) {
    this.#run = run;
  }

  /** Whether something is under way after which a step may end. */
  get isBusy(): boolean {
    return this.#underWay > 0;
  }

  /** Whether the run is to be held for a while, although it only waits for others. */
  get isPatient(): boolean {
    return this.#heldUntil > this.#run.host.clock.now();
  }

  /** A step waits from now on; its time, if it has one, is among the run's timers. `isNew` tells that no holder before began with it. */
  begin(place: number, wait: Wait, isNew: boolean): void {
    this.#waits.set(place, wait);
    switch (wait.kind) {
      case "time":
        return;
      case "signal": {
        const letter = this.#mailbox.wait(wait.name, place);
        if (letter !== undefined) this.#take(place, wait, letter);
        return;
      }
      case "child":
      case "items":
        this.#do(() => this.#start(place, wait, isNew));
        return;
    }
  }

  /** A step waits that a holder before began with. */
  resume(place: number): void {
    const run = this.#run;
    if (run.state.steps[place]!.wakeAt > 0) run.setTimer(place);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#resuming.set(place, promise);
    this.#do(async () => {
      const values = run.values!;
      const endOf = (of: number) => endOfPhase(run.state.steps[of]!.phase);
      const missing = [...controlReads(values.program, place, { endOf, winner: -1 })].filter((of) => !values.has(of));
      if (missing.length > 0) await values.load(missing);
      const control = controlAt(values.program, place);
      if (control === undefined || run.state.steps[place]!.phase !== "awaiting") return;
      const now = run.host.clock.now();
      const outcome = controlOutcome(values.program, place, control, { values: values.values, endOf, winner: -1, now });
      if (outcome.kind === "waits") this.begin(place, outcome.wait, false);
      else if (outcome.kind === "failed") this.#end(place, outcome);
    }, () => {
      this.#resuming.delete(place);
      resolve();
    });
  }

  /** The time of a step has come. */
  due(place: number): void {
    const run = this.#run;
    const wait = this.#waits.get(place);
    if (wait === undefined) {
      // It is not known yet what it waits for.
      void this.#resuming.get(place)?.then(() => this.due(place));
      return;
    }
    if (run.host.clock.now() < run.state.steps[place]!.wakeAt) return run.setTimer(place);
    if (wait.kind === "time") this.#end(place, { kind: "succeeded", value: undefined });
    else if (wait.kind === "signal") {
      const node = run.executable.definition.steps[place]!;
      const { workflow } = run.run;
      const message = `Node \`${node}\` of workflow \`${workflow}\` waited too long for the signal ${
        JSON.stringify(wait.name)
      }.`;
      this.#end(place, { kind: "failed", error: new TimeoutError(message, { workflow, node }) });
    }
  }

  /** A signal came. If no step waits for it, it stays in the mail. */
  signal(id: string, name: string, payload: StoredValue): void {
    const letter = { id, payload };
    const place = this.#mailbox.deliver(name, letter);
    const wait = this.#waits.get(place);
    if (wait?.kind === "signal") this.#take(place, wait, letter);
  }

  /** The run that a step waits for has ended, or is about to. `handled` is called once that is dealt with. */
  childEnded(place: number, handled: () => void): void {
    this.#do(async () => {
      await this.#resuming.get(place);
      await this.#join(place);
      // One that still waits is left to whoever takes the run over, and is told by the same message.
      if (!this.#waits.has(place)) handled();
    });
  }

  /**
   * The run that a step waits for is about to end at work in the same worker. What is returned is called with it once it has, or with nothing if
   * it could not. So nobody has to be told by a message: who takes over both looks at what they wait for. `undefined` if the step does not wait.
   */
  expectEnd(place: number): ((child: ActiveRun | undefined) => void) | undefined {
    if (!this.#isWaiting(place) || this.#run.commits.isLeaving) return undefined;
    const { promise, resolve } = Promise.withResolvers<ActiveRun | undefined>();
    this.#do(async () => {
      const child = await promise;
      if (child !== undefined) await this.#join(place, child);
    });
    return resolve;
  }

  /** A step waits no more, because nothing needs it. */
  drop(place: number): void {
    const wait = this.#waits.get(place);
    if (wait === undefined) return;
    this.#waits.delete(place);
    if (wait.kind === "signal") this.#mailbox.leave(wait.name, place);
    else if (wait.kind !== "time") this.#do(() => this.#run.host.children.cancel(this.#childId(place)));
  }

  /** The run was cancelled: nothing is waited for any more. */
  stop(): void {
    for (const place of [...this.#waits.keys()]) this.drop(place);
  }

  #take(place: number, { name, schema }: Extract<Wait, { kind: "signal" }>, letter: Letter): void {
    const run = this.#run;
    this.#do(async () => {
      const checked = await checkedPayload(schema, await run.host.codec.decodeInput(letter.payload));
      if (!this.#isWaiting(place)) return this.signal(letter.id, name, letter.payload);
      run.pending.handled(letter.id);
      if ("value" in checked) return this.#end(place, { kind: "succeeded", value: checked.value });
      const message = `The signal ${JSON.stringify(name)} was dropped: ${checked.refused}`;
      run.pending.event({ event: "warning", place, timestamp: run.host.clock.now(), message });
      run.host.warn(message, run);
      const wait = this.#waits.get(place);
      if (wait !== undefined) this.begin(place, wait, false);
    });
  }

  async #start(place: number, wait: Extract<Wait, { kind: "child" | "items" }>, isNew: boolean): Promise<void> {
    const { host, run, executable } = this.#run;
    const id = this.#childId(place);
    const nested = executable.childAt(place);
    let child: NewRun;
    try {
      const input = wait.kind === "items" ? wait.list : await wait.definition.checkInput(wait.input);
      const { workflow, version, schema, itemSteps, steps } = nested.definition;
      const now = host.clock.now();
      child = {
        workflow,
        version,
        schema,
        id,
        size: wait.kind === "items" ? wait.list.length * (itemSteps ?? 1) + 1 : steps.length,
        input: await host.codec.encodeInput(id, input, workflow),
        queue: nested.ownQueue ?? run.queue,
        priority: run.priority,
        tags: run.tags,
        createdAt: now,
        dueAt: now,
        parent: { run: run.id, place },
        ...(run.trace === undefined ? {} : { trace: run.trace }),
      };
      await host.know(nested);
    } catch (error) {
      if (!(error instanceof FusewireError)) throw error;
      return this.#end(place, { kind: "failed", error });
    }
    if (!this.#isWaiting(place)) return;
    const record = await host.startChild(child, nested, isNew);
    this.#hold();
    if (!this.#isWaiting(place)) return await host.children.cancel(id);
    if (isFinal(record.status)) await this.#join(place);
  }

  /** Ends a step as the run ended that it waits for; if that is about to end, once it has. */
  async #join(place: number, here?: ActiveRun): Promise<void> {
    const { host, executable } = this.#run;
    for (let pause = SHORTEST_LOOK; this.#isWaiting(place); pause = Math.min(LONGEST_LOOK, 2 * pause)) {
      const outcome = await host.children.outcome(this.#childId(place), here);
      if (!this.#isWaiting(place)) return;
      this.#hold();
      switch (outcome.kind) {
        case "open":
          // Whoever takes the run over is told by the same message.
          if (host.isDraining) return;
          await new Promise<void>((resolve) => host.clock.setTimer(pause, resolve));
          break;
        case "skipped":
          this.#waits.delete(place);
          return skip(this.#run, place);
        case "failed": {
          const { error } = outcome;
          const isItems = executable.childAt(place).definition.itemSteps !== undefined;
          const cause = isItems && error instanceof StepFailedError ? error.cause ?? error : error;
          return this.#end(place, { kind: "failed", error: cause });
        }
        case "succeeded":
          return this.#end(place, outcome);
      }
    }
  }

  #end(place: number, outcome: Extract<AttemptOutcome, { kind: "succeeded" | "failed" }>): void {
    this.#waits.delete(place);
    this.#do(async () => await end(this.#run, place, outcome));
  }

  #isWaiting(place: number): boolean {
    return this.#run.isAtWork && this.#waits.has(place);
  }

  #childId(place: number): string {
    return childRunId(this.#run.id, this.#run.executable.definition.steps[place]!);
  }

  /** Does something after which a step may have ended, as often as it takes. */
  #do(work: () => Promise<void>, done: () => void = () => {}): void {
    this.#underWay++;
    void this.#again(work).finally(() => {
      this.#underWay--;
      done();
      this.#run.pump();
      this.#run.settle();
    });
  }

  async #again(work: () => Promise<void>): Promise<void> {
    const { host, id } = this.#run;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!this.#run.isAtWork || host.isDraining || error instanceof CancelledError) return;
        host.warn(`What run ${id} waits for could not be looked at, which is tried again: ${String(error)}`, this.#run);
        await new Promise<void>((resolve) => host.clock.setTimer(AGAIN_AFTER, resolve));
      }
    }
  }

  /** Has the run held for a while. */
  #hold(): void {
    const { clock } = this.#run.host;
    this.#heldUntil = clock.now() + PATIENCE;
    if (this.#holding) return;
    this.#holding = true;
    const look = (): void => {
      const left = this.#heldUntil - clock.now();
      if (left > 0 && this.#run.isAtWork) {
        clock.setTimer(left, look);
        return;
      }
      this.#holding = false;
      this.#run.settle();
    };
    clock.setTimer(PATIENCE, look);
  }
}
