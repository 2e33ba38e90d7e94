import { expect } from "@std/expect";
import { systemClock } from "../../../../src/clock.ts";
import { ConfigError } from "../../../../src/errors.ts";
import { DENO_LIMITS } from "../../../../storage/kv/batch.ts";
import { CommitQueue, type CommitQueueOptions } from "../../../../storage/kv/commit_queue.ts";
import type { KvLike } from "../../../../storage/kv/kv_like.ts";
import { InDoubtError, Unit } from "../../../../storage/kv/unit.ts";
import type { Fault, KvOperation } from "../../../../testing/fault.ts";
import { FaultyKv } from "../../../../testing/faulty_kv.ts";
import { MemoryKv } from "../../../../testing/memory_kv.ts";
import { VirtualClock } from "../../../../testing/virtual_clock.ts";

function queueOn(kv: KvLike, changes: Partial<CommitQueueOptions> = {}): CommitQueue {
  return new CommitQueue(kv, {
    limits: DENO_LIMITS,
    remote: false,
    local: true,
    clock: systemClock,
    patience: 30_000,
    ...changes,
  });
}

function unitOf(key: string, value: unknown = key, bytes = 16): Unit {
  const unit = new Unit();
  unit.check([key], null);
  unit.guards.push(key);
  unit.set([key], value, bytes);
  return unit;
}

/** The commits of a handle, as lists of what they wrote. */
function recording(kv: KvLike, faults: (commit: number) => Fault | undefined = () => undefined) {
  const commits: KvOperation[] = [];
  const plan = (operation: KvOperation): Fault | undefined => {
    if (operation.kind !== "commit") return undefined;
    commits.push(operation);
    return faults(commits.length);
  };
  return { kv: new FaultyKv(kv, { plan }), commits };
}

Deno.test("CommitQueue puts what waits into one commit", async () => {
  using store = new MemoryKv();
  const { kv, commits } = recording(store);
  const queue = queueOn(kv);
  const outcomes = await Promise.all(Array.from({ length: 50 }, (_, i) => queue.submit(unitOf(`k${i}`))));
  expect(new Set(outcomes).size).toBe(1);
  expect(commits.length).toBe(1);
});

Deno.test("CommitQueue stays below the number of checks, of mutations and of bytes that a commit may have", async () => {
  using store = new MemoryKv({ maxChecks: 100 });
  const { kv, commits } = recording(store);
  const queue = queueOn(kv);
  await Promise.all(Array.from({ length: 250 }, (_, i) => queue.submit(unitOf(`k${i}`))));
  expect(commits.length).toBe(3);
  commits.length = 0;
  await Promise.all(Array.from({ length: 40 }, (_, i) => {
    const unit = unitOf(`m${i}`);
    for (let k = 0; k < 49; k++) unit.set([`m${i}`, k], k, 16);
    return queue.submit(unit);
  }));
  expect(commits.length).toBe(3);
  commits.length = 0;
  await Promise.all(
    Array.from({ length: 30 }, (_, i) => queue.submit(unitOf(`b${i}`, new Uint8Array(60_000), 60_000))),
  );
  expect(commits.length).toBe(3);
  commits.length = 0;
  const long = "x".repeat(1_900);
  await Promise.all(Array.from({ length: 60 }, (_, i) => {
    const unit = new Unit();
    unit.set([`${long}${i}`], i, 16);
    return queue.submit(unit);
  }));
  expect(commits.length).toBe(2);
});

Deno.test("CommitQueue keeps to fewer checks where a server allows fewer", async () => {
  using store = new MemoryKv({ maxChecks: 10 });
  const queue = queueOn(store, { limits: { ...DENO_LIMITS, checks: 10 }, remote: true });
  const outcomes = await Promise.all(Array.from({ length: 500 }, (_, i) => queue.submit(unitOf(`k${i}`))));
  expect(outcomes).not.toContain(undefined);
});

Deno.test("CommitQueue writes a condition and a bell that many units share once", async () => {
  using store = new MemoryKv({ maxChecks: 100 });
  const { kv, commits } = recording(store);
  const queue = queueOn(kv);
  const shared = { key: ["shared"], versionstamp: null };
  await Promise.all(Array.from({ length: 300 }, (_, i) => {
    const unit = new Unit();
    unit.checks.push(shared);
    unit.set([`k${i}`], i, 8);
    unit.ring(["fw", "bell", "q"]);
    return queue.submit(unit);
  }));
  expect(commits.length).toBe(1);
  expect(commits[0]?.keys.filter((key) => key[1] === "bell").length).toBe(1);
});

