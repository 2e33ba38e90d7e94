/**
 * Where runs are kept on Deno KV: a file, memory, a `denokv` server, Deno Deploy. `docs/kv-layout.md` describes every key.
 *
 * @module
 */
import type { Status } from "../../../src/status.ts";
import type { ClaimRequest, EngineStorage, RunCommit, RunPage, RunQuery, Slot } from "../engine_storage.ts";
import type { FilledRun, RunContents } from "../filled_run.ts";
import type {
  Claim,
  DefinitionKey,
  DefinitionRecord,
  NewRun,
  RunMessage,
  RunRecord,
  SessionRecord,
  StepClaim,
  StepRecord,
  StepReport,
  StoredValue,
} from "../records.ts";
import type { TurnLimit } from "../rate_limit.ts";
import type { KvLike } from "../../kv/kv_like.ts";
import { nextFileChange } from "./file_changes.ts";
import { openHeartbeat } from "./heartbeat.ts";
import { DEFAULT_PREFIX, type KvRuntimeStorageOptions, PIECE_BYTES } from "./options.ts";
import type { KvParts } from "./parts.ts";
import { kvPartsLoaded, loadKvParts } from "./parts_loader.ts";

/** Where runs are kept, on Deno KV or what has its shape. What does the work is loaded with the first of it. */
export class KvRuntimeStorage implements EngineStorage {
  /** From how many bytes on a value is kept in pieces, and better in an attached object store. */
  readonly largeValueBytes: number = PIECE_BYTES;
  /** Whether several processes can use the store. */
  readonly shared: boolean;
  /** Hears the bell of a remote KV, and the next commit to a file; not there for one that was given open, or in memory. */
  readonly watchBell?: NonNullable<EngineStorage["watchBell"]>;
  /** Begins to keep a session alive from another thread; only if the KV can be opened again. */
  readonly openHeartbeat?: NonNullable<EngineStorage["openHeartbeat"]>;

  readonly #kv: KvLike;
  readonly #options: KvRuntimeStorageOptions;
  #parts: KvParts | undefined;
  #loading: Promise<KvParts> | undefined;

  /** Keeps runs in `kv`. */
  constructor(kv: KvLike, options: KvRuntimeStorageOptions = {}) {
    this.#kv = kv;
    this.#options = options;
    this.#parts = kvPartsLoaded()?.(kv, options);
    this.shared = options.shared ?? true;
    const { reopen } = options;
    if (options.remote === true) {
      this.watchBell = (session, queues, signal) => this.#watch(session, queues, signal);
    } else if (reopen !== undefined) {
      this.watchBell = (_session, _queues, signal) => nextFileChange(reopen.target, signal);
    }
    if (reopen !== undefined) {
      const where = { ...reopen, prefix: options.prefix ?? DEFAULT_PREFIX };
      this.openHeartbeat = (session, times) => openHeartbeat(where, session, times);
    }
  }

  /** Makes a run of the ten methods: every step `PENDING`, nothing queued. @throws {ConfigError} If it exists. */
  createRun(workflowId: string, instanceId: string, steps: readonly string[]): Promise<void> {
    return this.#with(({ methods }) => methods.createRun(workflowId, instanceId, steps));
  }

  /** Puts a step at the end of the run's queue, unless it is queued already. */
  enqueue(workflowId: string, instanceId: string, stepName: string): Promise<void> {
    return this.#with(({ methods }) => methods.enqueue(workflowId, instanceId, stepName));
  }

  /** Takes the first step from the run's queue. */
  fetchNext(workflowId: string, instanceId: string): Promise<string | null> {
    return this.#with(({ methods }) => methods.fetchNext(workflowId, instanceId));
  }

  /** Sets the state of a step. */
  setState(workflowId: string, instanceId: string, stepName: string, status: Status): Promise<void> {
    return this.#with(({ methods }) => methods.setState(workflowId, instanceId, stepName, status));
  }

  /** The state of a step, also of one that workers run. */
  getState(workflowId: string, instanceId: string, stepName: string): Promise<Status | null> {
    return this.#with(({ methods }) => methods.getState(workflowId, instanceId, stepName));
  }

