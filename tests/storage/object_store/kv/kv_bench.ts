/**
 * What tests of the KV object store share: a clock that is told the time, and a look at what lies in the KV.
 *
 * @module
 */
import { expect } from "@std/expect";
import { systemClock } from "../../../../src/clock.ts";
import { KvObjectStore } from "../../../../storage/object_store/kv/kv_object_store.ts";
import { CHUNK_BYTES, INLINE_BYTES } from "../../../../storage/object_store/kv/manifest.ts";
import type { KvLike } from "../../../../storage/kv/kv_like.ts";
import { keysOf } from "../../../../testing/object_store_fixture.ts";
import { settle } from "../../../../testing/settle.ts";

/** A clock whose time moves when it is told to, and by the length of every wait, which takes none. */
export class ToldClock {
  /** Milliseconds since 1970. */
  time = 1_234_567_890_000;
  /** A new id. */
  readonly newId = systemClock.newId;
  /** Chance. */
  readonly random = systemClock.random;
  /** What it shows. */
  readonly now = (): number => this.time;

  /** Calls back soon. */
  readonly setTimer = (delay: number, callback: () => void): { cancel(): void } => {
    this.time += delay;
    let cancelled = false;
    settle().then(() => cancelled || callback());
    return { cancel: () => void (cancelled = true) };
  };
}

/**
 * That an hour later, and once somebody has listed the objects, nothing lies in the KV but them: no chunk too many, none too few.
 *
 * @returns The objects with their sizes.
 */
export async function holdsNothingElse(kv: KvLike, clock: ToldClock): Promise<Map<string, number>> {
  clock.time += 61 * 60_000;
  const store = new KvObjectStore({ kv, clock });
  const sizes = new Map<string, number>();
  let chunks = 0;
  for (const key of await keysOf(store)) {
    const { length } = await store.get(key);
    sizes.set(key, length);
    if (length > INLINE_BYTES) chunks += Math.ceil(length / CHUNK_BYTES);
  }
  const kinds = { object: 0, chunk: 0, loose: 0 };
  for await (const { key: [, kind] } of kv.list({ prefix: ["fusewire"] })) {
    if (kind === "object" || kind === "chunk" || kind === "loose") kinds[kind]++;
    else throw new Error(`There is an entry of an unknown kind: ${String(kind)}.`);
  }
  expect(kinds).toEqual({ object: sizes.size, chunk: chunks, loose: 0 });
  return sizes;
}
