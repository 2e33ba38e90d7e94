import { expect } from "@std/expect";
import { type Fault, FaultyKv, type FaultyKvOptions, MemoryKv, settle, VirtualClock } from "../../testing/mod.ts";

/** A handle whose operations have the given faults, in their order. */
function faulty(faults: readonly (Fault | undefined)[], options: FaultyKvOptions = {}) {
  const store = new MemoryKv({ history: 10 });
  const clock = new VirtualClock({ start: 0 });
  const kv = new FaultyKv(store, { plan: ({ number }) => faults[number - 1], clock, ...options });
  return { store, clock, kv };
}

/** What has become of a promise by now. */
async function stateOf(promise: Promise<unknown>): Promise<string> {
  let state = "pending";
  promise.then(() => state = "fulfilled", () => state = "rejected");
  await settle();
  return state;
}

Deno.test("FaultyKv without a plan is the KV that it wraps", async () => {
  const { kv, store } = faulty([]);
  await kv.set(["a"], 1);
  await kv.atomic().check({ key: ["b"], versionstamp: null }).set(["b"], 2).delete(["a"]).commit();
  expect(await kv.get(["b"])).toEqual(await store.get(["b"]));
  expect((await kv.getMany([["a"], ["b"]])).map(({ value }) => value)).toEqual([null, 2]);
  for (let i = 0; i < 10; i++) await kv.set(["n", i], i);
  for (const options of [{}, { batchSize: 3 }, { limit: 4, batchSize: 3 }, { reverse: true, limit: 2 }]) {
    const [wrapped, direct] = [kv.list({ prefix: ["n"] }, options), store.list({ prefix: ["n"] }, options)];
    expect(await Array.fromAsync(wrapped)).toEqual(await Array.fromAsync(direct));
    expect(wrapped.cursor).toBe(direct.cursor);
  }
  await kv.delete(["b"]);
  expect((await store.get(["b"])).value).toBe(null);
});

Deno.test("FaultyKv fails before anything is written, or after", async () => {
  const { kv, store } = faulty([{ kind: "fail" }, { kind: "locked" }, { kind: "lostReply" }, { kind: "lostReply" }]);
  await expect(kv.set(["a"], 1)).rejects.toThrow(new TypeError("connection failed (set)"));
  await expect(kv.atomic().set(["a"], 1).commit()).rejects.toThrow(new TypeError("database is locked"));
  expect(store.commits).toBe(0);
  await expect(kv.atomic().set(["a"], 1).commit()).rejects.toThrow(new TypeError("connection lost (commit)"));
  expect((await store.get(["a"])).value).toBe(1);
  await expect(kv.get(["a"])).rejects.toThrow(TypeError);
  expect((await kv.get(["a"])).value).toBe(1);
  expect(kv.operations).toBe(5);
});

Deno.test("FaultyKv delays requests and replies by the clock", async () => {
  const { kv, store, clock } = faulty([
    { kind: "delay", of: "request", milliseconds: 100 },
    { kind: "delay", of: "reply", milliseconds: 100 },
    { kind: "pause", milliseconds: 100 },
  ], { latency: () => ({ request: 5, reply: 7 }) });
  for (const [took, effect] of [[112, 105], [112, 5], [112, 5]] as const) {
    const [start, commits] = [clock.now(), store.commits];
    const done = kv.set(["a"], 1).then(() => clock.now() - start);
    await clock.advance(effect - 1);
    expect(store.commits).toBe(commits);
    await clock.advance(1);
    expect(store.commits).toBe(commits + 1);
    await clock.runUntilIdle();
    expect(await done).toBe(took);
  }
});

Deno.test("FaultyKv takes values and keys as they are at the call", async () => {
  const { kv, clock, store } = faulty([], { latency: () => ({ request: 5, reply: 5 }) });
  const [key, value] = [["a"], { n: 1 }];
  const done = [kv.set(key, value), kv.atomic().set([...key, "b"], value).commit()];
  key[0] = "b";
  value.n = 2;
  await clock.runUntilIdle();
  await Promise.all(done);
  const entries = await Array.fromAsync(store.list({ prefix: [] }));
  expect(entries.map(({ key, value }) => [key, value])).toEqual([[["a"], { n: 1 }], [["a", "b"], { n: 1 }]]);
  await expect(kv.set(["a"], () => {})).rejects.toThrow("could not be cloned");
});