  /** Keeps the inputs of a run. */
  setInputs(workflowId: string, instanceId: string, inputs: Record<string, unknown>): Promise<void> {
    return this.#with(({ methods }) => methods.setInputs(workflowId, instanceId, inputs));
  }

  /** The inputs of a run, also of one that workers drive. */
  getInputs(workflowId: string, instanceId: string): Promise<Record<string, unknown>> {
    return this.#with(({ methods }) => methods.getInputs(workflowId, instanceId));
  }

  /** Keeps the result of a step, of any size. */
  setResult(workflowId: string, instanceId: string, stepName: string, result: unknown): Promise<void> {
    return this.#with(({ methods }) => methods.setResult(workflowId, instanceId, stepName, result));
  }

  /** The result of a step, also of one that workers ran. */
  getResult(workflowId: string, instanceId: string, stepName: string): Promise<unknown> {
    return this.#with(({ methods }) => methods.getResult(workflowId, instanceId, stepName));
  }

  /** The run has its final status: its queue is gone. */
  finalizeRun(workflowId: string, instanceId: string): Promise<void> {
    return this.#with(({ methods }) => methods.finalizeRun(workflowId, instanceId));
  }

  /** Makes a definition known. */
  define(definition: DefinitionRecord): Promise<void> {
    return this.#with(({ definitions }) => definitions.define(definition));
  }

  /** A definition that was made known. */
  readDefinition(key: DefinitionKey): Promise<DefinitionRecord | undefined> {
    return this.#with(({ definitions }) => definitions.read(key));
  }

  /** Makes a run. */
  startRun(run: NewRun, session?: string, held?: Claim): ReturnType<EngineStorage["startRun"]> {
    return this.#with(({ starts }) => starts.start(run, session, held));
  }

