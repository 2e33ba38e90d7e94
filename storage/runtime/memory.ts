// deno-lint-ignore-file require-await -- nothing waits, so each method happens as a whole; what it throws has to come as a rejection
/**
 * The state of runs in memory, for any number of workers in this process. It is meant to be read: what the methods of `EngineStorage`
 * do is written here, and in the files beside it, with maps and lists and without a database.
 *
 * @module
 */
import type { Status } from "../../src/status.ts";
import type {
  ClaimAnswer,
  ClaimRequest,
  ClaimRunAnswer,
  EngineStorage,
  RunCommit,
  RunPage,
  RunQuery,
  Slot,
} from "./engine_storage.ts";
import type { FilledRun, RunContents } from "./filled_run.ts";
import { MemoryRuns } from "./memory_runs.ts";
import { MemorySteps } from "./memory_steps.ts";
import { type TurnLimit, TurnsInMemory } from "./rate_limit.ts";
import type {
  CachedResult,
  Claim,
  DefinitionKey,
  DefinitionRecord,
  NewRun,
  NotableEvent,
  ReceivedMessage,
  RunMessage,
  RunRecord,
  SessionRecord,
  StepClaim,
  StepRecord,
  StepReport,
  StoredValue,
} from "./records.ts";

/**
 * Keeps runs in memory: for tests, and for runs that need not outlive the process. The bytes of values are kept as they are handed over.
 *
 * @example Keep the state of a step
 * ```ts
 * import { MemoryRuntimeStorage } from "@fusewire/fusewire";
 * import { expect } from "@std/expect";
 *
 * const storage = new MemoryRuntimeStorage();
 * await storage.createRun("etl", "monday", ["extract", "load"]);
 * await storage.setResult("etl", "monday", "extract", { rows: 3 });
 * await storage.setState("etl", "monday", "extract", "SUCCEEDED");
 *
 * expect(await storage.getResult("etl", "monday", "extract")).toEqual({ rows: 3 });
 * expect(await storage.getState("etl", "monday", "load")).toBe("PENDING");
 * ```
 */
export class MemoryRuntimeStorage implements EngineStorage {
  /** Always `Infinity`: no value is better kept elsewhere. */
  readonly largeValueBytes: number = Infinity;
  /** Always `false`. */
  readonly shared: boolean = false;
  readonly #runs = new MemoryRuns();
  readonly #turns = new TurnsInMemory();
  readonly #steps = new MemorySteps((workflow, id) => this.#runs.catalog.driven(workflow, id));

  /** Makes a run: every step `PENDING`, nothing queued. @throws {ConfigError} If it exists. */
  async createRun(workflowId: string, instanceId: string, steps: readonly string[]): Promise<void> {
    this.#steps.createRun(workflowId, instanceId, steps);
  }

  /** Puts a step at the end of the run's queue, unless it is queued already. */
  async enqueue(workflowId: string, instanceId: string, stepName: string): Promise<void> {
    this.#steps.enqueue(workflowId, instanceId, stepName);
  }

  /** Takes the first step from the run's queue. */
  async fetchNext(workflowId: string, instanceId: string): Promise<string | null> {
    return this.#steps.fetchNext(workflowId, instanceId);
  }

  /** Sets the state of a step. */
  async setState(workflowId: string, instanceId: string, stepName: string, status: Status): Promise<void> {
    this.#steps.setState(workflowId, instanceId, stepName, status);
  }

  /** The state of a step, also of one that workers run. */
  async getState(workflowId: string, instanceId: string, stepName: string): Promise<Status | null> {
    return this.#steps.getState(workflowId, instanceId, stepName);
  }

  /** Keeps the inputs of a run. */
  async setInputs(workflowId: string, instanceId: string, inputs: Record<string, unknown>): Promise<void> {
    this.#steps.setInputs(workflowId, instanceId, inputs);
  }

