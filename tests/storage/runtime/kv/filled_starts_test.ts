import { expect } from "@std/expect";
import type { RunContents } from "../../../../storage/runtime/filled_run.ts";
import { KvRuntimeStorage } from "../../../../storage/runtime/kv/kv_runtime_storage.ts";
import { Bench, bytes, bytesOf, sameValue, step, UNTOUCHED } from "../../../../testing/conformance_fixture.ts";
import type { Fault } from "../../../../testing/fault.ts";
import { FaultyKv } from "../../../../testing/faulty_kv.ts";
import { MemoryKv } from "../../../../testing/memory_kv.ts";
import { SharedTime, SkippingClock } from "../../../engine/skipping_clock.ts";

const SIZE = 100;
const steps = Array.from({ length: SIZE }, (_, i) => i % 10 < 8 ? step("SUCCEEDED", { endedAt: 5 + i }) : UNTOUCHED);
const places = steps.map((_, place) => place);

/** A run with small and large values, that takes several commits. */
function contents(mark: string): RunContents {
  return {
    steps,
    events: [{ event: "kept", timestamp: 1, places: [[0, 8]] }],
    input: () => Promise.resolve(bytesOf(150_000, mark.length)),
    async *values() {
      for (const [place, { status }] of steps.entries()) {
        if (status !== "SUCCEEDED") continue;
        yield await Promise.resolve({
          place,
          value: place % 5 === 0 ? bytesOf(70_000, place) : bytes(`${mark} ${place}`),
        });
      }
    },
    discard: () => Promise.resolve(),
  };
}

const idle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

/** Starts over a KV on which one commit goes wrong; gives whether that came to pass. */
async function startWith(store: MemoryKv, at: number, fault: Fault, remote = false) {
  let commits = 0;
  let hit = false;
  using kv = new FaultyKv(store, {
    plan: ({ kind }) => kind === "commit" && ++commits === at ? (hit = true, fault) : undefined,
  });
  const { input: _input, ...run } = new Bench({ storage: new KvRuntimeStorage(store) }).newRun("1", {
    size: SIZE,
    idempotencyKey: "k",
    forkedFrom: { run: "0", from: ["a"] },
  });
  let created: boolean | undefined;
  let failed: unknown;
  const storage = new KvRuntimeStorage(kv, { remote });
  void storage.startFilled(run, contents("one")).then((answer) => created = answer.created, (error) => failed = error);
  while (!kv.dead && created === undefined && failed === undefined) await idle();
  return { hit, created, failed };
}

async function expectWhole(storage: KvRuntimeStorage, mark: string): Promise<void> {
  const run = await storage.readRun("1");
  sameValue(run?.input, bytesOf(150_000, mark.length));
  expect(run?.status).toBe("PENDING");
  expect(await storage.readSteps("1")).toEqual(steps);
  const values = await storage.readValues("1", places);
  for (const [place, { status }] of steps.entries()) {
    if (status !== "SUCCEEDED") expect(values[place]).toBe(undefined);
    else sameValue(values[place], place % 5 === 0 ? bytesOf(70_000, place) : bytes(`${mark} ${place}`));
  }
  expect((await storage.readEvents("1")).length).toBe(1);
}

async function kindsLeft(store: MemoryKv): Promise<string[]> {
  return (await Array.fromAsync(store.list({ prefix: ["fw"] }))).map(({ key }) => String(key[1]));
}

