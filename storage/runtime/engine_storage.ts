/**
 * What the durable engine needs of a store beyond the ten methods of `RuntimeStorage`: claims and commits of many workers, leases,
 * messages, timers, listing. It speaks of runs and steps and of no way to keep them, so that a store on another database is one more
 * implementation.
 *
 * Every method is atomic: it happens as a whole or not at all, also if the process dies in the middle of it, and it may be called from
 * many processes at once. A store retries what is worth retrying; a method that rejects with anything but an error of Fusewire may have
 * happened or not.
 *
 * @module
 */
import type { Status } from "../../src/status.ts";
import type {
  CachedResult,
  Claim,
  ClaimedRun,
  DefinitionKey,
  DefinitionRecord,
  NewRun,
  NotableEvent,
  ReceivedMessage,
  RunMessage,
  RunRecord,
  SessionRecord,
  StepClaim,
  StepOffer,
  StepRecord,
  StepReport,
  StoredValue,
} from "./records.ts";
import type { ResultCache } from "./result_cache.ts";
import type { FilledRun, RunContents } from "./filled_run.ts";
import type { TurnLimit } from "./rate_limit.ts";
import type { RuntimeStorage } from "./runtime_storage.ts";

/** What a worker asks for. */
export interface ClaimRequest {
  /** The worker's session. */
  readonly session: string;
  /** The queues that it serves. */
  readonly queues: readonly string[];
  /** The definitions that it knows. */
  readonly definitions: readonly DefinitionKey[];
  /** How many runs, or offers, it takes at most. */
  readonly limit: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What a worker got. */
export interface ClaimAnswer {
  /** The runs that it holds from now on, those of the highest priority first. */
  readonly runs: readonly ClaimedRun[];
  /** Milliseconds since 1970 at which the next run of these queues and definitions is due, if one waits for its time. */
  readonly nextDue: number | undefined;
}

/** What came of the wish to hold a certain run. */
export type ClaimRunAnswer =
  | { readonly kind: "claimed"; readonly claimed: ClaimedRun }
  /** Another session holds it. */
  | { readonly kind: "held"; readonly run: RunRecord }
  | { readonly kind: "finished"; readonly run: RunRecord }
  | { readonly kind: "missing" };

/** One step whose record changes. */
export interface StepChange {
  /** The step. */
  readonly place: number;
  /** What is kept of it from now on. */
  readonly record: StepRecord;
  /** The value of a step that succeeded with one, or the error of one that failed or was skipped with one. */
  readonly value?: StoredValue;
}

/** Everything that one commit writes, at once. */
export interface RunCommit {
  /** The hold on the run. */
  readonly claim: Claim;
  /** The steps that change, causes before what follows from them. */
  readonly steps: readonly StepChange[];
  /** Steps that other workers may run from now on. */
  readonly offers?: readonly StepOffer[];
  /** Ids of offers that are over: those whose last step was reported, and those that are taken back. */
  readonly closedOffers?: readonly string[];
  /** Ids of messages that were dealt with. */
  readonly handled?: readonly string[];
  /** What the steps do not tell. */
  readonly events?: readonly NotableEvent[];
  /** Results for the steps of other runs. One whose key is taken takes the place of what is there. */
  readonly cached?: readonly CachedResult[];
  /**
   * Gives the hold up. `ended`: the run has its final status, its messages, offers and timers are gone. `released`: the run waits for
   * a worker again, from `wakeAt` on if it is given, and only for a message if it is `parked`; a release while a message lies unread
   * does not park it.
   */
  readonly then?:
    | {
      readonly kind: "ended";
      readonly status: Status;
      readonly endedAt: number;
      readonly failure?: RunRecord["failure"];
    }
    | { readonly kind: "released"; readonly parked: boolean; readonly wakeAt?: number };
}

/** One of the places of a concurrency key, held by a step at work. */
export interface Slot {
  /** What is shared. */
  readonly key: string;
  /** How many may hold it at once. */
  readonly limit: number;
  /** The session of the worker that runs the step; the slot is free again when the session is over. */
  readonly session: string;
  /** Tells the holders of one session apart. */
  readonly holder: string;
}

/** Which runs to list. */
export interface RunQuery {
  /** Only runs of this workflow. Default: of all. */
  readonly workflow?: string;
  /** Only runs in one of these states. Default: in any. */
  readonly statuses?: readonly Status[];
  /** Only runs with this tag. Default: with any. */
  readonly tag?: string;
  /** How many at most. @default {100} */
  readonly limit?: number;
  /** Where the page before this one ended. Default: the first page. */
  readonly cursor?: string;
}

/** Keeps a session alive from a thread, the latest first. */
export interface RunPage {
  /** The runs. */
  readonly runs: readonly RunRecord[];
  /** Where the next page begins; `undefined` if this is the last one. */
  readonly cursor: string | undefined;
}

/** Keeps a session alive from a thread that user code can not block. */
export interface Heartbeat extends AsyncDisposable {
  /** From this time on, in milliseconds since 1970, the session is not kept any more unless it is called again; `Infinity` for no end. */
  keepUntil(time: number): void;
}

/** Where runs are kept for any number of workers. */
export interface EngineStorage extends RuntimeStorage, Partial<ResultCache> {
  /** From how many bytes on a value is better kept in an attached object store. */
  readonly largeValueBytes: number;
  /** Whether several processes can use the store; if not, sessions need no sign of life. */
  readonly shared: boolean;