Deno.test("CommitQueue never puts two units into one commit of which one changes what the other relies on", async () => {
  using store = new MemoryKv();
  const queue = queueOn(store);
  const outcomes = await Promise.all(Array.from({ length: 10 }, (_, i) => queue.submit(unitOf("same", i))));
  expect(outcomes.filter((outcome) => outcome !== undefined).length).toBe(1);
  expect((await store.get(["same"])).value).toBe(0);
  const reader = (name: string): Unit => {
    const unit = new Unit();
    unit.check(["gate"], null);
    unit.share("gate");
    unit.set([name], 1, 8);
    return unit;
  };
  const close = unitOf("gate");
  const [before, alsoBefore, closed, after] = await Promise.all(
    [reader("a"), reader("b"), close, reader("c")].map((unit) => queue.submit(unit)),
  );
  expect(before).toBe(alsoBefore);
  expect(closed).toBeDefined();
  expect(after === undefined || after === before).toBe(true);
});

Deno.test("CommitQueue fails only the units whose condition does not hold", async () => {
  using store = new MemoryKv();
  for (const key of ["k3", "k40", "k77"]) await store.set([key], "taken");
  const { kv, commits } = recording(store);
  const queue = queueOn(kv);
  const outcomes = await Promise.all(Array.from({ length: 90 }, (_, i) => queue.submit(unitOf(`k${i}`))));
  expect(outcomes.flatMap((outcome, i) => outcome === undefined ? [i] : [])).toEqual([3, 40, 77]);
  expect((await store.get(["k3"])).value).toBe("taken");
  // What is to blame is looked up, not searched by halves: the rest goes in one more commit.
  expect(commits.length).toBe(2);
});

Deno.test("CommitQueue fails only the unit that the store can not take", async () => {
  using store = new MemoryKv();
  const queue = queueOn(store);
  const units = Array.from({ length: 20 }, (_, i) => unitOf(`k${i}`, i === 7 ? new Uint8Array(70_000) : i));
  const outcomes = await Promise.allSettled(units.map((unit) => queue.submit(unit)));
  expect(outcomes.flatMap(({ status }, i) => status === "rejected" ? [i] : [])).toEqual([7]);
  expect((await store.get(["k19"])).value).toBe(19);
});

Deno.test("CommitQueue tries a locked store again, and waits longer each time", async () => {
  using store = new MemoryKv();
  const clock = new VirtualClock({ start: 0, random: () => 0.5 });
  const { kv } = recording(store, (commit) => commit <= 12 ? { kind: "locked" } : undefined);
  const outcome = queueOn(kv, { clock }).submit(unitOf("k"));
  await clock.runUntilIdle();
  expect(await outcome).toBeDefined();
  expect(clock.now()).toBeGreaterThan(500);
});

Deno.test("CommitQueue says what is wrong with a store that stays locked", async () => {
  using store = new MemoryKv();
  const clock = new VirtualClock({ start: 0 });
  const { kv } = recording(store, () => ({ kind: "locked" }));
  const outcome = queueOn(kv, { clock }).submit(unitOf("k")).catch((error: unknown) => error);
  await clock.runUntilIdle();
  const error = await outcome;
  expect(error).toBeInstanceOf(ConfigError);
  expect(String(error)).toContain("locked by other processes for 30 seconds");
});

Deno.test("CommitQueue sends a commit again whose reply was lost, but for units that ask to be told", async () => {
  using store = new MemoryKv();
  const { kv } = recording(store, (commit) => commit === 1 ? { kind: "lostReply" } : undefined);
  const queue = queueOn(kv);
  const again = new Unit();
  again.set(["again"], 1, 8);
  const asks = new Unit();
  asks.set(["asks"], 1, 8);
  asks.resend = false;
  const [first, second] = await Promise.allSettled([queue.submit(again), queue.submit(asks)]);
  expect(first.status).toBe("fulfilled");
  expect(second.status === "rejected" && second.reason instanceof InDoubtError).toBe(true);
});

Deno.test("CommitQueue fails at once when the store was closed", async () => {
  const store = new MemoryKv();
  const queue = queueOn(store);
  store.close();
  await expect(queue.submit(unitOf("k"))).rejects.toThrow("Bad resource ID");
  await queue.idle();
});