for (const when of ["before", "after"] as const) {
  Deno.test(`a run with results is there as a whole or not at all if the process dies ${when} any commit`, async () => {
    let whole = 0;
    let at = 1;
    for (;; at++) {
      using store = new MemoryKv();
      const { hit, created } = await startWith(store, at, { kind: "crash", when });
      const storage = new KvRuntimeStorage(store);
      if (!hit) {
        expect(created).toBe(true);
        break;
      }
      const isThere = await storage.readRun("1") !== undefined;
      if (isThere) {
        whole++;
        await expectWhole(storage, "one");
        continue;
      }
      expect((await storage.listRuns()).runs).toEqual([]);
      const bench = new Bench({ storage });
      await bench.sessions(["s"]);
      expect(await bench.claim("s")).toEqual([]);
      expect((await storage.claimRun("1", "s")).kind).toBe("missing");
      if (at % 2 === 0) {
        // A start of the same id finds nothing of it.
        await storage.startRun(bench.newRun("1", { size: SIZE, input: bytesOf(150_000, 3) }));
        sameValue((await storage.readRun("1"))?.input, bytesOf(150_000, 3));
        expect(await storage.readSteps("1")).toEqual(new Array(SIZE).fill(UNTOUCHED));
        expect((await storage.readValues("1", places)).every((value) => value === undefined)).toBe(true);
        expect(await storage.readEvents("1")).toEqual([]);
        continue;
      }
      // And what is left of it is found like a run that has ended.
      for (const id of await storage.endedBefore(Infinity, 10)) await storage.forget(id);
      expect((await kindsLeft(store)).filter((kind) => !["session", "alive"].includes(kind))).toEqual([]);
    }
    expect(at).toBeGreaterThan(5);
    expect(whole).toBe(when === "after" ? 1 : 0);
  });
}

for (const kind of ["fail", "lostReply", "twice"] as const) {
  Deno.test(`a run with results is made once although a commit goes wrong: ${kind}`, async () => {
    for (let at = 1;; at++) {
      using store = new MemoryKv();
      const { hit, created, failed } = await startWith(store, at, { kind }, true);
      if (!hit) break;
      expect([failed, created]).toEqual([undefined, true]);
      const storage = new KvRuntimeStorage(store);
      await expectWhole(storage, "one");
      expect(await storage.endedBefore(Infinity, 10)).toEqual([]);
      const bench = new Bench({ storage });
      await bench.sessions(["s"]);
      await storage.commit(bench.end((await bench.claimOne("s")).claim));
      await storage.forget("1");
      expect((await kindsLeft(store)).filter((kind) => !["session", "alive", "bell"].includes(kind))).toEqual([]);
    }
  });
}

Deno.test("a start waits for one with results and the same id, and takes over from one whose process died", async () => {
  using store = new MemoryKv();
  await startWith(store, 3, { kind: "crash", when: "before" });
  const time = new SharedTime();
  const clock = new SkippingClock(time);
  const storage = new KvRuntimeStorage(store, { clock });
  const { input: _input, ...run } = new Bench({ storage }).newRun("1", { size: SIZE });
  let answer: boolean | undefined;
  const starting = storage.startFilled(run, contents("two")).then(({ created }) => answer = created);
  for (let i = 0; i < 20; i++) await idle();
  expect(answer).toBe(undefined);
  while (answer === undefined) {
    time.skip(1_000);
    await idle();
  }
  await starting;
  expect(answer).toBe(true);
  await expectWhole(storage, "two");
  clock.stop();
});

Deno.test("who is overtaken while it makes a run with results gives the other's run, and spoils nothing", async () => {
  using store = new MemoryKv();
  const storage = new KvRuntimeStorage(store);
  const bench = new Bench({ storage });
  const { input: _input, ...run } = bench.newRun("1", { size: SIZE });
  const slow = contents("slow");
  const halfWay = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  let discarded = 0;
  const starting = storage.startFilled(run, {
    ...slow,
    async *values() {
      let count = 0;
      for await (const each of slow.values()) {
        yield each;
        if (++count !== 40) continue;
        halfWay.resolve();
        await goOn.promise;
      }
    },
    discard: () => Promise.resolve(void discarded++),
  });
  starting.catch(() => {});
  await halfWay.promise;
  const other = new KvRuntimeStorage(store);
  expect((await other.startRun(bench.newRun("1", { size: SIZE, input: bytesOf(200_000, 9) }))).created).toBe(true);
  goOn.resolve();
  await expect(starting).rejects.toThrow("was made or removed by another process");
  expect(discarded).toBe(0);
  sameValue((await storage.readRun("1"))?.input, bytesOf(200_000, 9));
  expect(await storage.readSteps("1")).toEqual(new Array(SIZE).fill(UNTOUCHED));
  expect((await storage.readValues("1", places)).every((value) => value === undefined)).toBe(true);
});

