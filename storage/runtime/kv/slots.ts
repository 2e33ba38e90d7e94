/**
 * The slots of concurrency keys: as many entries as there are holders. A holder whose session is over counts no more.
 *
 * @module
 */
import type { Slot } from "../engine_storage.ts";
import { type KvContext, untilUnchanged } from "./context.ts";
import { lastNumber } from "./keys.ts";
import type { KvEntry } from "../../kv/kv_like.ts";
import { sessionGuard, type Sessions } from "./sessions.ts";
import { Unit } from "../../kv/unit.ts";

/** A slot that is held, as it is stored. */
interface SlotEntry {
  /** The session of its holder. */
  readonly session: string;
  /** The holder. */
  readonly holder: string;
}

/** Takes and frees slots. */
export class Slots {
  /** Keeps them where the context says. */
  constructor(private readonly context: KvContext, private readonly sessions: Sessions) {}

  /** Takes a slot; whether there was one. */
  async take(slot: Slot): Promise<boolean> {
    const { keys, queue } = this.context;
    const entry: SlotEntry = { session: slot.session, holder: slot.holder };
    return await untilUnchanged(`The slots of ${JSON.stringify(slot.key)}`, async () => {
      const found = await this.#list(slot.key);
      if (found.some(({ value }) => isHeldBy(value, slot))) return true;
      const dead = await this.#dead(found);
      if (found.length - dead.length >= slot.limit) return false;
      const taken = new Map(found.filter((each) => !dead.includes(each)).map((each) => [lastNumber(each.key), each]));
      const stale = new Map(dead.map((each) => [lastNumber(each.key), each.versionstamp]));
      const free: number[] = [];
      for (let index = 0; index < slot.limit; index++) if (!taken.has(index)) free.push(index);
      // With a smaller limit than before the holders may sit above it; a place there is as good.
      const index = free[Math.floor(this.context.clock.random() * free.length)] ?? slot.limit;
      const key = keys.slot(slot.key, index);
      const unit = new Unit();
      unit.guards.push(`slot ${slot.key.length} ${slot.key} ${index}`);
      unit.share(sessionGuard(slot.session));
      unit.check(key, stale.get(index) ?? null);
      unit.checks.push(await this.sessions.check(slot.session));
      unit.set(key, entry, 40 + 2 * (slot.session.length + slot.holder.length));
      if (await queue.submit(unit) !== undefined) return true;
      await this.sessions.recheck(slot.session);
      return undefined;
    });
  }

  /** Frees a slot; silent if it is not held. */
  async free(slot: Slot): Promise<void> {
    const { queue } = this.context;
    const entry = (await this.#list(slot.key)).find(({ value }) => isHeldBy(value, slot));
    if (entry === undefined) return;
    const unit = new Unit();
    unit.check(entry.key, entry.versionstamp);
    unit.guards.push(`slot ${slot.key.length} ${slot.key} ${lastNumber(entry.key)}`);
    unit.delete(entry.key);
    await queue.submit(unit);
  }

  async #list(key: string): Promise<KvEntry<SlotEntry>[]> {
    return await Array.fromAsync(this.context.kv.list<SlotEntry>(this.context.keys.slots(key)));
  }

  async #dead(found: readonly KvEntry<SlotEntry>[]): Promise<KvEntry<SlotEntry>[]> {
    const sessions = new Set(found.map(({ value }) => value.session));
    const over = new Set<string>();
    await Promise.all([...sessions].map(async (id) => {
      if (!await this.sessions.isAlive(id)) over.add(id);
    }));
    return found.filter(({ value }) => over.has(value.session));
  }
}

function isHeldBy(entry: SlotEntry, slot: Slot): boolean {
  return entry.session === slot.session && entry.holder === slot.holder;
}
