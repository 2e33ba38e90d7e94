/**
 * Runs of the ten plain methods: steps by name, a queue, results. They have keys of their own and nothing to do with the runs of the
 * engine, but for reading: the state, result and inputs of a run of the engine are found under its name and id too.
 *
 * @module
 */
import { ConfigError, NotFoundError } from "../../../src/errors.ts";
import type { Status } from "../../../src/status.ts";
import { concatChunks, encode } from "../../codec/structured.ts";
import type { StoredValue } from "../records.ts";
import { type KvContext, removeAll, untilUnchanged } from "./context.ts";
import type { KvEntry, KvKey } from "../../kv/kv_like.ts";
import { formBytes, type StoredForm } from "./stored_form.ts";
import { Unit } from "../../kv/unit.ts";

/** A run, as it is stored. */
interface PlainRun {
  /** Part of the keys of everything else of the run, so that a run that was only half made is never seen. */
  readonly generation: string;
  /** The number of the next place in the queue. */
  readonly next: number;
}

/** A step, as it is stored. */
interface PlainStep {
  /** Its state. */
  readonly status: Status;
  /** Its place in the queue, if it is queued. */
  readonly queued: number | undefined;
  /** Which call changed it last: tells one's own write, whose reply was lost, from another's. */
  readonly by?: string;
}

/** Runs of the ten plain methods. */
export class PlainRuns {
  /** Keeps them where the context says. */
  constructor(private readonly context: KvContext) {}

