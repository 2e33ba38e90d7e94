/**
 * What steps of a run at work here wait for that no step of the run does: times, signals, other runs. None of them takes room, and a run
 * that only waits is given up until something comes.
 *
 * @module
 */
import { Mailbox } from "../control/mailbox.ts";
import { checkedPayload, type Wait } from "../control/wait.ts";
import type { NewRun, StoredValue } from "../../storage/runtime/records.ts";
import { CancelledError, StepFailedError, TimeoutError } from "../errors.ts";
import type { AttemptOutcome } from "../attempt.ts";
import { isFinal } from "../status.ts";
import type { ActiveRun } from "./active_run.ts";
import { childRunId } from "./child_runs.ts";
import { type ChildWait, newChild } from "./new_child.ts";
import { controlAt, controlOutcome, controlReads } from "../control/outcome.ts";
import { end, isReady, skip } from "./run_step.ts";
import { endOfPhase } from "./step_records.ts";
import { hasEnded } from "./transitions.ts";
import { UnderWay } from "./under_way.ts";

/** A signal as it lies in the mail. */
interface Letter {
  readonly id: string;
  readonly payload: StoredValue;
}

/** For how many milliseconds a run is held although it only waits for others: most of them end soon. */
const PATIENCE = 2_000;

/** The shortest and the longest time, in milliseconds, between two looks at a run that is about to end. */
const SHORTEST_LOOK = 2;
const LONGEST_LOOK = 1_000;

/** The waits of one run. */
export class RunWaits {
  readonly #run: ActiveRun;
  readonly #waits = new Map<number, Wait>();
  readonly #mailbox = new Mailbox<Letter>();
  /** Runs that were there before steps of a run that is tried again began to wait for them: they may be about to end because it was cancelled. */
  readonly #mayBeEnding = new Map<number, NewRun>();
  /** Steps that are about to wait: for a run that is made, or since a holder before began with it. */
  readonly #resuming = new Map<number, Promise<void>>();
  /** Steps that do not wait yet, and whose run was told to have ended: calls that say that this is dealt with. */
  readonly #told = new Map<number, () => void>();
  /** What is under way after which a step may end. */
  readonly #underWay: UnderWay;
  /** Until when the run is held although it only waits for others. */
  #heldUntil = 0;
  #holding = false;
  #isStopped = false;

  /** Waits for nothing yet. */
  constructor(run: ActiveRun) {
    this.#run = run;
    this.#underWay = new UnderWay(run);
  }

  /** Whether something is under way after which a step may end. */
  get isBusy(): boolean {
    return this.#underWay.isBusy;
  }

  /** Whether the run is to be held for a while, although it only waits for others. */
  get isPatient(): boolean {
    return this.#heldUntil > this.#run.host.clock.now();
  }