  /** Makes a run of which steps have ended. */
  startFilled(run: FilledRun, contents: RunContents): ReturnType<EngineStorage["startFilled"]> {
    return this.#with(async ({ context, reader }) => {
      const { FilledStarts } = await import("./filled_starts.ts");
      return await new FilledStarts(context, reader).start(run, contents);
    });
  }

  /** Claims runs that are ready or due. */
  claimRuns(request: ClaimRequest): ReturnType<EngineStorage["claimRuns"]> {
    return this.#with(({ claims }) => claims.claimRuns(request));
  }

  /** Claims one run. */
  claimRun(runId: string, session: string): ReturnType<EngineStorage["claimRun"]> {
    return this.#with(({ claims }) => claims.claimRun(runId, session));
  }

  /** Writes what became of steps, and of the run. */
  commit(commit: RunCommit): Promise<void> {
    return this.#with(({ commits }) => commits.commit(commit));
  }

  /** What is known of a run. */
  readRun(runId: string): Promise<RunRecord | undefined> {
    return this.#with(({ reader }) => reader.run(runId));
  }

  /** The steps of a run, by place. */
  readSteps(runId: string): Promise<readonly StepRecord[]> {
    return this.#with(({ reader }) => reader.steps(runId));
  }

  /** The values of steps. */
  readValues(runId: string, places: readonly number[]): Promise<readonly (StoredValue | undefined)[]> {
    return this.#with(({ reader }) => reader.values(runId, places));
  }

  /** What the steps do not tell. */
  readEvents(runId: string): ReturnType<EngineStorage["readEvents"]> {
    return this.#with(({ reader }) => reader.events(runId));
  }

  /** Lists runs. */
  listRuns(query: RunQuery = {}): Promise<RunPage> {
    return this.#with(({ lister }) => lister.list(query));
  }

  /** Tells a run something. */
  send(runId: string, message: RunMessage, held?: Claim): Promise<boolean> {
    return this.#with(({ messages }) => messages.send(runId, message, held));
  }

  /** The messages of a run. */
  receive(claim: Claim): ReturnType<EngineStorage["receive"]> {
    return this.#with(({ messages }) => messages.receive(claim));
  }

  /** Opens a finished run again. */
  reopen(runId: string, now: number, held?: Claim): Promise<boolean> {
    return this.#with((parts) => parts.reopen(runId, now, held));
  }

  /** A worker begins, or says that it lives. */
  keepSession(session: SessionRecord, isNew: boolean): Promise<boolean> {
    return this.#with(({ sessions }) => sessions.keep(session, isNew));
  }

  /** Ids of the runs that a session holds. */
  heldRuns(session: string): Promise<readonly string[]> {
    return this.#with(({ sessions }) => sessions.held(session));
  }

  /** A worker ends. */
  endSession(session: string): Promise<void> {
    return this.#with(({ reaper }) => reaper.end(session));
  }

  /** Ends every session whose deadline has passed. */
  reap(now: number): Promise<number> {
    return this.#with(({ reaper }) => reaper.reap(now));
  }

  /** Claims steps that are offered. */
  claimSteps(request: ClaimRequest): Promise<readonly StepClaim[]> {
    return this.#with(({ offers }) => offers.claimSteps(request));
  }

  /** Tells the holder of a run what became of a step. */
  report(claim: StepClaim, report: StepReport, value: StoredValue | undefined, done: boolean): Promise<void> {
    return this.#with(({ offers }) => offers.report(claim, report, value, done));
  }

  /** Says until when a worker has nothing to do. */
  setIdle(session: string, queues: readonly string[], until: number): Promise<void> {
    return this.#with(({ bells }) => bells.setIdle(session, queues, until));
  }

  /** Whether another worker of this queue has nothing to do. */
  hasIdleWorkers(queue: string, besides: string, now: number): Promise<boolean> {
    return this.#with(({ bells }) => bells.hasIdle(queue, besides, now));
  }

  /** Takes a slot; those of sessions that are over are free. */
  takeSlot(slot: Slot, _now: number): Promise<boolean> {
    return this.#with(({ slots }) => slots.take(slot));
  }

  /** Frees a slot. */
  freeSlot(slot: Slot): Promise<void> {
    return this.#with(({ slots }) => slots.free(slot));
  }

  /** Takes a turn of a rate limit. */
  takeTurn(limit: TurnLimit, now: number): Promise<number> {
    return this.#with(({ turns }) => turns.take(limit, now));
  }

  /** The versionstamps of the bells that concern a worker. */
  bell(session: string, queues: readonly string[]): Promise<string> {
    return this.#with(({ bells }) => bells.ask(session, queues));
  }

  /** Ids of runs that ended before a time. */
  endedBefore(time: number, limit: number): Promise<readonly string[]> {
    return this.#with(({ reader }) => reader.endedBefore(time, limit));
  }

  /** Forgets a finished run. */
  forget(runId: string): Promise<void> {
    return this.#with((parts) => parts.forget(runId));
  }

  /** The results that are kept under keys. */
  readCached(keys: readonly string[]): ReturnType<NonNullable<EngineStorage["readCached"]>> {
    return this.#with(({ cached }) => cached.read(keys));
  }

  /** The results whose keys are in a range. */
  listCached(from: string, to: string, limit: number): ReturnType<NonNullable<EngineStorage["listCached"]>> {
    return this.#with(({ cached }) => cached.list(from, to, limit));
  }

  /** Keys of results that were kept before a time. */
  cachedBefore(time: number, limit: number): Promise<readonly string[]> {
    return this.#with(({ cached }) => cached.before(time, limit));
  }

  /** Drops results that were not kept again. */
  dropCached(keys: readonly string[], time: number): Promise<void> {
    return this.#with(({ cached }) => cached.drop(keys, time));
  }

  /** Waits until all is written, and closes the KV if it was opened for this storage. */
  async close(): Promise<void> {
    const parts = this.#parts ?? await this.#loading;
    await parts?.context.queue.idle();
    if (this.#options.owned ?? false) this.#kv.close();
  }

  async *#watch(session: string, queues: readonly string[], signal: AbortSignal): AsyncGenerator<void, void> {
    const { bells } = this.#parts ?? await this.#load();
    yield* bells.watch(session, queues, signal);
  }

  /** Does something with the parts: at once if they are there. */
  #with<T>(work: (parts: KvParts) => Promise<T>): Promise<T> {
    return this.#parts === undefined ? this.#load().then(work) : work(this.#parts);
  }

  #load(): Promise<KvParts> {
    return this.#loading ??= loadKvParts().then((kvParts) => this.#parts ??= kvParts(this.#kv, this.#options));
  }
}
