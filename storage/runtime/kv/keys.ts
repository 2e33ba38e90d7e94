/**
 * Every key of the engine's records, in one place. `docs/kv-layout.md` says what lies at each, and who writes it.
 *
 * @module
 */
import { sha256Hex } from "../../digest.ts";
import type { DefinitionKey } from "../records.ts";
import type { KvKey, KvListSelector } from "../../kv/kv_like.ts";

/** The longest text of a user's own that is part of a key as it is. */
const LONGEST_TEXT = 300;

/** What runs of one definition in one queue wait under. */
export interface Line extends DefinitionKey {
  /** Name of the queue. */
  readonly queue: string;
}

/** Where a run waits, as far as its key tells. */
export interface WaitingRun extends Line {
  /** Higher comes first. */
  readonly priority: number;
  /** Milliseconds since 1970 before which the run was not to be claimed first of all. */
  readonly dueAt: number;
}

/** Makes the keys below one prefix. */
export class KvKeys {
  /** Everything lies below `prefix`. */
  constructor(readonly prefix: string) {}

  /** What is known of a run. */
  head(runId: string): KvKey {
    return [this.prefix, "run", runId];
  }
  /** The input of a run that is too large for its head. */
  input(runId: string): KvKey {
    return [this.prefix, "input", runId];
  }
  /** The records of the steps of one page. */
  page(runId: string, page: number): KvKey {
    return [this.prefix, "page", runId, page];
  }
  /** The value of a step. */
  value(runId: string, place: number): KvKey {
    return [this.prefix, "val", runId, place];
  }
  /** One piece of a large value. */
  blob(owner: string, sha256: string, index: number): KvKey {
    return [this.prefix, "blob", owner, sha256, index];
  }
  /** Where a ready run waits. */
  ready(run: WaitingRun, runId: string): KvKey {
    // `0 -` and not a sign: it makes no -0, which is another key than 0.
    const { queue, workflow, version, schema } = run;
    return [this.prefix, "ready", queue, workflow, version, schema, 0 - run.priority, run.dueAt, runId];
  }
  /** Where a run waits for its time. */
  timer(run: Line, at: number, runId: string): KvKey {
    return [this.prefix, "timer", run.queue, run.workflow, run.version, run.schema, at, runId];
  }
  /** What a session holds: a run, or with `offerId` steps of one. */
  own(session: string, runId: string, offerId?: string): KvKey {
    return offerId === undefined ? [this.prefix, "own", session, runId] : [this.prefix, "own", session, runId, offerId];
  }
  /** Until when a session holds. */
  session(id: string): KvKey {
    return [this.prefix, "session", id];
  }
  /** Is there as long as the session may claim; written once. */
  alive(id: string): KvKey {
    return [this.prefix, "alive", id];
  }
  /** Until when a worker of a queue has nothing to do. */
  idle(queue: string, session: string): KvKey {
    return [this.prefix, "idle", queue, session];
  }
  /** Changes whenever there is something new in a queue. */
  bell(queue: string): KvKey {
    return [this.prefix, "bell", queue];
  }
  /** Changes whenever there is a message to a run that the session holds. */
  bellOf(session: string): KvKey {
    return [this.prefix, "bell-of", session];
  }
  /** A message to a run. */
  message(runId: string, id: string): KvKey {
    return [this.prefix, "msg", runId, id];
  }
  /** The id of the latest message to a run. */
  mail(runId: string): KvKey {
    return [this.prefix, "mail", runId];
  }
  /** Steps that a run's holder lets others run. */
  offer(run: WaitingRun, runId: string, offerId: string): KvKey {
    const { queue, workflow, version, schema } = run;
    return [this.prefix, "offer", queue, workflow, version, schema, 0 - run.priority, runId, offerId];
  }
  /** Offered steps that a worker has claimed. */
  lent(runId: string, offerId: string): KvKey {
    return [this.prefix, "lent", runId, offerId];
  }
  /** One place of a concurrency key. */
  slot(key: string, index: number): KvKey {
    return [this.prefix, "slot", short(key), index];
  }
  /** All places of a concurrency key that are held. */
  slots(key: string): KvListSelector {
    return { prefix: [this.prefix, "slot", short(key)] };
  }
  /** A result for the steps of other runs. */
  cached(key: string): KvKey {
    return [this.prefix, "cached", key];
  }
  /** The keys of some results that were kept at this time. */
  cachedAt(keptAt: number, id: string): KvKey {
    return [this.prefix, "cached-at", keptAt, id];
  }
  /** The turns of a rate limit. */
  turns(key: string): KvKey {
    return [this.prefix, "turns", short(key)];
  }
  /** The run that an idempotency key stands for. */
  idempotency(workflow: string, key: string): KvKey {
    return [this.prefix, "idem", workflow, short(key)];
  }
  /** The run that has an exclusive key, as long as it has not ended. */
  exclusive(workflow: string, key: string): KvKey {
    return [this.prefix, "excl", workflow, short(key)];
  }
  /** A run whose id does not tell when it was created. */
  created(createdAt: number, runId: string): KvKey {
    return [this.prefix, "made", createdAt, runId];
  }
  /** A run that ended. */
  done(endedAt: number, runId: string): KvKey {
    return [this.prefix, "done", endedAt, runId];
  }
  /** What one commit told beside the steps. */
  event(runId: string, fence: bigint, number: number): KvKey {
    return [this.prefix, "event", runId, fence, number];
  }
  /** The schema of a definition; of one without a version, one entry a schema. */
  definition(key: DefinitionKey): KvKey {
    return key.version === ""
      ? [this.prefix, "def", key.workflow, "", key.schema]
      : [this.prefix, "def", key.workflow, key.version];
  }
  /** The steps of a definition, and how they hang together. */
  graph(schema: string): KvKey {
    return [this.prefix, "graph", schema];
  }
  /** A run of the plain methods, or a part of one. */
  plain(workflow: string, instance: string): KvKey {
    return [this.prefix, "plain", workflow, instance];
  }
  /** A part of a run of the plain methods; `generation` tells it from an earlier try to make the run. */
  plainPart(kind: "plain-step" | "plain-queue" | "plain-value" | "plain-inputs", generation: string): KvKey {
    return [this.prefix, kind, generation];
  }

  /** Everything below a kind of key, or below a key of that kind. */
  below(...parts: readonly (string | number | bigint)[]): KvListSelector {
    return { prefix: [this.prefix, ...parts] };
  }
  /** The runs, or offers, of one line. */
  line(kind: "ready" | "timer" | "offer", line: Line): KvListSelector {
    return { prefix: [this.prefix, kind, line.queue, line.workflow, line.version, line.schema] };
  }
  /** The open offers of one run. */
  offersOf(run: WaitingRun, runId: string): KvListSelector {
    const { queue, workflow, version, schema } = run;
    return { prefix: [this.prefix, "offer", queue, workflow, version, schema, 0 - run.priority, runId] };
  }
}

/** A text of a user's own as part of a key, of which Deno allows 2,048 bytes: a long one by its hash. */
function short(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, 100)}~${sha256Hex(text)}`;
}

/** The last part of a key that was read, where it is a text. */
export function lastText(key: KvKey): string {
  const last = key[key.length - 1];
  return typeof last === "string" ? last : "";
}

/** The last part of a key that was read, where it is a number. */
export function lastNumber(key: KvKey): number {
  const last = key[key.length - 1];
  return typeof last === "number" ? last : 0;
}
