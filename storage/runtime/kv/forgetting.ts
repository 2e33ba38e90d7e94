/**
 * Opening finished runs again, and forgetting them.
 *
 * A run may have more entries than one commit removes. So its head is first marked as gone, at which the run exists for nobody any
 * more; then its parts are removed, and its head last, with its place among the ended runs. Should that be interrupted, the run is
 * still found among the ended ones and forgotten again.
 *
 * @module
 */
import { ConfigError } from "../../../src/errors.ts";
import { type KvContext, removeAll, untilUnchanged } from "./context.ts";
import { hasEnded, type Head, releasedHead } from "./head.ts";
import type { Claim } from "../records.ts";
import type { Holds } from "./holds.ts";
import type { RunReader } from "./run_reader.ts";
import { statusCode } from "./step_page.ts";
import { Unit } from "../../kv/unit.ts";
import { writeWaiting } from "./waiting.ts";

/** How many messages are removed in one commit. */
const MOST_REMOVED = 300;

/** Opens a finished run again, while `held` holds; `false` if there is none, or it has not ended. */
export async function reopenRun(
  context: KvContext,
  reader: RunReader,
  holds: Holds,
  runId: string,
  now: number,
  held: Claim | undefined,
): Promise<boolean> {
  const { keys, queue } = context;
  const mark = context.newMark();
  return await untilUnchanged(`Run ${JSON.stringify(runId)}`, async () => {
    const entry = await reader.head(runId);
    // This very call did it, and the reply was lost.
    if (entry?.value.m === mark) return true;
    if (entry === undefined || !hasEnded(entry.value)) return false;
    const head = entry.value;
    const open = { ...head, u: statusCode("PENDING"), r: true, ra: now, e: undefined, x: undefined, m: mark };
    const begin = () => {
      const unit = new Unit();
      unit.guards.push(runId);
      unit.check(entry.key, entry.versionstamp);
      return unit;
    };
    let unit = begin();
    // Nobody can send to a run that has ended, so these are all that is left from before its end.
    for await (const message of context.kv.list(keys.below("msg", runId), { batchSize: 100 })) {
      unit.delete(message.key);
      if (unit.keys.length < MOST_REMOVED) continue;
      if (await queue.submit(unit) === undefined) return undefined;
      unit = begin();
    }
    if (head.j !== undefined) {
      const key = keys.exclusive(head.w, head.j);
      const other = await context.kv.get<string>(key);
      if (other.value !== null) throw exclusiveTaken(runId, head, other.value);
      unit.guards.push(exclusiveGuard(head.w, head.j));
      unit.check(key, null);
      unit.set(key, runId, 2 * runId.length);
    }
    if (held !== undefined) await holds.bind(unit, held);
    unit.delete(keys.done(head.e ?? 0, runId));
    writeWaiting(keys, unit, runId, releasedHead(open, false, undefined));
    return await queue.submit(unit) === undefined ? undefined : true;
  });
}

/** The guard of all that relies on, or changes, who has an exclusive key. */
export function exclusiveGuard(workflow: string, key: string): string {
  return `exclusive ${workflow.length} ${workflow} ${key}`;
}

function exclusiveTaken(runId: string, head: Head, other: string): ConfigError {
  return new ConfigError(
    `Run ${JSON.stringify(runId)} can not be opened again while run ${
      JSON.stringify(other)
    } of the same workflow has ` +
      `the exclusive key ${JSON.stringify(head.j)}.`,
    { workflow: head.w },
  );
}

/** Forgets a finished run; silent if there is none. */
export async function removeRun(context: KvContext, runId: string): Promise<void> {
  const { kv, keys, queue } = context;
  const gone = await untilUnchanged(`Run ${JSON.stringify(runId)}`, async () => {
    const entry = await kv.get<Head>(keys.head(runId));
    if (entry.versionstamp === null || !hasEnded(entry.value)) return "nothing";
    if (entry.value.gone === true && entry.value.making !== true) return entry;
    const unit = new Unit();
    unit.guards.push(runId);
    unit.check(entry.key, entry.versionstamp);
    // Who was still writing it can not go on from here.
    const { ff: _forked, im: _imported, making: _making, ...rest } = entry.value;
    const value: Head = { ...rest, gone: true, g: undefined, i: new Uint8Array(0), x: undefined, st: undefined };
    unit.set(entry.key, value, 1000);
    if (value.k !== undefined) unit.delete(keys.idempotency(value.w, value.k));
    const versionstamp = await queue.submit(unit);
    return versionstamp === undefined ? undefined : { ...entry, value, versionstamp };
  });
  if (gone === "nothing") return;
  // Once another has removed all, a run of the same id may begin, and what lies there is not ours to remove.
  const only = { runId, check: { key: gone.key, versionstamp: gone.versionstamp } };
  for (const kind of ["page", "val", "blob", "msg", "event", "lent"]) {
    await removeAll(context, keys.below(kind, runId), only);
  }
  const unit = new Unit();
  unit.guards.push(runId);
  unit.check(gone.key, gone.versionstamp);
  unit.delete(gone.key);
  unit.delete(keys.input(runId));
  unit.delete(keys.mail(runId));
  unit.delete(keys.created(gone.value.c, runId));
  unit.delete(keys.done(gone.value.e ?? 0, runId));
  await queue.submit(unit);
}
