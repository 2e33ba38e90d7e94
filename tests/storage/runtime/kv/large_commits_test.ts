import { expect } from "@std/expect";
import { KvRuntimeStorage } from "../../../../storage/runtime/kv/kv_runtime_storage.ts";
import { Bench, bytes, bytesOf, sameValue, step } from "../../../../testing/conformance_fixture.ts";
import { FaultyKv } from "../../../../testing/faulty_kv.ts";
import { MemoryKv } from "../../../../testing/memory_kv.ts";

const size = 4000;

function cascade(bench: Bench) {
  return Array.from({ length: size }, (_, place) => ({
    place,
    record: step("CANCELLED", { endedAt: bench.t0 + 1 }),
    ...(place % 2 === 0 ? { value: bytes(`${place}`) } : {}),
  }));
}

Deno.test("KvRuntimeStorage writes a commit too large for one in parts: causes first, the end last", async () => {
  for (let crash = 1;; crash++) {
    using store = new MemoryKv();
    const before = new KvRuntimeStorage(store);
    const bench = new Bench({ storage: before });
    const { claim } = await bench.started("1", "s", { size });
    let commits = 0;
    using kv = new FaultyKv(store, {
      plan: ({ kind }) => kind === "commit" && ++commits === crash ? { kind: "crash", when: "before" } : undefined,
    });
    const writing = new KvRuntimeStorage(kv).commit({
      claim,
      steps: cascade(bench),
      then: { kind: "ended", status: "CANCELLED", endedAt: bench.t0 + 2 },
    });
    let written = false;
    void writing.then(() => written = true);
    while (!kv.dead && !written) await new Promise((resolve) => setTimeout(resolve, 1));
    const steps = await before.readSteps("1");
    const first = steps.findIndex(({ status }) => status === "PENDING");
    if (written) {
      expect(crash).toBeGreaterThan(3);
      expect(first).toBe(-1);
      expect((await before.readRun("1"))?.status).toBe("CANCELLED");
      break;
    }
    // What was written is a beginning of the commit, with its values; the run is as it was.
    expect(steps.slice(first).every(({ status }) => status === "PENDING")).toBe(true);
    expect((await before.readRun("1"))?.status).toBe("RUNNING");
    const values = await before.readValues("1", steps.map((_, place) => place));
    expect(values.every((value, place) => (value !== undefined) === (place < first && place % 2 === 0))).toBe(true);
  }
});

Deno.test("KvRuntimeStorage writes many large values of a small run in parts", async () => {
  using kv = new MemoryKv();
  const bench = new Bench({ storage: new KvRuntimeStorage(kv) });
  const { claim } = await bench.started("1", "s", { size: 30 });
  const steps = Array.from({ length: 30 }, (_, place) => {
    return { place, record: step("SUCCEEDED"), value: bytesOf(59_000, place) };
  });
  await bench.storage.commit({
    claim,
    steps,
    then: { kind: "ended", status: "SUCCEEDED", endedAt: bench.t0 },
  });
  expect((await bench.storage.readSteps("1")).every(({ status }) => status === "SUCCEEDED")).toBe(true);
  const values = await bench.storage.readValues("1", steps.map(({ place }) => place));
  for (const [place, { value }] of steps.entries()) sameValue(values[place], value);
});

Deno.test("KvRuntimeStorage does not rewrite the head of a large run with every step", async () => {
  using kv = new MemoryKv();
  const bench = new Bench({ storage: new KvRuntimeStorage(kv) });
  const { claim } = await bench.started("1", "s", { size: 100_000 });
  const head = await kv.get(["fw", "run", "1"]);
  for (const place of [0, 1, 99_999]) {
    const before = kv.commits;
    await bench.storage.commit({ claim, steps: [{ place, record: step("SUCCEEDED"), value: bytes("x") }] });
    expect(kv.commits).toBe(before + 1);
  }
  expect((await kv.get(["fw", "run", "1"])).versionstamp).toBe(head.versionstamp);
  expect((await Array.fromAsync(kv.list({ prefix: ["fw", "page"] }))).map(({ key }) => key[3])).toEqual([0, 3124]);
});

Deno.test("KvRuntimeStorage forgets a run although the process dies in the middle of it", async () => {
  for (let crash = 1;; crash++) {
    using store = new MemoryKv();
    const storage = new KvRuntimeStorage(store);
    const bench = new Bench({ storage });
    const { claim } = await bench.started("1", "s", { size: 60, idempotencyKey: "k" });
    const steps = Array.from({ length: 60 }, (_, place) => ({ place, record: step("FAILED"), value: bytesOf(50_000) }));
    await storage.commit({ claim, steps, then: { kind: "ended", status: "FAILED", endedAt: bench.t0 } });
    using kv = new FaultyKv(store, {
      plan: ({ number }) => number === crash ? { kind: "crash", when: "after" } : undefined,
    });
    let done = false;
    void new KvRuntimeStorage(kv).forget("1").then(() => done = true);
    while (!kv.dead && !done) await new Promise((resolve) => setTimeout(resolve, 1));
    const seen = await storage.readRun("1");
    const named = await storage.endedBefore(bench.t0 + 1, 10);
    // It is there whole, or it is not there; and as long as a part of it is there it is named again.
    if (seen !== undefined) expect((await storage.readValues("1", [59]))[0]).toBeDefined();
    else expect((await storage.listRuns()).runs).toEqual([]);
    for (const id of named) await storage.forget(id);
    const left = (await Array.fromAsync(store.list({ prefix: ["fw"] }))).map(({ key }) => String(key[1]));
    expect(left.filter((kind) => !["session", "alive"].includes(kind))).toEqual([]);
    if (done) break;
  }
});

Deno.test("KvRuntimeStorage starts a run anew whose forgetting was interrupted", async () => {
  using store = new MemoryKv();
  const bench = new Bench({ storage: new KvRuntimeStorage(store) });
  const { claim } = await bench.started("1", "s");
  await bench.storage.commit({
    claim,
    steps: [{ place: 0, record: step("SUCCEEDED"), value: bytes("old") }],
    then: { kind: "ended", status: "SUCCEEDED", endedAt: bench.t0 },
  });
  using kv = new FaultyKv(store);
  kv.crashAt(3);
  void new KvRuntimeStorage(kv).forget("1");
  while (!kv.dead) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(await bench.storage.readRun("1")).toBeUndefined();
  expect((await bench.storage.startRun(bench.newRun("1"))).created).toBe(true);
  expect(await bench.storage.readValues("1", [0])).toEqual([undefined]);
  expect(await bench.storage.endedBefore(bench.t0 + 10, 10)).toEqual([]);
});
