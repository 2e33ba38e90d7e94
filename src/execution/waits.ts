/**
 * What the steps of one run in this process wait for: times, signals, and other runs. None of them holds a slot.
 *
 * @module
 */
import { Mailbox } from "../control/mailbox.ts";
import { signalNames, unknownSignal } from "../control/signal_names.ts";
import { checkedPayload, type Wait } from "../control/wait.ts";
import type { WorkflowDefinition } from "../definition.ts";
import { NotFoundError, StepFailedError, TimeoutError } from "../errors.ts";
import type { Execution } from "./execution.ts";

/** A signal that came. */
interface Letter {
  readonly payload: unknown;
}

/** The waits of one execution. */
export class Waits {
  /** Runs that steps wait for, or have waited for, by place. */
  readonly children: Map<number, Execution> = new Map();
  readonly #run: Execution;
  readonly #mailbox = new Mailbox<Letter>();
  /** Who is told that a step that waits has its signal, by place. */
  readonly #taken = new Map<number, (letter: Letter) => void>();

  /** Waits for nothing yet. */
  constructor(run: Execution) {
    this.#run = run;
  }

  /** A step begins to wait. */
  begin(place: number, wait: Wait): void {
    switch (wait.kind) {
      case "time":
        return this.#at(place, wait.until, () => this.#run.succeed(place, undefined));
      case "signal":
        if (wait.until !== undefined) this.#at(place, wait.until, () => this.#late(place, wait));
        return void this.#receive(place, wait);
      case "child": {
        const { definition, input } = wait;
        return this.#run.outlives(this.#join(place, definition, input, Infinity));
      }
      case "items": {
        const { setup } = this.#run;
        const { body, list } = wait;
        const definition = body.definition(setup.program.graph.names.at(place), list.length, {
          name: setup.workflowName,
          version: setup.version,
          policies: setup.policies,
        });
        return this.#run.outlives(this.#join(place, definition, list, body.limits.concurrency));
      }
    }
  }

  /**
   * A signal came. Who waits for it gets it, or it is kept.
   *
   * @throws {NotFoundError} If no node waits for a signal of this name, or the run has ended.
   */
  signal(name: string, payload: unknown): void {
    const { setup, record, id } = this.#run;
    const names = signalNames(setup.program.graph);
    if (names !== undefined && !names.includes(name)) {
      const child = [...this.children.values()].find((child) => child.waits.knows(name));
      if (child !== undefined) return child.waits.signal(name, payload);
      throw unknownSignal(name, setup.workflowName, names);
    }
    if (record.isFinished) {
      throw new NotFoundError(
        `Run ${id} of workflow \`${setup.workflowName}\` has ended, and waits for no signal any more.`,
        {
          workflow: setup.workflowName,
        },
      );
    }
    const letter = { payload };
    const place = this.#mailbox.deliver(name, letter);
    if (place >= 0) this.#taken.get(place)?.(letter);
  }

  /** Whether a node of the run, or of one that it waits for, waits for a signal of this name, and the run has not ended. */
  knows(name: string): boolean {
    const { setup, record } = this.#run;
    if (record.isFinished) return false;
    const names = signalNames(setup.program.graph);
    return names === undefined || names.includes(name) ||
      [...this.children.values()].some((child) => child.waits.knows(name));
  }

  async #receive(place: number, wait: Extract<Wait, { kind: "signal" }>): Promise<void> {
    const run = this.#run;
    const { name, schema } = wait;
    const stop = run.signalAt(place);
    const onStop = (): void => this.#mailbox.leave(name, place);
    stop.addEventListener("abort", onStop, { once: true });
    while (!run.isOver(place)) {
      let letter = this.#mailbox.wait(name, place);
      if (letter === undefined) {
        const { promise, resolve } = Promise.withResolvers<Letter>();
        this.#taken.set(place, resolve);
        letter = await promise;
        this.#taken.delete(place);
      }
      const checked = await checkedPayload(schema, letter.payload);
      if (run.isOver(place)) break;
      if ("value" in checked) run.succeed(place, checked.value);
      else run.record.warning(`The signal ${JSON.stringify(name)} was dropped: ${checked.refused}`, place);
    }
    stop.removeEventListener("abort", onStop);
    run.resume();
  }

  #late(place: number, { name }: Extract<Wait, { kind: "signal" }>): void {
    const { setup } = this.#run;
    const node = setup.program.graph.names.at(place);
    this.#mailbox.leave(name, place);
    this.#run.fail(
      place,
      new TimeoutError(
        `Node \`${node}\` of workflow \`${setup.workflowName}\` waited too long for the signal ${
          JSON.stringify(name)
        }.`,
        { workflow: setup.workflowName, node },
      ),
    );
  }

  /** Calls back at a time, unless the step has ended by then. */
  #at(place: number, until: number, due: () => void): void {
    const run = this.#run;
    const { clock } = run.setup;
    const stop = run.signalAt(place);
    let timer: { cancel(): void } | undefined;
    const onStop = (): void => timer?.cancel();
    const wait = (): void => {
      const left = until - clock.now();
      if (left > 0) {
        timer = clock.setTimer(left, wait);
        return;
      }
      stop.removeEventListener("abort", onStop);
      if (run.isOver(place)) return;
      due();
      run.resume();
    };
    stop.addEventListener("abort", onStop, { once: true });
    if (until <= clock.now()) queueMicrotask(wait);
    else wait();
  }

  /** Makes a run, and ends the step with it. */
  async #join(place: number, definition: WorkflowDefinition, input: unknown, concurrency: number): Promise<void> {
    const run = this.#run;
    const stop = run.signalAt(place);
    let child: Execution;
    try {
      child = await run.setup.nest(definition, input, {
        id: `${run.id}/${run.setup.program.graph.names.at(place)}`,
        concurrency,
        room: run.room,
      });
    } catch (error) {
      run.fail(place, error);
      return run.resume();
    }
    this.children.set(place, child);
    const onStop = (): void => void child.cancel();
    stop.addEventListener("abort", onStop, { once: true });
    if (stop.aborted) onStop();
    void child.drive();
    try {
      const value = await child.result();
      run.succeed(place, value);
    } catch (error) {
      if (child.record.status === "SKIPPED") run.skip(place);
      else run.fail(place, error instanceof StepFailedError && definition.isPart ? error.cause ?? error : error);
    }
    stop.removeEventListener("abort", onStop);
    run.resume();
  }
}