  /** Makes a run. */
  async create(workflow: string, instance: string, steps: readonly string[]): Promise<void> {
    const { kv, keys, queue, clock } = this.context;
    const key = keys.plain(workflow, instance);
    if ((await kv.get(key)).versionstamp !== null) throw exists(workflow, instance);
    const run: PlainRun = { generation: clock.newId(), next: 0 };
    await Promise.all(steps.map((name) => {
      const unit = new Unit();
      const step: PlainStep = { status: "PENDING", queued: undefined };
      unit.set(this.#step(run, name), step, 80);
      return queue.submit(unit);
    }));
    const unit = new Unit();
    unit.guards.push(`plain ${JSON.stringify([workflow, instance])}`);
    unit.check(key, null);
    unit.set(key, run, 120);
    if (await queue.submit(unit) !== undefined) return;
    const found = await kv.get<PlainRun>(key);
    // Our own, whose reply was lost.
    if (found.value?.generation === run.generation) return;
    await removeAll(this.context, { prefix: keys.plainPart("plain-step", run.generation) });
    throw exists(workflow, instance);
  }

  /** Puts a step at the end of the queue. */
  async enqueue(workflow: string, instance: string, name: string): Promise<void> {
    const { keys, queue } = this.context;
    await untilUnchanged(`The queue of ${JSON.stringify(instance)}`, async () => {
      const run = await this.#needRun(workflow, instance);
      const step = await this.#needStep(workflow, instance, run.value, name);
      if (step.value.queued !== undefined) return true;
      const { generation, next } = run.value;
      const unit = this.#unit(workflow, instance, run);
      unit.check(step.key, step.versionstamp);
      unit.set(run.key, { generation, next: next + 1 }, 120);
      unit.set(step.key, { ...step.value, queued: next }, 80);
      unit.set([...keys.plainPart("plain-queue", generation), next], name, 2 * name.length);
      return await queue.submit(unit) === undefined ? undefined : true;
    });
  }

  /** Takes the first step from the queue. */
  async fetchNext(workflow: string, instance: string): Promise<string | null> {
    const { kv, keys, queue } = this.context;
    const by = this.context.newMark();
    const taken = await untilUnchanged(`The queue of ${JSON.stringify(instance)}`, async () => {
      const run = await this.#run(workflow, instance);
      if (run === undefined) return "nothing";
      const selector = { prefix: keys.plainPart("plain-queue", run.value.generation) };
      const first = await kv.list<string>(selector, { limit: 1 }).next();
      if (first.done === true) return "nothing";
      const { key, value: name, versionstamp } = first.value;
      const step = await this.#needStep(workflow, instance, run.value, name);
      const unit = this.#unit(workflow, instance, run);
      unit.check(key, versionstamp);
      unit.check(step.key, step.versionstamp);
      unit.delete(key);
      unit.set(step.key, { ...step.value, queued: undefined, by }, 160);
      if (await queue.submit(unit) !== undefined) return { name };
      return (await kv.get<PlainStep>(step.key)).value?.by === by ? { name } : undefined;
    });
    return taken === "nothing" ? null : taken.name;
  }

  /** Sets the state of a step that has not succeeded. */
  async setState(workflow: string, instance: string, name: string, status: Status): Promise<void> {
    const by = this.context.newMark();
    await this.#change(workflow, instance, name, (unit, step) => {
      // Done by this very call, and the reply was lost.
      if (step.value.by === by) return false;
      unit.set(step.key, { ...step.value, status, by }, 160);
      return true;
    });
  }

  /** The state of a step; `undefined` if the run is unknown, `null` if the step is. */
  async getState(workflow: string, instance: string, name: string): Promise<Status | null | undefined> {
    const run = await this.#run(workflow, instance);
    if (run === undefined) return undefined;
    const step = await this.context.kv.get<PlainStep>(this.#step(run.value, name));
    return step.value?.status ?? null;
  }

  /** Keeps the inputs of the run. */
  async setInputs(workflow: string, instance: string, inputs: Record<string, unknown>): Promise<void> {
    const { value: run } = await this.#needRun(workflow, instance);
    const form = await this.context.forms.any(run.generation, valueOf(inputs));
    const unit = new Unit();
    unit.set(this.context.keys.plainPart("plain-inputs", run.generation), form, formBytes(form));
    await this.context.queue.submit(unit);
  }

  /** The inputs of the run, encoded; `undefined` if the run is unknown, `null` if none were kept. */
  async getInputs(workflow: string, instance: string): Promise<StoredValue | null | undefined> {
    const run = await this.#run(workflow, instance);
    if (run === undefined) return undefined;
    return await this.#read(run.value, this.context.keys.plainPart("plain-inputs", run.value.generation));
  }

  /** Keeps the result of a step that has not succeeded. */
  async setResult(workflow: string, instance: string, name: string, result: unknown): Promise<void> {
    const { value: run } = await this.#needRun(workflow, instance);
    const form = await this.context.forms.any(run.generation, valueOf(result));
    await this.#change(workflow, instance, name, (unit) => {
      unit.set(this.#result(run, name), form, formBytes(form));
      return true;
    });
  }

  /** The result of a step, encoded; `undefined` if the run is unknown, `null` if there is none. */
  async getResult(workflow: string, instance: string, name: string): Promise<StoredValue | null | undefined> {
    const run = await this.#run(workflow, instance);
    return run && await this.#read(run.value, this.#result(run.value, name));
  }

  /** Empties the queue. */
  async finalize(workflow: string, instance: string): Promise<void> {
    while (await this.fetchNext(workflow, instance) !== null);
  }

  async #change(
    workflow: string,
    instance: string,
    name: string,
    write: (unit: Unit, step: KvEntry<PlainStep>) => boolean,
  ): Promise<void> {
    await untilUnchanged(`Step ${JSON.stringify(name)}`, async () => {
      const run = await this.#needRun(workflow, instance);
      const step = await this.#needStep(workflow, instance, run.value, name);
      const unit = this.#unit(workflow, instance, run, false);
      unit.check(step.key, step.versionstamp);
      if (!write(unit, step)) return true;
      if (step.value.status === "SUCCEEDED") {
        throw new ConfigError(
          `Step ${JSON.stringify(name)} of run ${
            JSON.stringify(instance)
          } has succeeded: what was committed does not change.`,
          { workflow, node: name },
        );
      }
      return await this.context.queue.submit(unit) === undefined ? undefined : true;
    });
  }

  #unit(workflow: string, instance: string, run: KvEntry<PlainRun>, checked = true): Unit {
    const unit = new Unit();
    unit.guards.push(`plain ${JSON.stringify([workflow, instance])}`);
    if (checked) unit.check(run.key, run.versionstamp);
    return unit;
  }

  async #run(workflow: string, instance: string): Promise<KvEntry<PlainRun> | undefined> {
    const entry = await this.context.kv.get<PlainRun>(this.context.keys.plain(workflow, instance));
    return entry.versionstamp === null ? undefined : entry;
  }

  async #needRun(workflow: string, instance: string): Promise<KvEntry<PlainRun>> {
    const run = await this.#run(workflow, instance);
    if (run !== undefined) return run;
    throw new NotFoundError(`There is no run ${JSON.stringify(instance)} of workflow ${JSON.stringify(workflow)}.`, {
      workflow,
    });
  }

  async #needStep(workflow: string, instance: string, run: PlainRun, name: string): Promise<KvEntry<PlainStep>> {
    const entry = await this.context.kv.get<PlainStep>(this.#step(run, name));
    if (entry.versionstamp !== null) return entry;
    throw new NotFoundError(
      `Run ${JSON.stringify(instance)} of workflow ${JSON.stringify(workflow)} has no step ${JSON.stringify(name)}.`,
      { workflow, node: name },
    );
  }

  async #read(run: PlainRun, key: KvKey): Promise<StoredValue | null> {
    const entry = await this.context.kv.get<StoredForm>(key);
    return entry.value === null ? null : await this.context.forms.read(run.generation, entry.value);
  }

  #step(run: PlainRun, name: string): KvKey {
    return [...this.context.keys.plainPart("plain-step", run.generation), name];
  }

  #result(run: PlainRun, name: string): KvKey {
    return [...this.context.keys.plainPart("plain-value", run.generation), name];
  }
}

/** A value as it is kept. */
function valueOf(value: unknown): StoredValue {
  return { kind: "bytes", bytes: concatChunks(encode(value)) };
}

function exists(workflow: string, instance: string): ConfigError {
  return new ConfigError(`Run ${JSON.stringify(instance)} of workflow ${JSON.stringify(workflow)} exists.`, {
    workflow,
  });
}