  /**
   * Makes a definition known. The same one again is no error.
   *
   * @throws {ConfigError} If the name and version (unless it is empty) are known with another schema.
   */
  define(definition: DefinitionRecord): Promise<void>;
  /** A definition that was made known; `undefined` if none was. */
  readDefinition(key: DefinitionKey): Promise<DefinitionRecord | undefined>;

  /**
   * Makes a run. If its id, its idempotency key or, by a run that has not ended, its exclusive key is taken, gives the run that has it. With `session` the new run is claimed at once, if it is due.
   *
   * @param held Makes it only while this claim holds: that of a run which is to wait for it.
   * @returns The run, whether it is new, and the hold on it, if it was claimed.
   * @throws {LeaseLostError} If `held` does not hold any more; nothing is written then.
   */
  startRun(
    run: NewRun,
    session?: string,
    held?: Claim,
  ): Promise<{ readonly run: RunRecord; readonly created: boolean; readonly claimed: ClaimedRun | undefined }>;
  /**
   * Makes a run of which steps have ended, or all of it has. It is there as a whole or not at all, however many steps and values it has. If
   * its id, idempotency key or exclusive key is taken, gives the run that has it, and asks for no values.
   *
   * @throws {ConflictError} If another process made or removed a run of the same id meanwhile, and there is none now.
   */
  startFilled(
    run: FilledRun,
    contents: RunContents,
  ): Promise<{ readonly run: RunRecord; readonly created: boolean }>;
  /** Claims runs that are ready or due. */
  claimRuns(request: ClaimRequest): Promise<ClaimAnswer>;
  /** Claims one run, ready or waiting, unless another session holds it. */
  claimRun(runId: string, session: string): Promise<ClaimRunAnswer>;
  /**
   * Writes what became of steps, and of the run.
   *
   * @throws {LeaseLostError} If the session does not hold the run under this fence any more; nothing is written then.
   */
  commit(commit: RunCommit): Promise<void>;

  /** What is known of a run; `undefined` if it does not exist. */
  readRun(runId: string): Promise<RunRecord | undefined>;
  /** The steps of a run, by place; all `PENDING` if none was touched. */
  readSteps(runId: string): Promise<readonly StepRecord[]>;
  /** The values of steps, in the order of `places`; `undefined` for a step that has none. */
  readValues(runId: string, places: readonly number[]): Promise<readonly (StoredValue | undefined)[]>;
  /** What the steps do not tell, in the order in which it was committed. */
  readEvents(runId: string): Promise<readonly NotableEvent[]>;
  /** Lists runs. */
  listRuns(query?: RunQuery): Promise<RunPage>;