Deno.test("who forgets a run that is being made ends the making before a part is removed", async () => {
  using store = new MemoryKv();
  const storage = new KvRuntimeStorage(store);
  const { input: _input, ...run } = new Bench({ storage }).newRun("1", { size: SIZE });
  const slow = contents("slow");
  const [halfWay, goOn, removed] = [1, 2, 3].map(() => Promise.withResolvers<void>());
  const starting = storage.startFilled(run, {
    ...slow,
    async *values() {
      let count = 0;
      for await (const each of slow.values()) {
        yield each;
        if (++count !== 40) continue;
        halfWay!.resolve();
        await goOn!.promise;
      }
    },
  });
  starting.catch(() => {});
  await halfWay!.promise;
  // All parts are removed, and the head is about to be.
  using kv = new FaultyKv(store, {
    plan: ({ kind, keys }) => {
      if (kind !== "commit" || keys.every((key) => key[1] !== "made")) return undefined;
      removed!.resolve();
      return { kind: "delay", of: "request", milliseconds: 60 };
    },
  });
  const forgetting = new KvRuntimeStorage(kv).forget("1");
  await removed!.promise;
  goOn!.resolve();
  await expect(starting).rejects.toThrow("was made or removed by another process");
  await forgetting;
  expect(await storage.readRun("1")).toBe(undefined);
});

Deno.test("who removes a run that another has removed already spoils no new run of the same id", async () => {
  using store = new MemoryKv();
  const storage = new KvRuntimeStorage(store);
  const bench = new Bench({ storage });
  const { claim } = await bench.started("1", "s", { size: SIZE });
  await storage.commit({ ...bench.end(claim), steps: [{ place: 0, record: step("SUCCEEDED"), value: bytes("old") }] });
  const paused = Promise.withResolvers<void>();
  let commits = 0;
  // The second of its commits is the first that removes parts.
  using kv = new FaultyKv(store, {
    plan: ({ kind }) => {
      if (kind !== "commit" || ++commits !== 2) return undefined;
      paused.resolve();
      return { kind: "delay", of: "request", milliseconds: 60 };
    },
  });
  const late = new KvRuntimeStorage(kv).forget("1");
  await paused.promise;
  await storage.forget("1");
  const again = await storage.startRun(bench.newRun("1", { size: SIZE }), "s");
  if (again.claimed === undefined) throw new Error("The run was not claimed.");
  const change = { place: 0, record: step("SUCCEEDED"), value: bytes("new") };
  await storage.commit({ claim: again.claimed.claim, steps: [change] });
  await late;
  expect((await storage.readSteps("1"))[0]?.status).toBe("SUCCEEDED");
  expect(await storage.readValues("1", [0])).toEqual([bytes("new")]);
});

Deno.test("a run with results of 100,000 steps is made in commits that each take no longer than another", async () => {
  using kv = new MemoryKv();
  const storage = new KvRuntimeStorage(kv);
  const size = 100_000;
  const all = new Array(size).fill(step("SUCCEEDED", { endedAt: 5 }));
  const { input: _input, ...run } = new Bench({ storage }).newRun("1", { size });
  await storage.startFilled(run, {
    ...contents("x"),
    steps: all,
    async *values() {
      for (let place = 0; place < size; place++) yield await Promise.resolve({ place, value: bytes(`${place}`) });
    },
  });
  expect(kv.commits).toBeGreaterThan(100);
  expect(kv.commits).toBeLessThan(600);
  expect((await storage.readSteps("1")).length).toBe(size);
  expect(await storage.readValues("1", [0, 99_999])).toEqual([bytes("0"), bytes("99999")]);
});