  /** The inputs of a run, also of one that workers drive. */
  async getInputs(workflowId: string, instanceId: string): Promise<Record<string, unknown>> {
    return this.#steps.getInputs(workflowId, instanceId);
  }

  /** Keeps the result of a step. */
  async setResult(workflowId: string, instanceId: string, stepName: string, result: unknown): Promise<void> {
    this.#steps.setResult(workflowId, instanceId, stepName, result);
  }

  /** The result of a step, also of one that workers ran. */
  async getResult(workflowId: string, instanceId: string, stepName: string): Promise<unknown> {
    return this.#steps.getResult(workflowId, instanceId, stepName);
  }

  /** The run has its final status: its queue is gone. */
  async finalizeRun(workflowId: string, instanceId: string): Promise<void> {
    this.#steps.finalizeRun(workflowId, instanceId);
  }

  /** Makes a definition known. */
  async define(definition: DefinitionRecord): Promise<void> {
    this.#runs.catalog.define(definition);
  }

  /** A definition that was made known. */
  async readDefinition(key: DefinitionKey): Promise<DefinitionRecord | undefined> {
    return this.#runs.catalog.definition(key);
  }

  /** Makes a run. */
  async startRun(run: NewRun, session?: string, held?: Claim): ReturnType<EngineStorage["startRun"]> {
    if (held !== undefined) this.#runs.held(held);
    return this.#runs.start(run, session);
  }

  /**
   * Whether a claim holds.
   *
   * @throws {LeaseLostError} If it does not.
   */
  protected checkHeld(claim: Claim): void {
    this.#runs.held(claim);
  }