Deno.test("FaultyKv answers eventual reads from earlier states", async () => {
  const stale: Fault = { kind: "stale", commits: 2 };
  const { kv } = faulty([undefined, undefined, undefined, stale, stale, stale]);
  for (let i = 1; i <= 3; i++) await kv.set(["a"], i);
  expect((await kv.get(["a"])).value).toBe(3);
  expect((await kv.get(["a"], { consistency: "eventual" })).value).toBe(1);
  const list = await Array.fromAsync(kv.list({ prefix: [] }, { consistency: "eventual" }));
  expect(list.map(({ value }) => value)).toEqual([1]);
  const strong = faulty([undefined, undefined, stale], { staleStrongReads: true });
  for (let i = 1; i <= 2; i++) await strong.kv.set(["a"], i);
  expect((await strong.kv.get(["a"])).value).toBe(null);
});

Deno.test("FaultyKv.crashAt() lets nothing settle from an operation on", async () => {
  for (const [when, commits] of [["before", 1], ["after", 2]] as const) {
    const { kv, store } = faulty([]);
    kv.crashAt(2, when);
    await kv.set(["a"], 1);
    expect(kv.dead).toBe(false);
    expect(await stateOf(kv.set(["a"], 2))).toBe("pending");
    expect(kv.dead).toBe(true);
    expect(store.commits).toBe(commits);
    const more = [kv.get(["a"]), kv.list({ prefix: [] }).next(), kv.atomic().set(["a"], 3).commit(), kv.delete(["a"])];
    for (const promise of more) expect(await stateOf(promise)).toBe("pending");
    expect(store.commits).toBe(commits);
  }
});

Deno.test("FaultyKv.kill() leaves open what becomes of requests on their way", async () => {
  for (const arrives of [true, false]) {
    const outcomes: string[] = [];
    const { kv, store, clock } = faulty([], {
      latency: () => ({ request: 5, reply: 5 }),
      afterDeath: () => arrives,
      onOutcome: (_operation, _fault, outcome) => outcomes.push(outcome),
    });
    const set = kv.set(["a"], 1);
    kv.kill();
    kv.kill();
    await clock.runUntilIdle();
    expect(await stateOf(set)).toBe("pending");
    expect(store.commits).toBe(arrives ? 1 : 0);
    expect(outcomes).toEqual([arrives ? "at 00000000000000010000" : "never arrived"]);
  }
});

Deno.test("FaultyKv.watch() loses pushes, and hangs when it is dead", async () => {
  const { kv, store } = faulty([undefined, { kind: "lostReply" }]);
  const reader = kv.watch<[number]>([["a"]]).getReader();
  const next = async () => (await reader.read()).value?.[0].value;
  expect(await next()).toBe(null);
  await store.set(["a"], 1);
  await settle();
  await store.set(["a"], 2);
  expect(await next()).toBe(2);
  kv.kill();
  await store.set(["a"], 3);
  expect(await stateOf(next())).toBe("pending");
});

Deno.test("FaultyKv.close() ends the handle and its streams, not what it wraps", async () => {
  const { kv, store } = faulty([]);
  const reader = kv.watch([["a"]]).getReader();
  await reader.read();
  kv.close();
  expect((await reader.read()).done).toBe(true);
  await expect(kv.get(["a"])).rejects.toThrow("Bad resource ID");
  expect(() => kv.close()).toThrow("Bad resource ID");
  kv[Symbol.dispose]();
  await store.set(["a"], 1);
});

Deno.test("FaultyKv wraps Deno.Kv too", async () => {
  using real = await Deno.openKv(":memory:");
  using kv = new FaultyKv(real, {
    plan: ({ number }) => number === 1 ? { kind: "lostReply" } : { kind: "stale", commits: 1 },
    latency: () => ({ request: 1, reply: 1 }),
  });
  await expect(kv.set(["a"], 1)).rejects.toThrow("connection lost");
  expect((await kv.get(["a"], { consistency: "eventual" })).value).toBe(1);
});
