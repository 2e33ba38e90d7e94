/**
 * A plain store for one worker.
 *
 * @module
 */
import { ConfigError } from "../../src/errors.ts";
import type { Status } from "../../src/status.ts";
import { KeyLocks } from "../key_locks.ts";
import type { ClaimRunAnswer, EngineStorage, RunCommit } from "./engine_storage.ts";
import type { FilledRun } from "./filled_run.ts";
import { MemoryRuntimeStorage } from "./memory.ts";
import { definitionOfRun } from "./item_definition.ts";
import type { Claim, NewRun, SessionRecord } from "./records.ts";
import type { RuntimeStorage } from "./runtime_storage.ts";
import { PlainMirror } from "./single_worker_mirror.ts";
import { restoredRun } from "./single_worker_restore.ts";

/** The session that is at work on each store, so that two runtimes of a process do not share one. */
const AT_WORK = new WeakMap<RuntimeStorage, SessionRecord>();

/**
 * Lets a store with only the ten methods of `RuntimeStorage` serve one worker. What the ten methods can not keep lives in memory;
 * every start and commit is written to the store before it counts, results before the states that tell of them.
 *
 * After a restart of the process a run goes on when it is started again under its id: its steps are what their states and results say.
 * What was `RUNNING` is run again. With the process are lost: which runs there are, messages, retries and the times they wait for, events,
 * idempotency keys. The store's queue is not used: who is ready follows from the states.
 *
 * @example Drive runs that a store of one's own keeps
 * ```ts ignore
 * await using runtime = await openRuntime({ runtimeStorage: new MyStore() });
 * await runtime.run(etl, { day: "monday" }, { id: "monday" });
 * ```
 */
export class SingleWorkerStorage extends MemoryRuntimeStorage {
  readonly #plain: RuntimeStorage;
  readonly #mirror: PlainMirror;
  readonly #locks = new KeyLocks();
  readonly #writing = new Set<Promise<void>>();

  /** Keeps runs in `plain`. */
  constructor(plain: RuntimeStorage) {
    super();
    this.#plain = plain;
    this.#mirror = new PlainMirror(plain);
  }

  /** Makes a run, or goes on with the one that the store has under this id. */
  override startRun(run: NewRun, session?: string, held?: Claim): ReturnType<EngineStorage["startRun"]> {
    const locks = [`run ${run.id}`];
    // Two starts with one key must not both make a run in the store, of which only one would count.
    if (run.idempotencyKey !== undefined) locks.push(`key ${JSON.stringify([run.workflow, run.idempotencyKey])}`);
    if (run.exclusive !== undefined) locks.push(`only ${JSON.stringify([run.workflow, run.exclusive])}`);
    let start = () => this.#start(run, session, held);
    for (const lock of locks) {
      const inner = start;
      start = () => this.#locks.run(lock, inner);
    }
    return start();
  }

  /**
   * Refuses: ten methods can not make a run as a whole.
   *
   * @throws {ConfigError} Always.
   */
  override startFilled(run: FilledRun): ReturnType<EngineStorage["startFilled"]> {
    const message =
      "A runtime storage with only the ten methods of RuntimeStorage keeps no forks and no imports: it can not " +
      "make a run with results as a whole. Use a storage for many workers, such as KvRuntimeStorage.";
    return Promise.reject(new ConfigError(message, { workflow: run.workflow }));
  }

  /** Claims one run. */
  override claimRun(runId: string, session: string): Promise<ClaimRunAnswer> {
    return this.#locks.run(`run ${runId}`, () => super.claimRun(runId, session));
  }

  /** Writes what became of steps, and of the run: to the store, and then so that it counts. */
  override async commit(commit: RunCommit): Promise<void> {
    const writing = this.#locks.run(`run ${commit.claim.runId}`, () => this.#commit(commit));
    this.#writing.add(writing);
    try {
      await writing;
    } finally {
      this.#writing.delete(writing);
    }
  }

