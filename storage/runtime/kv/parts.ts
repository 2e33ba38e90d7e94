/**
 * The parts of the KV runtime storage, put together.
 *
 * @module
 */
import { systemClock } from "../../../src/clock.ts";
import { DENO_LIMITS } from "../../kv/batch.ts";
import { Bells } from "./bells.ts";
import { CachedResults } from "./cached.ts";
import { Claims } from "./claims.ts";
import { CommitQueue } from "../../kv/commit_queue.ts";
import type { Claim } from "../records.ts";
import { Commits } from "./commits.ts";
import type { KvContext } from "./context.ts";
import { Definitions } from "./definitions.ts";
import { Holds } from "./holds.ts";
import { KvKeys } from "./keys.ts";
import type { KvLike } from "../../kv/kv_like.ts";
import { Messages } from "./messages.ts";
import { Offers } from "./offers.ts";
import { removeRun, reopenRun } from "./forgetting.ts";
import { DEFAULT_PREFIX, type KvRuntimeStorageOptions } from "./options.ts";
import { providesKvParts } from "./parts_loader.ts";
import { PatientReads } from "../../kv/patient_reads.ts";
import { KvPlainMethods } from "./plain_methods.ts";
import { PlainRuns } from "./plain_runs.ts";
import { Reaper } from "./reaper.ts";
import { RunLister } from "./run_lister.ts";
import { RunReader } from "./run_reader.ts";
import { Sessions } from "./sessions.ts";
import { Slots } from "./slots.ts";
import { Starts } from "./starts.ts";
import { StoredForms } from "./stored_form.ts";
import { Turns } from "./turns.ts";

/** The parts of a KV runtime storage. */
export interface KvParts {
  /** What they share. */
  readonly context: KvContext;
  /** Reading of runs. */
  readonly reader: RunReader;
  /** Runs by age. */
  readonly lister: RunLister;
  /** Leases. */
  readonly sessions: Sessions;
  /** Making runs. */
  readonly starts: Starts;
  /** Claiming runs. */
  readonly claims: Claims;
  /** Commits of runs. */
  readonly commits: Commits;
  /** Messages to runs. */
  readonly messages: Messages;
  /** Steps that others may run. */
  readonly offers: Offers;
  /** Places of concurrency keys. */
  readonly slots: Slots;
  /** Turns of rate limits. */
  readonly turns: Turns;
  /** What says that there is something new. */
  readonly bells: Bells;
  /** Results for the steps of other runs. */
  readonly cached: CachedResults;
  /** Definitions. */
  readonly definitions: Definitions;
  /** The end of sessions. */
  readonly reaper: Reaper;
  /** Runs of the ten plain methods. */
  readonly plain: PlainRuns;
  /** The ten plain methods. */
  readonly methods: KvPlainMethods;
  /** Opens a finished run again. */
  reopen(runId: string, now: number, held?: Claim): Promise<boolean>;
  /** Forgets a finished run. */
  forget(runId: string): Promise<void>;
}

/** Puts the parts together over a KV. */
export function kvParts(kv: KvLike, options: KvRuntimeStorageOptions): KvParts {
  const { clock = systemClock, prefix = DEFAULT_PREFIX, remote = false, local = false, patience = 30_000 } = options;
  const limits = { ...DENO_LIMITS, checks: options.maxChecks ?? (remote ? 10 : DENO_LIMITS.checks) };
  const keys = new KvKeys(prefix);
  const mark = clock.newId();
  let marks = 0;
  const newMark = () => `${mark}-${++marks}`;
  const reads = new PatientReads(kv, clock, patience);
  const queue = new CommitQueue(kv, { limits, remote, local, clock, patience });
  const context = { kv: reads, keys, queue, forms: new StoredForms(reads, keys, queue), clock, mark, newMark };
  const reader = new RunReader(context);
  const holds = new Holds(context, reader);
  const sessions = new Sessions(context);
  const messages = new Messages(context, holds);
  const definitions = new Definitions(context);
  const plain = new PlainRuns(context);
  return {
    context,
    reader,
    lister: new RunLister(context, reader),
    sessions,
    starts: new Starts(context, reader, sessions, holds),
    claims: new Claims(context, reader, sessions, holds),
    commits: new Commits(context, reader, holds),
    messages,
    offers: new Offers(context, reader, sessions, messages),
    slots: new Slots(context, sessions),
    turns: new Turns(context),
    bells: new Bells(context, kv, remote ? undefined : options.reopen?.target),
    cached: new CachedResults(context),
    definitions,
    reaper: new Reaper(context, sessions, messages),
    plain,
    methods: new KvPlainMethods({ plain, reader, definitions }),
    reopen: (runId, now, held) => reopenRun(context, reader, holds, runId, now, held),
    forget: (runId) => removeRun(context, runId),
  };
}

providesKvParts(kvParts);
