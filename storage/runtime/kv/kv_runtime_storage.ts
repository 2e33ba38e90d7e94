/**
 * Where runs are kept on Deno KV: a file, memory, a `denokv` server, Deno Deploy. `docs/kv-layout.md` describes every key.
 *
 * @module
 */
import { type Clock, systemClock } from "../../../src/clock.ts";
import type { Status } from "../../../src/status.ts";
import type {
  ClaimAnswer,
  ClaimRequest,
  ClaimRunAnswer,
  EngineStorage,
  Heartbeat,
  RunCommit,
  RunPage,
  RunQuery,
  Slot,
} from "../engine_storage.ts";
import type {
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
} from "../records.ts";
import { DENO_LIMITS } from "./batch.ts";
import { Bells } from "./bells.ts";
import { Claims } from "./claims.ts";
import { CommitQueue } from "./commit_queue.ts";
import { Commits } from "./commits.ts";
import type { KvContext } from "./context.ts";
import { Definitions } from "./definitions.ts";
import { removeRun, reopenRun } from "./forgetting.ts";
import { openHeartbeat, type Reopen } from "./heartbeat.ts";
import { Holds } from "./holds.ts";
import { KvKeys } from "./keys.ts";
import type { KvLike } from "./kv_like.ts";
import { Messages } from "./messages.ts";
import { Offers } from "./offers.ts";
import { PlainRuns, plainValue } from "./plain_runs.ts";
import { Reaper } from "./reaper.ts";
import { RunLister } from "./run_lister.ts";
import { RunReader } from "./run_reader.ts";
import { Sessions } from "./sessions.ts";
import { Slots } from "./slots.ts";
import { type Started, Starts } from "./starts.ts";
import { PIECE_BYTES, StoredForms } from "./stored_form.ts";

/** How a {@linkcode KvRuntimeStorage} works. */
export interface KvRuntimeStorageOptions {
  /** Time and chance. Default: those of this machine. */
  readonly clock?: Clock;
  /**
   * First part of every key.
   *
   * @default {"fw"}
   */
  readonly prefix?: string;
  /** Whether the KV is behind a network: many small commits at once, and bells can be watched. @default {false} */
  readonly remote?: boolean;
  /** How many conditions a commit may have. Default: 99, or 10 if `remote`. */
  readonly maxChecks?: number;
  /** Whether other processes can use the same KV. @default {true} */
  readonly shared?: boolean;
  /**
   * How long a KV that is locked by others, or does not answer, is tried, in milliseconds.
   *
   * @default {30000}
   */
  readonly patience?: number;
  /** How another thread can open the same KV. Without it there are no heartbeats from another thread. */
  readonly reopen?: Reopen;
  /** Whether `close` closes the KV too. @default {false} */
  readonly owned?: boolean;
}

/** Where runs are kept, on Deno KV or what has its shape. */
export class KvRuntimeStorage implements EngineStorage {
  /** From how many bytes on a value is kept in pieces, and better in an attached object store. */
  readonly largeValueBytes: number = PIECE_BYTES;
  /** Whether several processes can use the store. */
  readonly shared: boolean;
  /** Hears the bell at once; only on a remote KV, since a file tells nothing over processes. */
  readonly watchBell?: (session: string, queues: readonly string[], signal: AbortSignal) => AsyncIterable<void>;
  /** Begins to keep a session alive from another thread; only if the KV can be opened again. */
  readonly openHeartbeat?: (
    session: SessionRecord,
    options: { readonly lease: number; readonly interval: number },
  ) => Promise<Heartbeat | undefined>;

  readonly #context: KvContext;
  readonly #owned: boolean;
  readonly #reader: RunReader;
  readonly #sessions: Sessions;
  readonly #starts: Starts;
  readonly #claims: Claims;
  readonly #commits: Commits;
  readonly #messages: Messages;
  readonly #offers: Offers;
  readonly #slots: Slots;
  readonly #bells: Bells;
  readonly #definitions: Definitions;
  readonly #reaper: Reaper;
  readonly #plain: PlainRuns;