  /**
   * A worker begins, or says that it lives.
   *
   * @throws {ConfigError} If another one is at work.
   */
  override async keepSession(session: SessionRecord, isNew: boolean): Promise<boolean> {
    const atWork = AT_WORK.get(this.#plain);
    if (isNew && atWork !== undefined && atWork.id !== session.id) {
      throw new ConfigError(
        "A runtime storage with only the ten methods of RuntimeStorage serves one worker, and one is at work on it already " +
          `(process ${atWork.process}, session ${
            JSON.stringify(atWork.id)
          }). End that one first, or use a storage for many ` +
          "workers, such as KvRuntimeStorage.",
      );
    }
    const isKept = await super.keepSession(session, isNew);
    if (isKept) AT_WORK.set(this.#plain, session);
    return isKept;
  }

  /** The worker ends. */
  override async endSession(session: string): Promise<void> {
    await this.#written();
    if (AT_WORK.get(this.#plain)?.id === session) AT_WORK.delete(this.#plain);
    await super.endSession(session);
  }

  /** Ends the session if its deadline has passed. */
  override async reap(now: number): Promise<number> {
    await this.#written();
    const ended = await super.reap(now);
    // There is only one.
    if (ended > 0) AT_WORK.delete(this.#plain);
    return ended;
  }

  /** Makes a run in the store. */
  override createRun(workflowId: string, instanceId: string, steps: readonly string[]): Promise<void> {
    return this.#plain.createRun(workflowId, instanceId, steps);
  }

  /** Puts a step at the end of a run's queue in the store. */
  override enqueue(workflowId: string, instanceId: string, stepName: string): Promise<void> {
    return this.#plain.enqueue(workflowId, instanceId, stepName);
  }

  /** Takes the first step from a run's queue in the store. */
  override fetchNext(workflowId: string, instanceId: string): Promise<string | null> {
    return this.#plain.fetchNext(workflowId, instanceId);
  }

  /** Sets the state of a step in the store. */
  override setState(workflowId: string, instanceId: string, stepName: string, status: Status): Promise<void> {
    return this.#plain.setState(workflowId, instanceId, stepName, status);
  }

  /** The state of a step in the store. */
  override getState(workflowId: string, instanceId: string, stepName: string): Promise<Status | null> {
    return this.#plain.getState(workflowId, instanceId, stepName);
  }

  /** Keeps the inputs of a run in the store. */
  override setInputs(workflowId: string, instanceId: string, inputs: Record<string, unknown>): Promise<void> {
    return this.#plain.setInputs(workflowId, instanceId, inputs);
  }

  /** The inputs of a run in the store. */
  override getInputs(workflowId: string, instanceId: string): Promise<Record<string, unknown>> {
    return this.#plain.getInputs(workflowId, instanceId);
  }

  /** Keeps the result of a step in the store. */
  override setResult(workflowId: string, instanceId: string, stepName: string, result: unknown): Promise<void> {
    return this.#plain.setResult(workflowId, instanceId, stepName, result);
  }

  /** The result of a step in the store. */
  override getResult(workflowId: string, instanceId: string, stepName: string): Promise<unknown> {
    return this.#plain.getResult(workflowId, instanceId, stepName);
  }

  /** Says to the store that a run has its final status. */
  override finalizeRun(workflowId: string, instanceId: string): Promise<void> {
    return this.#plain.finalizeRun(workflowId, instanceId);
  }

  async #start(
    run: NewRun,
    session: string | undefined,
    held: Claim | undefined,
  ): ReturnType<EngineStorage["startRun"]> {
    if (held !== undefined) this.checkHeld(held);
    if (await this.known(run) !== undefined) return await super.startRun(run);
    const steps = await this.#steps(run);
    if (await this.#mirror.create(run, steps)) return await super.startRun(run, session);
    const { record, records, values } = await restoredRun(this.#plain, run, steps);
    await this.restore(record, records, values);
    return { run: record, created: false, claimed: undefined };
  }

  async #commit(commit: RunCommit): Promise<void> {
    const { claim, steps, then } = commit;
    const run = await this.readRun(claim.runId);
    if (run !== undefined && run.session === claim.session && run.fence === claim.fence) {
      const places = steps.map(({ place }) => place);
      const [names, records, values] = await Promise.all([
        this.#steps(run),
        this.readSteps(run.id),
        this.readValues(run.id, places),
      ]);
      const changes = steps.map((change, i) => {
        const value = change.value ?? values[i];
        return value === undefined ? change : { ...change, value };
      });
      await this.#mirror.write(run, names, records, changes);
      if (then?.kind === "ended") await this.#plain.finalizeRun(run.workflow, run.id);
    }
    await super.commit(commit);
    this.#mirror.settle(claim.runId);
  }

  async #steps(key: NewRun): Promise<readonly string[]> {
    const definition = await this.readDefinition(key);
    if (definition !== undefined) return definitionOfRun(definition, key).steps;
    throw new ConfigError(
      `Version ${JSON.stringify(key.version)} of workflow ${
        JSON.stringify(key.workflow)
      } has to be made known before a run of it.`,
      { workflow: key.workflow },
    );
  }

  /** Waits for commits on their way: what the store was told has to count for the one who told it. */
  async #written(): Promise<void> {
    while (this.#writing.size > 0) await Promise.allSettled([...this.#writing]);
  }
}