  /** Makes a run of which steps have ended. */
  async startFilled(run: FilledRun, contents: RunContents): ReturnType<EngineStorage["startFilled"]> {
    const { fillRun } = await import("./memory_fill.ts");
    return await fillRun(this.#runs, run, contents);
  }

  /** The run that has the id, or the idempotency key, of a new one. */
  async known(run: NewRun): Promise<RunRecord | undefined> {
    return this.#runs.catalog.known(run)?.record;
  }

  /**
   * Puts a run back that is kept elsewhere, as it was; nobody holds it then.
   *
   * @throws {ConfigError} If there is one with its id or idempotency key.
   */
  async restore(
    record: RunRecord,
    steps: readonly StepRecord[],
    values: ReadonlyMap<number, StoredValue>,
  ): Promise<void> {
    this.#runs.restore(record, steps, values);
  }

  /** Claims runs that are ready or due. */
  async claimRuns(request: ClaimRequest): Promise<ClaimAnswer> {
    const runs = this.#runs.claimNext(request);
    return { runs, nextDue: this.#runs.ready.nextDue(request) };
  }

  /** Claims one run. */
  async claimRun(runId: string, session: string): Promise<ClaimRunAnswer> {
    return this.#runs.claim(runId, session);
  }

  /** Writes what became of steps, and of the run. */
  async commit(commit: RunCommit): Promise<void> {
    this.#runs.commit(commit);
  }

  /** What is known of a run. */
  async readRun(runId: string): Promise<RunRecord | undefined> {
    return this.#runs.catalog.run(runId)?.record;
  }

  /** The steps of a run, by place. */
  async readSteps(runId: string): Promise<readonly StepRecord[]> {
    return this.#runs.catalog.run(runId)?.allSteps() ?? [];
  }

  /** The values of steps. */
  async readValues(runId: string, places: readonly number[]): Promise<readonly (StoredValue | undefined)[]> {
    const values = this.#runs.catalog.run(runId)?.values;
    return places.map((place) => values?.get(place));
  }

  /** What the steps do not tell. */
  async readEvents(runId: string): Promise<readonly NotableEvent[]> {
    return this.#runs.catalog.run(runId)?.events.slice() ?? [];
  }

  /** Lists runs. */
  async listRuns(query: RunQuery = {}): Promise<RunPage> {
    return this.#runs.catalog.list(query);
  }

  /** Tells a run something. */
  async send(runId: string, message: RunMessage, held?: Claim): Promise<boolean> {
    if (held !== undefined) this.#runs.held(held);
    return this.#runs.send(runId, message);
  }

  /** The messages of a run. */
  async receive(claim: Claim): Promise<readonly ReceivedMessage[]> {
    return this.#runs.held(claim).receive();
  }

  /** Opens a finished run again. */
  async reopen(runId: string, now: number, held?: Claim): Promise<boolean> {
    if (held !== undefined) this.#runs.held(held);
    return this.#runs.reopen(runId, now);
  }

  /** A worker begins, or says that it lives. */
  async keepSession(session: SessionRecord, isNew: boolean): Promise<boolean> {
    return this.#runs.sessions.keep(session, isNew);
  }

  /** Ids of the runs that a session holds. */
  async heldRuns(session: string): Promise<readonly string[]> {
    return this.#runs.heldBy(session);
  }

  /** A worker ends. */
  async endSession(session: string): Promise<void> {
    this.#runs.end(session);
  }

  /** Ends every session whose deadline has passed. */
  async reap(now: number): Promise<number> {
    return this.#runs.reap(now);
  }

  /** Claims steps that are offered. */
  async claimSteps(request: ClaimRequest): Promise<readonly StepClaim[]> {
    return this.#runs.claimOffers(request);
  }

  /** Tells the holder of a run what became of a step. */
  async report(claim: StepClaim, report: StepReport, value: StoredValue | undefined, done: boolean): Promise<void> {
    this.#runs.report(claim, report, value, done);
  }

  /** Says until when a worker has nothing to do. */
  async setIdle(session: string, queues: readonly string[], until: number): Promise<void> {
    this.#runs.sessions.get(session).idle = { queues: new Set(queues), until };
  }

  /** Whether another worker of this queue has nothing to do. */
  async hasIdleWorkers(queue: string, besides: string, now: number): Promise<boolean> {
    return this.#runs.sessions.hasIdle(queue, besides, now);
  }

  /** Takes a slot. */
  async takeSlot(slot: Slot, _now: number): Promise<boolean> {
    return this.#runs.sessions.takeSlot(slot);
  }

  /** Frees a slot. */
  async freeSlot(slot: Slot): Promise<void> {
    this.#runs.sessions.freeSlot(slot);
  }

  /** Takes a turn of a rate limit. */
  async takeTurn(limit: TurnLimit, now: number): Promise<number> {
    return this.#turns.take(limit, now);
  }

  /** The number of the latest ring that concerns a worker. */
  async bell(session: string, queues: readonly string[]): Promise<string> {
    return this.#runs.bell.text(session, queues);
  }

  /** Hears the bell at once. */
  watchBell(session: string, queues: readonly string[], signal: AbortSignal): AsyncIterable<void> {
    return this.#runs.bell.watch(session, queues, signal);
  }

  /** Ids of runs that ended before a time. */
  async endedBefore(time: number, limit: number): Promise<readonly string[]> {
    return this.#runs.catalog.endedBefore(time, limit);
  }

  /** Forgets a finished run. */
  async forget(runId: string): Promise<void> {
    this.#runs.catalog.forget(runId);
  }

  /** The results that are kept under keys. */
  async readCached(keys: readonly string[]): Promise<readonly (CachedResult | undefined)[]> {
    return keys.map((key) => this.#runs.cached.get(key));
  }

  /** Keys of results that were kept before a time. */
  async cachedBefore(time: number, limit: number): Promise<readonly string[]> {
    const { cached } = this.#runs;
    return [...cached.values()].filter(({ keptAt }) => keptAt < time).slice(0, limit).map(({ key }) => key);
  }

  /** Drops results that were not kept again. */
  async dropCached(keys: readonly string[], time: number): Promise<void> {
    const { cached } = this.#runs;
    for (const key of keys) if ((cached.get(key)?.keptAt ?? time) < time) cached.delete(key);
  }

  /** Does nothing: there is nothing to let go of. */
  async close(): Promise<void> {}
}