  /** Keeps runs in `kv`. */
  constructor(kv: KvLike, options: KvRuntimeStorageOptions = {}) {
    const { clock = systemClock, prefix = "fw", remote = false, shared = true, patience = 30_000, reopen } = options;
    const limits = { ...DENO_LIMITS, checks: options.maxChecks ?? (remote ? 10 : DENO_LIMITS.checks) };
    const keys = new KvKeys(prefix);
    const queue = new CommitQueue(kv, { limits, remote, clock, patience });
    const context = { kv, keys, queue, forms: new StoredForms(kv, keys, queue), clock, mark: clock.newId() };
    this.shared = shared;
    this.#context = context;
    this.#owned = options.owned ?? false;
    this.#reader = new RunReader(context);
    const holds = new Holds(this.#reader);
    this.#sessions = new Sessions(context);
    this.#starts = new Starts(context, this.#reader, this.#sessions, holds);
    this.#claims = new Claims(context, this.#reader, this.#sessions, holds);
    this.#commits = new Commits(context, this.#reader, holds);
    this.#messages = new Messages(context, holds);
    this.#offers = new Offers(context, this.#reader, this.#sessions, this.#messages);
    this.#slots = new Slots(context, this.#sessions);
    this.#bells = new Bells(context);
    this.#definitions = new Definitions(context);
    this.#reaper = new Reaper(context, this.#sessions, this.#messages);
    this.#plain = new PlainRuns(context);
    const bells = this.#bells;
    if (remote) this.watchBell = (session, queues, signal) => bells.watch(session, queues, signal);
    if (reopen !== undefined) {
      this.openHeartbeat = (session, times) => openHeartbeat({ ...reopen, prefix }, session, times);
    }
  }

  define(definition: DefinitionRecord): Promise<void> {
    return this.#definitions.define(definition);
  }
  readDefinition(key: DefinitionKey): Promise<DefinitionRecord | undefined> {
    return this.#definitions.read(key);
  }
  startRun(run: NewRun, session?: string): Promise<Started> {
    return this.#starts.start(run, session);
  }
  claimRuns(request: ClaimRequest): Promise<ClaimAnswer> {
    return this.#claims.claimRuns(request);
  }
  claimRun(runId: string, session: string): Promise<ClaimRunAnswer> {
    return this.#claims.claimRun(runId, session);
  }
  commit(commit: RunCommit): Promise<void> {
    return this.#commits.commit(commit);
  }
  readRun(runId: string): Promise<RunRecord | undefined> {
    return this.#reader.run(runId);
  }
  readSteps(runId: string): Promise<readonly StepRecord[]> {
    return this.#reader.steps(runId);
  }
  readValues(runId: string, places: readonly number[]): Promise<readonly (StoredValue | undefined)[]> {
    return this.#reader.values(runId, places);
  }
  readEvents(runId: string): Promise<readonly NotableEvent[]> {
    return this.#reader.events(runId);
  }
  listRuns(query: RunQuery = {}): Promise<RunPage> {
    return new RunLister(this.#context, this.#reader).list(query);
  }
  send(runId: string, message: RunMessage): Promise<boolean> {
    return this.#messages.send(runId, message);
  }
  receive(claim: Claim): Promise<readonly ReceivedMessage[]> {
    return this.#messages.receive(claim);
  }
  reopen(runId: string): Promise<boolean> {
    return reopenRun(this.#context, this.#reader, runId);
  }
  keepSession(session: SessionRecord, isNew: boolean): Promise<boolean> {
    return this.#sessions.keep(session, isNew);
  }
  endSession(session: string): Promise<void> {
    return this.#reaper.end(session);
  }
  reap(now: number): Promise<number> {
    return this.#reaper.reap(now);
  }
  claimSteps(request: ClaimRequest): Promise<readonly StepClaim[]> {
    return this.#offers.claimSteps(request);
  }
  report(claim: StepClaim, report: StepReport, value: StoredValue | undefined, done: boolean): Promise<void> {
    return this.#offers.report(claim, report, value, done);
  }
  setIdle(session: string, queues: readonly string[], until: number): Promise<void> {
    return this.#bells.setIdle(session, queues, until);
  }
  hasIdleWorkers(queue: string, besides: string, now: number): Promise<boolean> {
    return this.#bells.hasIdle(queue, besides, now);
  }
  takeSlot(slot: Slot, _now: number): Promise<boolean> {
    return this.#slots.take(slot);
  }
  freeSlot(slot: Slot): Promise<void> {
    return this.#slots.free(slot);
  }
  bell(session: string, queues: readonly string[]): Promise<string> {
    return this.#bells.ask(session, queues);
  }
  endedBefore(time: number, limit: number): Promise<readonly string[]> {
    return this.#reader.endedBefore(time, limit);
  }
  forget(runId: string): Promise<void> {
    return removeRun(this.#context, runId);
  }

  createRun(workflowId: string, instanceId: string, steps: readonly string[]): Promise<void> {
    return this.#plain.create(workflowId, instanceId, steps);
  }
  enqueue(workflowId: string, instanceId: string, stepName: string): Promise<void> {
    return this.#plain.enqueue(workflowId, instanceId, stepName);
  }
  fetchNext(workflowId: string, instanceId: string): Promise<string | null> {
    return this.#plain.fetchNext(workflowId, instanceId);
  }
  setState(workflowId: string, instanceId: string, stepName: string, status: Status): Promise<void> {
    return this.#plain.setState(workflowId, instanceId, stepName, status);
  }
  setInputs(workflowId: string, instanceId: string, inputs: Record<string, unknown>): Promise<void> {
    return this.#plain.setInputs(workflowId, instanceId, inputs);
  }
  setResult(workflowId: string, instanceId: string, stepName: string, result: unknown): Promise<void> {
    return this.#plain.setResult(workflowId, instanceId, stepName, result);
  }
  finalizeRun(workflowId: string, instanceId: string): Promise<void> {
    return this.#plain.finalize(workflowId, instanceId);
  }
  async getState(workflowId: string, instanceId: string, stepName: string): Promise<Status | null> {
    const state = await this.#plain.getState(workflowId, instanceId, stepName);
    if (state !== undefined) return state;
    const place = await this.#engineStep(workflowId, instanceId, stepName);
    return place === undefined ? null : (await this.#reader.steps(instanceId))[place]?.status ?? null;
  }
  async getInputs(workflowId: string, instanceId: string): Promise<Record<string, unknown>> {
    const kept = await this.#plain.getInputs(workflowId, instanceId);
    const run = kept === undefined ? await this.#reader.run(instanceId) : undefined;
    const inputs = plainValue(run?.workflow === workflowId ? run.input : kept);
    return isRecord(inputs) ? inputs : {};
  }
  async getResult(workflowId: string, instanceId: string, stepName: string): Promise<unknown> {
    const kept = await this.#plain.getResult(workflowId, instanceId, stepName);
    if (kept !== undefined) return plainValue(kept);
    const place = await this.#engineStep(workflowId, instanceId, stepName);
    return place === undefined ? undefined : plainValue((await this.#reader.values(instanceId, [place]))[0]);
  }

  /** The place of a step in a run of the engine. */
  async #engineStep(workflow: string, runId: string, stepName: string): Promise<number | undefined> {
    const head = (await this.#reader.head(runId))?.value;
    if (head === undefined || head.w !== workflow) return undefined;
    return await this.#definitions.place({ workflow, version: head.v, schema: head.s }, stepName);
  }

  async close(): Promise<void> {
    await this.#context.queue.idle();
    if (this.#owned) this.#context.kv.close();
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