  /**
   * A ready step is to wait for a run. It waits once there is one: a holder that dies before that leaves a step that is ready, so that the
   * next one knows that it has to try a run again that was there before.
   */
  start(place: number, wait: ChildWait): void {
    const run = this.#run;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#resuming.set(place, promise);
    run.taken++;
    this.#underWay.do(() => this.#start(place, wait, true), () => {
      run.taken--;
      this.#resuming.delete(place);
      resolve();
    });
  }

  /** A step waits from now on; its time, if it has one, is among the run's timers. */
  begin(place: number, wait: Wait): void {
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
        this.#underWay.do(() => this.#start(place, wait, false));
        return;
    }
  }

  /** A step waits that a holder before began with. */
  resume(place: number): void {
    const run = this.#run;
    if (run.state.steps[place]!.wakeAt > 0) run.setTimer(place);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#resuming.set(place, promise);
    this.#underWay.do(async () => {
      // It may have been cancelled, and so the run that the step waits for.
      await run.begun;
      if (run.state.steps[place]!.phase !== "awaiting") return;
      const values = run.values!;
      const endOf = (of: number) => endOfPhase(run.state.steps[of]!.phase);
      const missing = [...controlReads(values.program, place, { endOf, winner: -1 })].filter((of) => !values.has(of));
      if (missing.length > 0) await values.load(missing);
      const control = controlAt(values.program, place);
      if (control === undefined || run.state.steps[place]!.phase !== "awaiting") return;
      const now = run.host.clock.now();
      const outcome = controlOutcome(values.program, place, control, { values: values.values, endOf, winner: -1, now });
      if (outcome.kind === "waits") this.begin(place, outcome.wait);
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
      this.#mailbox.leave(wait.name, place);
      const message = `Node \`${node}\` of workflow \`${workflow}\` waited too long for the signal ${
        JSON.stringify(wait.name)
      }.`;
      this.#end(place, { kind: "failed", error: new TimeoutError(message, { workflow, node }) });
    }
  }

  /** A signal came. If no step waits for it, it stays in the mail. */
  signal(id: string, name: string, payload: StoredValue): void {
    const letter = { id, payload };
    this.#hand(this.#mailbox.deliver(name, letter), letter);
  }

  #hand(place: number, letter: Letter): void {
    const wait = this.#waits.get(place);
    if (wait?.kind === "signal") this.#take(place, wait, letter);
  }

  /** The run that a step waits for has ended, or is about to. `handled` is called once that is dealt with. */
  childEnded(place: number, handled: () => void): void {
    this.#underWay.do(async () => {
      await this.#resuming.get(place);
      const { phase } = this.#run.state.steps[place]!;
      // A holder before has begun with the step, and could not commit that. It is told once it waits again.
      if (phase !== "awaiting" && !hasEnded(phase)) return void this.#told.set(place, handled);
      await this.#join(place);
      // One that still waits is left to whoever takes the run over, and is told by the same message.
      if (!this.#waits.has(place)) handled();
    });
  }

  /** The run that a step waits for has ended at work in this process, so that its values are here. */
  endedHere(place: number, child: ActiveRun): void {
    if (this.#isWaiting(place)) this.#underWay.do(() => this.#join(place, child));
  }

  /** A step waits no more, because nothing needs it. */
  drop(place: number): void {
    const wait = this.#waits.get(place);
    // It may not be known yet what it waits for.
    if (wait === undefined && !this.#resuming.has(place)) return;
    this.#waits.delete(place);
    if (wait?.kind === "signal") this.#mailbox.leave(wait.name, place);
    this.cancelChild(place);
  }

  /** The run that a step has waited for is to end, if it has waited for one. The run does not end before it was told so. */
  cancelChild(place: number): void {
    const run = this.#run;
    if (!run.executable.hasChild(place)) return;
    const cancel = async (): Promise<void> => {
      // Only what is committed has happened: else the next holder finds that the run was cancelled, and waits for it still.
      await run.commits.settled();
      if (!run.isAtWork) return;
      // A run that was cancelled may be tried again once it has ended, and then tries those again that it waits for.
      await run.host.findChild(this.#childId(place), run.executable.childAt(place));
      const mayGo = (): boolean => !run.state.cancelled || !run.isAtWork || run.host.isDraining;
      await run.host.children.cancel(this.#childId(place), run.claim, mayGo);
    };
    this.#underWay.do(cancel, () => {}, () => false);
  }

  /** The run was cancelled, or can not go on: nothing is waited for any more. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const place of new Set([...this.#waits.keys(), ...this.#resuming.keys()])) this.drop(place);
  }

  /** The run is not at work here any more. */
  left(): void {
    this.#underWay.left();
  }

  #take(place: number, { name, schema }: Extract<Wait, { kind: "signal" }>, letter: Letter): void {
    const run = this.#run;
    this.#underWay.do(async () => {
      const checked = await checkedPayload(schema, await run.host.codec.decodeInput(letter.payload));
      if (!this.#isWaiting(place)) return this.#hand(this.#mailbox.giveBack(name, letter), letter);
      if ("value" in checked) return this.#end(place, { kind: "succeeded", value: checked.value }, letter);
      run.pending.handled(letter.id);
      const message = `The signal ${JSON.stringify(name)} was dropped: ${checked.refused}`;
      run.pending.event({ event: "warning", place, timestamp: run.host.clock.now(), message });
      run.host.warn(message, run);
      const wait = this.#waits.get(place);
      if (wait !== undefined) this.begin(place, wait);
    });
  }

  async #start(place: number, wait: ChildWait, isNew: boolean): Promise<void> {
    const made = await newChild(this.#run, place, wait);
    if ("error" in made) return this.#failed(place, wait, isNew, made.error);
    const { child, executable } = made;
    // A try before this one may have come as far as that the step waits.
    const isFirst = isNew && isReady(this.#run, place);
    if (!isFirst && !this.#isWaiting(place)) return;
    const { run: record, isOld } = await this.#run.host.startChild(child, executable, isFirst, this.#run.claim);
    this.#hold();
    if (isFirst) this.#await(place, wait);
    if (!this.#isWaiting(place)) return this.#run.isAtWork ? this.cancelChild(place) : undefined;
    if (isFirst && isOld) this.#mayBeEnding.set(place, child);
    const told = this.#told.get(place);
    if (isFinal(record.status) || told !== undefined) await this.#join(place);
    if (told !== undefined && !this.#waits.has(place)) told();
  }

  /** A step fails before there is a run that it could wait for. */
  #failed(place: number, wait: ChildWait, isNew: boolean, error: unknown): void {
    if (isNew) this.#await(place, wait);
    if (this.#isWaiting(place)) this.#end(place, { kind: "failed", error });
  }

  /** A step that is still ready waits for a run from now on. */
  #await(place: number, wait: ChildWait): void {
    const run = this.#run;
    if (!isReady(run, place)) return;
    run.apply({ kind: "awaited", place, at: run.host.clock.now(), until: 0 });
    run.pending.urgent = true;
    this.#waits.set(place, wait);
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
          await this.#underWay.pause(pause);
          break;
        case "skipped":
          this.#waits.delete(place);
          return skip(this.#run, place);
        case "failed": {
          const { error } = outcome;
          const ending = this.#mayBeEnding.get(place);
          this.#mayBeEnding.delete(place);
          if (ending !== undefined && error instanceof CancelledError) {
            await host.startChild(ending, executable.childAt(place), true, this.#run.claim);
            return;
          }
          const isItems = executable.childAt(place).definition.itemSteps !== undefined;
          const cause = isItems && error instanceof StepFailedError ? error.cause ?? error : error;
          return this.#end(place, { kind: "failed", error: cause });
        }
        case "succeeded":
          return this.#end(place, outcome);
      }
    }
  }

  /** Ends a step. The signal that it has is dealt with in the same commit: else a crash could lose it, or hand it out again. */
  #end(place: number, outcome: Extract<AttemptOutcome, { kind: "succeeded" | "failed" }>, letter?: Letter): void {
    this.#waits.delete(place);
    this.#underWay.do(async () => await end(this.#run, place, outcome, letter?.id));
  }

  #isWaiting(place: number): boolean {
    return this.#run.isAtWork && this.#waits.has(place);
  }

  #childId(place: number): string {
    return childRunId(this.#run.id, this.#run.executable.definition.steps[place]!);
  }

  /** Has the run held for a while. */
  #hold(): void {
    this.#heldUntil = this.#run.host.clock.now() + PATIENCE;
    if (!this.#holding) void this.#letGo();
  }

  async #letGo(): Promise<void> {
    const { clock } = this.#run.host;
    this.#holding = true;
    while (this.#run.isAtWork && this.isPatient) await this.#underWay.pause(this.#heldUntil - clock.now());
    this.#holding = false;
    this.#run.settle();
  }
}
