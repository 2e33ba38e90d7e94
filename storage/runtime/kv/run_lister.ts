/**
 * Runs by age. The engine makes ids that begin with the time, so that the heads themselves lie in order; a run with an id of the
 * user's own has an entry in an index. A list merges both.
 *
 * @module
 */
import { ConfigError } from "../../../src/errors.ts";
import type { Status } from "../../../src/status.ts";
import { compareKeys } from "../../keys.ts";
import type { RunPage, RunQuery } from "../engine_storage.ts";
import type { RunRecord } from "../records.ts";
import type { KvContext } from "./context.ts";
import { ageOf, type Head, tellsAge } from "./head.ts";
import { lastText } from "./keys.ts";
import type { RunReader } from "./run_reader.ts";
import { statusOf } from "./step_page.ts";

/** How many runs are looked at for one page, at most, beside those that it gives. */
const MOST_LOOKED_AT = 5000;
/** How many heads are read at a time for the index. */
const HEADS_AT_ONCE = 10;

/** Where a run stands among all. */
interface Position {
  readonly createdAt: number;
  readonly id: string;
}

interface Found extends Position {
  readonly head: Head;
}

/** Lists runs, the latest first. */
export class RunLister {
  /** Lists what the context says. */
  constructor(private readonly context: KvContext, private readonly reader: RunReader) {}

  /** A page of runs. */
  async list(query: RunQuery): Promise<RunPage> {
    const limit = query.limit ?? 100;
    const statuses = query.statuses && new Set<Status>(query.statuses);
    const before = query.cursor === undefined ? undefined : positionOf(query.cursor);
    const runs: Promise<RunRecord | undefined>[] = [];
    let looked = 0;
    let last: Position | undefined;
    for await (const found of merged(this.#byId(before), this.#byIndex(before))) {
      const { id, head } = found;
      const isAsked = head.gone !== true && (query.workflow === undefined || head.w === query.workflow) &&
        (statuses === undefined || statuses.has(statusOf(head.u))) &&
        (query.tag === undefined || head.g?.includes(query.tag) === true);
      if (last !== undefined && (isAsked ? runs.length >= limit : looked >= MOST_LOOKED_AT + limit)) {
        return { runs: await there(runs), cursor: JSON.stringify([last.createdAt, last.id]) };
      }
      looked++;
      last = found;
      if (isAsked) runs.push(this.reader.recordIfThere(id, head));
    }
    return { runs: await there(runs), cursor: undefined };
  }

  /** Runs whose ids tell their age, the latest first. */
  async *#byId(before: Position | undefined): AsyncGenerator<Found> {
    const { kv, keys } = this.context;
    const selector = { start: keys.head("0"), end: keys.head(before === undefined ? "g" : endOf(before)) };
    for await (const { key, value: head } of kv.list<Head>(selector, { reverse: true, batchSize: 200 })) {
      const id = lastText(key);
      if (tellsAge(id, head.c)) yield { id, createdAt: head.c, head };
    }
  }

  /** All other runs, the latest first. */
  async *#byIndex(before: Position | undefined): AsyncGenerator<Found> {
    const { kv, keys } = this.context;
    const prefix = [keys.prefix, "made"];
    const selector = before === undefined ? { prefix } : { prefix, end: keys.created(before.createdAt, before.id) };
    let ids: string[] = [];
    for await (const { key } of kv.list(selector, { reverse: true, batchSize: 200 })) {
      ids.push(lastText(key));
      if (ids.length < HEADS_AT_ONCE) continue;
      yield* await this.#heads(ids);
      ids = [];
    }
    if (ids.length > 0) yield* await this.#heads(ids);
  }

  async #heads(ids: readonly string[]): Promise<Found[]> {
    const { kv, keys } = this.context;
    const entries = await kv.getMany<Head[]>(ids.map((id) => keys.head(id)));
    return entries.flatMap(({ value: head }, i) =>
      head === null ? [] : [{ id: ids[i] ?? "", createdAt: head.c, head }]
    );
  }
}

/** The runs that were not forgotten while they were read. */
async function there(runs: readonly Promise<RunRecord | undefined>[]): Promise<RunRecord[]> {
  return (await Promise.all(runs)).filter((run) => run !== undefined);
}

async function* merged(one: AsyncGenerator<Found>, other: AsyncGenerator<Found>): AsyncGenerator<Found> {
  try {
    let [a, b] = await Promise.all([one.next(), other.next()]);
    while (a.done !== true || b.done !== true) {
      if (b.done === true || (a.done !== true && isLater(a.value, b.value))) {
        if (a.done !== true) yield a.value;
        a = await one.next();
      } else {
        yield b.value;
        b = await other.next();
      }
    }
  } finally {
    await one.return(undefined);
    await other.return(undefined);
  }
}

function isLater(a: Position, b: Position): boolean {
  return a.createdAt > b.createdAt || (a.createdAt === b.createdAt && compareKeys(a.id, b.id) > 0);
}

/** The end of the ids that tell an age and come after a position. */
function endOf({ createdAt, id }: Position): string {
  const [first, next] = [ageOf(createdAt), ageOf(Math.floor(createdAt) + 1)];
  if (compareKeys(id, first) < 0) return first;
  return compareKeys(id, next) > 0 ? next : id;
}

function positionOf(cursor: string): Position {
  try {
    const [createdAt, id]: unknown[] = JSON.parse(cursor);
    if (typeof createdAt === "number" && typeof id === "string") return { createdAt, id };
  } catch {
    // Said below.
  }
  throw new ConfigError(`${JSON.stringify(cursor)} is no cursor that listRuns() gave.`);
}