  /**
   * Tells a run something. A run that nobody holds becomes ready, unless it is a signal to one that has not begun, which begins in its time.
   *
   * @param held Tells it only while this claim holds.
   * @returns Whether the run exists and has not ended; if not, nothing is kept.
   * @throws {LeaseLostError} If `held` does not hold any more; nothing is written then.
   */
  send(runId: string, message: RunMessage, held?: Claim): Promise<boolean>;
  /** The messages of a run, in the order in which they were sent. They stay until a commit names them as handled. */
  receive(claim: Claim): Promise<readonly ReceivedMessage[]>;
  /**
   * Opens a finished run again at a time; it becomes ready, and `reopened`. Gives `false` if there is no such run, or it has not ended.
   *
   * @param held Opens it only while this claim holds.
   * @throws {ConfigError} If another run of the workflow has its exclusive key.
   * @throws {LeaseLostError} If `held` does not hold any more; nothing is written then.
   */
  reopen(runId: string, now: number, held?: Claim): Promise<boolean>;

  /** A worker begins, or says that it lives: its lease holds until `deadline`. Gives `false` if the session was ended by `reap`, and is over for good. */
  keepSession(session: SessionRecord, isNew: boolean): Promise<boolean>;
  /** Ids of the runs that a session holds: for one that did not hear what came of a claim. */
  heldRuns(session: string): Promise<readonly string[]>;
  /** A worker ends: its runs become ready, its steps are reported lost, its slots are free. */
  endSession(session: string): Promise<void>;
  /** Ends every session whose deadline has passed. @returns How many. */
  reap(now: number): Promise<number>;
  /** Begins to keep a session alive from another thread; `undefined` where the store has no way to. */
  openHeartbeat?(
    session: SessionRecord,
    options: { readonly lease: number; readonly interval: number },
  ): Promise<Heartbeat | undefined>;

  /** Claims steps that holders of runs offer to others. */
  claimSteps(request: ClaimRequest): Promise<readonly StepClaim[]>;
  /**
   * Tells the holder of a run what became of one step, and writes its value. With `done` the claim on the steps is over.
   *
   * @throws {LeaseLostError} If the session does not hold the steps any more; nothing is written then.
   */
  report(claim: StepClaim, report: StepReport, value: StoredValue | undefined, done: boolean): Promise<void>;
  /** Says until when a worker has nothing to do, in milliseconds since 1970. */
  setIdle(session: string, queues: readonly string[], until: number): Promise<void>;
  /** Whether another worker of this queue has nothing to do. */
  hasIdleWorkers(queue: string, besides: string, now: number): Promise<boolean>;

  /** Takes a slot of a concurrency key. @returns Whether there was one. */
  takeSlot(slot: Slot, now: number): Promise<boolean>;
  /** Frees a slot; silent if it is not held. */
  freeSlot(slot: Slot): Promise<void>;

  /**
   * Takes a turn of a rate limit, if one is free: of all that name a key, no more than `limit` take one within any `interval` before `now`.
   *
   * @returns 0, or the milliseconds until a turn may be free, at most `interval`; no turn is taken then.
   */
  takeTurn(limit: TurnLimit, now: number): Promise<number>;

  /** A text that changes whenever there may be something new for a worker: a run or offer in its queues, a message to one of its runs. */
  bell(session: string, queues: readonly string[]): Promise<string>;
  /**
   * Tells when the bell may have rung, and at first, where the store can tell; `undefined` where it can only be asked. It may end at any
   * time: then the bell is asked for a while, and listened to again when all is quiet.
   */
  watchBell?(session: string, queues: readonly string[], signal: AbortSignal): AsyncIterable<void> | undefined;

  /** Ids of runs that ended before a time, the earliest first. */
  endedBefore(time: number, limit: number): Promise<readonly string[]>;
  /** Forgets a finished run. Silent if there is none. */
  forget(runId: string): Promise<void>;

  /** Lets go of what the store holds in this process. */
  close(): Promise<void>;
}
