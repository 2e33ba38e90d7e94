import type * as engine from "../storage/runtime/engine_storage.ts";
import type { EngineStorage } from "../storage/runtime/engine_storage.ts";
import type * as filled from "../storage/runtime/filled_run.ts";
import type { TurnLimit } from "../storage/runtime/rate_limit.ts";
import type * as records from "../storage/runtime/records.ts";
import type { RuntimeStorage } from "../storage/runtime/runtime_storage.ts";
import { FaultyPlainStorage } from "./faulty_plain_storage.ts";
import { bellUntil, heartbeatUntil } from "./faulty_signs.ts";
import { EarlierAnswers, type FaultyRuntimeStorageOptions } from "./storage_faults.ts";

/**
 * A runtime storage whose calls go wrong as planned: they fail before anything is written or after, are delayed, read what was there
 * before, or never come back because the process was killed. Every method that does something is one call, but for `close()`, which
 * closes what is wrapped whatever has happened.
 *
 * It may wrap a store that has only the ten methods of `RuntimeStorage`; `openRuntime()` then takes it for one.
 *
 * @example A commit that took effect, but seems to have failed, does no harm
 * ```ts
 * import { defineWorkflow, MemoryRuntimeStorage, openRuntime, task } from "@fusewire/fusewire";
 * import { FaultyRuntimeStorage } from "@fusewire/fusewire/testing";
 * import { expect } from "@std/expect";
 *
 * const add = task((a: number, b: number) => a + b, { name: "add" });
 * const sum = defineWorkflow("sum", { version: "1" }, () => add(add(1, 2), 3));
 *
 * const runtimeStorage = new FaultyRuntimeStorage(new MemoryRuntimeStorage(), {
 *   plan: ({ method, ofMethod }) => method === "commit" && ofMethod === 1 ? { kind: "lostReply" } : undefined,
 * });
 * await using runtime = await openRuntime({ runtimeStorage });
 * expect(await runtime.run(sum)).toBe(6);
 * ```
 */
export class FaultyRuntimeStorage extends FaultyPlainStorage implements EngineStorage {
  readonly #storage: RuntimeStorage | EngineStorage;
  readonly #definitions = new EarlierAnswers<records.DefinitionRecord | undefined>();
  readonly #runs = new EarlierAnswers<records.RunRecord | undefined>();
  readonly #steps = new EarlierAnswers<readonly records.StepRecord[]>();
  readonly #values = new EarlierAnswers<readonly (records.StoredValue | undefined)[]>();
  readonly #events = new EarlierAnswers<readonly records.NotableEvent[]>();
  readonly #pages = new EarlierAnswers<engine.RunPage>();
  readonly #idle = new EarlierAnswers<boolean>();
  readonly #bells = new EarlierAnswers<string>();
  readonly #ended = new EarlierAnswers<readonly string[]>();
  readonly #cached = new EarlierAnswers<Awaited<ReturnType<NonNullable<EngineStorage["readCached"]>>>>();
  readonly #near = new EarlierAnswers<Awaited<ReturnType<NonNullable<EngineStorage["listCached"]>>>>();
  /** There if what is wrapped has it. */
  readonly readCached?: NonNullable<EngineStorage["readCached"]>;
  /** There if what is wrapped has it. */
  readonly listCached?: NonNullable<EngineStorage["listCached"]>;
  /** There if what is wrapped has it. */
  readonly cachedBefore?: NonNullable<EngineStorage["cachedBefore"]>;
  /** There if what is wrapped has it. */
  readonly dropCached?: NonNullable<EngineStorage["dropCached"]>;
  /** There if what is wrapped has it. The thread that gives the signs ends with the process; its signs are no calls. */
  readonly openHeartbeat?: NonNullable<EngineStorage["openHeartbeat"]>;
  /** There if what is wrapped has it. What it tells is no call; when the process is dead, nothing is heard. */
  readonly watchBell?: NonNullable<EngineStorage["watchBell"]>;

