/**
 * Ending sessions, those of others too: what they held is given back.
 *
 * First the session is marked as over and its `alive` entry removed, in one commit that holds only if no sign of life came in
 * between. From then on no claim of it can succeed (see `sessions.ts`), so that the list of what it owns is final. Then each run is
 * released, and each loan of steps reported lost, in a commit of its own that also removes the session's entry for it. The
 * session's own entry goes last: should the reaper die, the next one finds it and goes on.
 *
 * @module
 */
import { type KvContext, untilUnchanged } from "./context.ts";
import { ENTRY, type Head, releasedHead } from "./head.ts";
import { lastText } from "./keys.ts";
import type { KvEntry, KvKey } from "../../kv/kv_like.ts";
import type { Messages } from "./messages.ts";
import { lentBytes, type LentEntry, offerGuard } from "./offer_entries.ts";
import { type SessionEntry, sessionGuard, type Sessions } from "./sessions.ts";
import { Unit } from "../../kv/unit.ts";
import { writeWaiting } from "./waiting.ts";

/** How many of a session's holds are given back at once. */
const AT_ONCE = 500;

/** Ends sessions. */
export class Reaper {
  /** Works where the context says. */
  constructor(
    private readonly context: KvContext,
    private readonly sessions: Sessions,
    private readonly messages: Messages,
  ) {}

  /** Ends every session whose deadline has passed, and how many that were. */
  async reap(now: number): Promise<number> {
    const { kv, keys } = this.context;
    let ended = 0;
    for await (const entry of kv.list<SessionEntry>(keys.below("session"))) {
      if (entry.value.deadline >= now && entry.value.over !== true) continue;
      const id = lastText(entry.key);
      if (entry.value.over !== true) {
        const closed = await this.#close(id, entry);
        if (closed) ended++;
        else if (!await this.#isOver(id)) continue;
      }
      await this.#giveBack(id);
    }
    return ended;
  }

  /** Ends a session of one's own. */
  async end(id: string): Promise<void> {
    const { kv, keys } = this.context;
    const there = await untilUnchanged(`The session ${JSON.stringify(id)}`, async () => {
      const entry = await kv.get<SessionEntry>(keys.session(id));
      if (entry.versionstamp === null) return false;
      return entry.value.over === true || (await this.#close(id, entry) ? true : undefined);
    });
    if (there) await this.#giveBack(id);
  }

  /** Marks the session as over, unless it gave a sign of life. */
  async #close(id: string, entry: KvEntry<SessionEntry>): Promise<boolean> {
    const { keys, queue } = this.context;
    const unit = new Unit();
    unit.guards.push(sessionGuard(id));
    unit.check(entry.key, entry.versionstamp);
    const over: SessionEntry = { ...entry.value, over: true };
    unit.set(entry.key, over, 100 + 2 * over.host.length);
    unit.delete(keys.alive(id));
    const closed = await queue.submit(unit) !== undefined;
    if (closed) this.sessions.forget(id);
    return closed;
  }

  /** Whether another has ended the session, or this reaper has and the reply was lost. */
  async #isOver(id: string): Promise<boolean> {
    const entry = await this.context.kv.get<SessionEntry>(this.context.keys.session(id));
    return entry.value?.over === true;
  }

  async #giveBack(id: string): Promise<void> {
    const { kv, keys, queue } = this.context;
    let waiting: Promise<unknown>[] = [];
    for await (const { key } of kv.list(keys.below("own", id), { batchSize: 200 })) {
      waiting.push(key.length === 4 ? this.#releaseRun(id, key) : this.#loseSteps(id, key));
      if (waiting.length < AT_ONCE) continue;
      await Promise.all(waiting);
      waiting = [];
    }
    await Promise.all(waiting);
    const entry = await kv.get<SessionEntry>(keys.session(id));
    if (entry.value?.over !== true) return;
    const unit = new Unit();
    // Another reaper may have come to the end before, and the session may have been begun again since.
    unit.check(entry.key, entry.versionstamp);
    for await (const { key } of kv.list(keys.below("idle"))) if (lastText(key) === id) unit.delete(key);
    unit.delete(keys.bellOf(id));
    unit.delete(keys.session(id));
    await queue.submit(unit);
  }

  /** The run waits for another worker. */
  async #releaseRun(session: string, own: KvKey): Promise<void> {
    const { kv, keys, queue } = this.context;
    const runId = lastText(own);
    await untilUnchanged(`Run ${JSON.stringify(runId)}`, async () => {
      const head = await kv.get<Head>(keys.head(runId));
      const unit = new Unit();
      unit.guards.push(runId);
      unit.check(head.key, head.versionstamp);
      unit.delete(own);
      if (head.versionstamp !== null && head.value.o === session && head.value.y === ENTRY.none) {
        writeWaiting(keys, unit, runId, releasedHead(head.value, false, undefined));
      }
      return await queue.submit(unit) === undefined ? undefined : true;
    });
  }

  /** The run's holder is told that the steps are lost. */
  async #loseSteps(session: string, own: KvKey): Promise<void> {
    const { kv, keys, queue } = this.context;
    const offer = lastText(own);
    const runId = lastText(own.slice(0, -1));
    await untilUnchanged(`Run ${JSON.stringify(runId)}`, async () => {
      const lent = await kv.get<LentEntry>(keys.lent(runId, offer));
      const unit = new Unit();
      unit.delete(own);
      if (lent.value?.session !== session || lent.value.over === true) {
        return await queue.submit(unit) === undefined ? undefined : true;
      }
      unit.check(lent.key, lent.versionstamp);
      unit.guards.push(offerGuard(runId, offer));
      unit.set(lent.key, { ...lent.value, over: true }, lentBytes(lent.value));
      const delivery = await this.messages.deliver(runId, { kind: "lost", offer }, unit);
      if (delivery !== "missing") return delivery === "sent" ? true : undefined;
      const rest = new Unit();
      rest.delete(own);
      rest.delete(lent.key);
      return await queue.submit(rest) === undefined ? undefined : true;
    });
  }
}