  /** Wraps a storage. */
  constructor(storage: RuntimeStorage | EngineStorage, options: FaultyRuntimeStorageOptions = {}) {
    super(storage, options);
    this.#storage = storage;
    if (!isEngineStorage(storage)) {
      // What has only the ten methods must not look as if it had more.
      Object.defineProperty(this, "claimRuns", { value: undefined });
      return;
    }
    const { readCached, listCached, cachedBefore, dropCached } = storage;
    if (readCached !== undefined) {
      this.readCached = (keys) =>
        this.perform("readCached", [keys], () => readCached.call(storage, keys), this.#cached);
    }
    if (listCached !== undefined) {
      this.listCached = (from, to, limit) =>
        this.perform("listCached", [from, to, limit], () => listCached.call(storage, from, to, limit), this.#near);
    }
    if (cachedBefore !== undefined) {
      this.cachedBefore = (time, limit) =>
        this.perform("cachedBefore", [time, limit], () => cachedBefore.call(storage, time, limit), this.#ended);
    }
    if (dropCached !== undefined) {
      this.dropCached = (keys, time) =>
        this.perform("dropCached", [keys, time], () => dropCached.call(storage, keys, time));
    }
    if (storage.openHeartbeat !== undefined) {
      this.openHeartbeat = (session, options) =>
        heartbeatUntil(this.death, () => storage.openHeartbeat?.(session, options));
    }
    if (storage.watchBell !== undefined) {
      this.watchBell = (session, queues, signal) =>
        bellUntil(this.death, storage.watchBell?.(session, queues, AbortSignal.any([signal, this.death])));
    }
  }

  /** What is wrapped says so. */
  get largeValueBytes(): number {
    return this.#engine.largeValueBytes;
  }

  /** What is wrapped says so. */
  get shared(): boolean {
    return this.#engine.shared;
  }

  /** Makes a definition known. */
  define(definition: records.DefinitionRecord): Promise<void> {
    return this.perform("define", [definition], () => this.#engine.define(definition));
  }

  /** A definition that was made known. */
  readDefinition(key: records.DefinitionKey): Promise<records.DefinitionRecord | undefined> {
    return this.perform("readDefinition", [key], () => this.#engine.readDefinition(key), this.#definitions);
  }

  /** Makes a run. If the answer was lost, another start with the same id gives the run. */
  startRun(run: records.NewRun, session?: string, held?: records.Claim): ReturnType<EngineStorage["startRun"]> {
    return this.perform("startRun", [run, session, held], () => this.#engine.startRun(run, session, held));
  }

  /** Makes a run of which steps have ended. If the answer was lost, another such start with the same id gives the run. */
  startFilled(
    run: filled.FilledRun,
    contents: filled.RunContents,
  ): ReturnType<EngineStorage["startFilled"]> {
    return this.perform("startFilled", [run, contents], () => this.#engine.startFilled(run, contents));
  }

  /** Claims runs that are ready or due. */
  claimRuns(request: engine.ClaimRequest): Promise<engine.ClaimAnswer> {
    return this.perform("claimRuns", [request], () => this.#engine.claimRuns(request));
  }

  /** Claims one run. */
  claimRun(runId: string, session: string): Promise<engine.ClaimRunAnswer> {
    return this.perform("claimRun", [runId, session], () => this.#engine.claimRun(runId, session));
  }

  /** Writes what became of steps, and of the run. */
  commit(commit: engine.RunCommit): Promise<void> {
    return this.perform("commit", [commit], () => this.#engine.commit(commit));
  }

  /** What is known of a run. */
  readRun(runId: string): Promise<records.RunRecord | undefined> {
    return this.perform("readRun", [runId], () => this.#engine.readRun(runId), this.#runs);
  }

  /** The steps of a run. */
  readSteps(runId: string): Promise<readonly records.StepRecord[]> {
    return this.perform("readSteps", [runId], () => this.#engine.readSteps(runId), this.#steps);
  }

  /** The values of steps. */
  readValues(runId: string, places: readonly number[]): Promise<readonly (records.StoredValue | undefined)[]> {
    return this.perform(
      "readValues",
      [runId, places],
      () => this.#engine.readValues(runId, places),
      this.#values,
    );
  }

  /** What the steps do not tell. */
  readEvents(runId: string): Promise<readonly records.NotableEvent[]> {
    return this.perform("readEvents", [runId], () => this.#engine.readEvents(runId), this.#events);
  }

  /** Lists runs. */
  listRuns(query?: engine.RunQuery): Promise<engine.RunPage> {
    return this.perform("listRuns", [query], () => this.#engine.listRuns(query), this.#pages);
  }

  /** Tells a run something. */
  send(runId: string, message: records.RunMessage, held?: records.Claim): Promise<boolean> {
    return this.perform("send", [runId, message, held], () => this.#engine.send(runId, message, held));
  }

  /** The messages of a run. They are not stale: a message would be dealt with twice. */
  receive(claim: records.Claim): Promise<readonly records.ReceivedMessage[]> {
    return this.perform("receive", [claim], () => this.#engine.receive(claim));
  }

  /** Opens a finished run again. */
  reopen(runId: string, now: number, held?: records.Claim): Promise<boolean> {
    return this.perform("reopen", [runId, now, held], () => this.#engine.reopen(runId, now, held));
  }

  /** A worker begins, or says that it lives. */
  keepSession(session: records.SessionRecord, isNew: boolean): Promise<boolean> {
    return this.perform("keepSession", [session, isNew], () => this.#engine.keepSession(session, isNew));
  }

  /** Ids of the runs that a session holds. */
  heldRuns(session: string): Promise<readonly string[]> {
    return this.perform("heldRuns", [session], () => this.#engine.heldRuns(session));
  }

  /** A worker ends. */
  endSession(session: string): Promise<void> {
    return this.perform("endSession", [session], () => this.#engine.endSession(session));
  }

  /** Ends every session whose deadline has passed. */
  reap(now: number): Promise<number> {
    return this.perform("reap", [now], () => this.#engine.reap(now));
  }

  /** Claims steps that holders of runs offer to others. */
  claimSteps(request: engine.ClaimRequest): Promise<readonly records.StepClaim[]> {
    return this.perform("claimSteps", [request], () => this.#engine.claimSteps(request));
  }

  /** Tells the holder of a run what became of one step. */
  report(
    claim: records.StepClaim,
    report: records.StepReport,
    value: records.StoredValue | undefined,
    done: boolean,
  ): Promise<void> {
    return this.perform(
      "report",
      [claim, report, value, done],
      () => this.#engine.report(claim, report, value, done),
    );
  }

  /** Says until when a worker has nothing to do. */
  setIdle(session: string, queues: readonly string[], until: number): Promise<void> {
    return this.perform(
      "setIdle",
      [session, queues, until],
      () => this.#engine.setIdle(session, queues, until),
    );
  }

  /** Whether another worker of this queue has nothing to do. */
  hasIdleWorkers(queue: string, besides: string, now: number): Promise<boolean> {
    return this.perform(
      "hasIdleWorkers",
      [queue, besides, now],
      () => this.#engine.hasIdleWorkers(queue, besides, now),
      this.#idle,
    );
  }

  /** Takes a slot of a concurrency key. */
  takeSlot(slot: engine.Slot, now: number): Promise<boolean> {
    return this.perform("takeSlot", [slot, now], () => this.#engine.takeSlot(slot, now));
  }

  /** Frees a slot. */
  freeSlot(slot: engine.Slot): Promise<void> {
    return this.perform("freeSlot", [slot], () => this.#engine.freeSlot(slot));
  }

  /** Takes a turn of a rate limit. If the answer was lost, the turn is. */
  takeTurn(limit: TurnLimit, now: number): Promise<number> {
    return this.perform("takeTurn", [limit, now], () => this.#engine.takeTurn(limit, now));
  }

  /** A text that changes whenever there may be something new for a worker. */
  bell(session: string, queues: readonly string[]): Promise<string> {
    return this.perform("bell", [session, queues], () => this.#engine.bell(session, queues), this.#bells);
  }

  /** Ids of runs that ended before a time. */
  endedBefore(time: number, limit: number): Promise<readonly string[]> {
    return this.perform(
      "endedBefore",
      [time, limit],
      () => this.#engine.endedBefore(time, limit),
      this.#ended,
    );
  }

  /** Forgets a finished run. */
  forget(runId: string): Promise<void> {
    return this.perform("forget", [runId], () => this.#engine.forget(runId));
  }

  /** Closes what is wrapped, also after {@linkcode kill}. */
  async close(): Promise<void> {
    if (isEngineStorage(this.#storage)) await this.#storage.close();
  }

  get #engine(): EngineStorage {
    if (isEngineStorage(this.#storage)) return this.#storage;
    throw new TypeError("The wrapped storage has only the ten methods of RuntimeStorage.");
  }
}

function isEngineStorage(storage: RuntimeStorage | EngineStorage): storage is EngineStorage {
  return "claimRuns" in storage && typeof storage.claimRuns === "function";
}
