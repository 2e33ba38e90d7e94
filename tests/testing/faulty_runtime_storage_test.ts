import { expect } from "@std/expect";
import {
  type EngineStorage,
  MemoryRuntimeStorage,
  openRuntime,
  type RuntimeStorage,
  type Status,
} from "@fusewire/fusewire";
import {
  type Fault,
  FaultyRuntimeStorage,
  type FaultyRuntimeStorageOptions,
  settle,
  type StorageCall,
  VirtualClock,
} from "../../testing/mod.ts";

/** A storage whose calls have the given faults, in their order. */
function faulty(faults: readonly (Fault | undefined)[], options: FaultyRuntimeStorageOptions = {}) {
  const store = new MemoryRuntimeStorage();
  const clock = new VirtualClock({ start: 0 });
  const storage = new FaultyRuntimeStorage(store, { plan: ({ number }) => faults[number - 1], clock, ...options });
  return { store, clock, storage };
}

/** What has become of a promise by now. */
async function stateOf(promise: Promise<unknown>): Promise<string> {
  let state = "pending";
  promise.then(() => state = "fulfilled", () => state = "rejected");
  await settle();
  return state;
}

/** A store with only the ten methods. */
function plain(store: RuntimeStorage): RuntimeStorage {
  return {
    createRun: (...args) => store.createRun(...args),
    enqueue: (...args) => store.enqueue(...args),
    fetchNext: (...args) => store.fetchNext(...args),
    setState: (...args) => store.setState(...args),
    getState: (...args) => store.getState(...args),
    setInputs: (...args) => store.setInputs(...args),
    getInputs: (...args) => store.getInputs(...args),
    setResult: (...args) => store.setResult(...args),
    getResult: (...args) => store.getResult(...args),
    finalizeRun: (...args) => store.finalizeRun(...args),
  };
}

Deno.test("FaultyRuntimeStorage without a plan is the storage that it wraps", async () => {
  const { storage } = faulty([]);
  await storage.createRun("etl", "monday", ["a", "b"]);
  await storage.enqueue("etl", "monday", "a");
  await storage.setInputs("etl", "monday", { day: 1 });
  await storage.setResult("etl", "monday", "a", [1]);
  await storage.setState("etl", "monday", "a", "SUCCEEDED");
  expect(await storage.fetchNext("etl", "monday")).toBe("a");
  expect(await storage.getInputs("etl", "monday")).toEqual({ day: 1 });
  expect(await storage.getResult("etl", "monday", "a")).toEqual([1]);
  expect(await storage.getState("etl", "monday", "b")).toBe("PENDING");
  await storage.finalizeRun("etl", "monday");
  expect(storage.calls).toBe(10);
  expect([storage.shared, storage.largeValueBytes, storage.dead]).toEqual([false, Infinity, false]);
  await storage.close();
});

Deno.test("A call fails before anything is written, or after, or takes effect twice", async () => {
  const { storage, store } = faulty([
    { kind: "fail" },
    { kind: "locked" },
    { kind: "lostReply" },
    { kind: "lostReply" },
    { kind: "twice" },
  ]);
  await expect(storage.createRun("w", "r", ["a"])).rejects.toThrow(new TypeError("connection failed (createRun)"));
  await expect(storage.createRun("w", "r", ["a"])).rejects.toThrow(new TypeError("database is locked"));
  expect(await store.getState("w", "r", "a")).toBe(null);
  await expect(storage.createRun("w", "r", ["a"])).rejects.toThrow(new TypeError("connection lost (createRun)"));
  expect(await store.getState("w", "r", "a")).toBe("PENDING");
  // What the store itself refuses is said, whatever happens to the reply.
  await expect(storage.createRun("w", "r", ["a"])).rejects.toThrow("exists");
  await expect(storage.createRun("w", "other", ["a"])).rejects.toThrow("exists");
});

Deno.test("A call is delayed on its way there, or on its way back, by the clock", async () => {
  const { storage, store, clock } = faulty([
    { kind: "delay", of: "request", milliseconds: 100 },
    { kind: "delay", of: "reply", milliseconds: 100 },
    { kind: "pause", milliseconds: 100 },
  ]);
  for (const [run, effect] of [["a", 100], ["b", 0], ["c", 0]] as const) {
    const done = storage.createRun("w", run, ["s"]);
    if (effect > 0) {
      await clock.advance(effect - 1);
      expect(await store.getState("w", run, "s")).toBe(null);
      await clock.advance(1);
    } else await settle();
    expect(await store.getState("w", run, "s")).toBe("PENDING");
    if (effect === 0) {
      expect(await stateOf(done)).toBe("pending");
      await clock.advance(100);
    }
    await done;
  }
});

Deno.test("A read is answered as it was before, for the same method and arguments; a write never", async () => {
  const stale: Fault = { kind: "stale", commits: 1 };
  const seen: (string | null)[] = [];
  const { storage, store } = faulty([], { plan: ({ eventual }) => eventual && seen.length > 1 ? stale : undefined });
  await store.createRun("w", "r", ["a", "b"]);
  const states: Status[] = ["PENDING", "RUNNING", "SUCCEEDED"];
  for (const state of states) {
    await store.setState("w", "r", "a", state);
    seen.push(await storage.getState("w", "r", "a"));
  }
  expect(seen).toEqual(["PENDING", "RUNNING", "RUNNING"]);
  // Nobody has asked for this one before.
  expect(await storage.getState("w", "r", "b")).toBe("PENDING");
  const calls: StorageCall[] = [];
  const written = new FaultyRuntimeStorage(store, { plan: (call) => (calls.push(call), stale) });
  expect(await written.fetchNext("w", "r")).toBe(null);
  await written.enqueue("w", "r", "b");
  expect(await written.fetchNext("w", "r")).toBe("b");
  expect(calls.map(({ number, method, ofMethod, eventual }) => [number, method, ofMethod, eventual])).toEqual([
    [1, "fetchNext", 1, false],
    [2, "enqueue", 1, false],
    [3, "fetchNext", 2, false],
  ]);
});

Deno.test("kill() leaves every call without an answer, those on their way too", async () => {
  let killed = 0;
  const { storage, store, clock } = faulty([{ kind: "delay", of: "reply", milliseconds: 10 }], {
    onKill: () => killed++,
  });
  const before = storage.createRun("w", "r", ["a"]);
  await settle();
  storage.kill();
  storage.kill();
  const after = storage.createRun("w", "s", ["a"]);
  await clock.advance(1_000);
  expect([await stateOf(before), await stateOf(after), storage.dead, killed]).toEqual(["pending", "pending", true, 1]);
  expect(await store.getState("w", "r", "a")).toBe("PENDING");
  expect(await store.getState("w", "s", "a")).toBe(null);
});

for (const when of ["before", "after"] as const) {
  Deno.test(`crashAt() ends a process ${when} a call takes effect`, async () => {
    const { storage, store } = faulty([]);
    storage.crashAt(2, when);
    await storage.createRun("w", "r", ["a"]);
    expect(await stateOf(storage.createRun("w", "s", ["a"]))).toBe("pending");
    expect(await store.getState("w", "s", "a")).toBe(when === "before" ? null : "PENDING");
    expect(await stateOf(storage.getState("w", "r", "a"))).toBe("pending");
  });
}

Deno.test("A bell rings until the process is dead", async () => {
  const { storage, store } = faulty([]);
  const stop = new AbortController();
  const rings = storage.watchBell!("s", ["default"], stop.signal)![Symbol.asyncIterator]();
  const ring = (id: string): Promise<unknown> =>
    store.startRun({
      id,
      workflow: "w",
      version: "1",
      schema: "x",
      size: 1,
      input: { kind: "bytes", bytes: new Uint8Array() },
      queue: "default",
      priority: 0,
      tags: [],
      createdAt: 0,
      dueAt: 0,
    });
  const first = rings.next();
  await ring("a");
  expect((await first).done).toBe(false);
  const second = rings.next();
  storage.kill();
  await ring("b");
  expect(await stateOf(second)).toBe("pending");
  stop.abort();
});

Deno.test("A store of ten methods stays one: the runtime has it serve one worker", async () => {
  const storage = new FaultyRuntimeStorage(plain(new MemoryRuntimeStorage()));
  expect(typeof storage.claimRuns).toBe("undefined");
  await expect(storage.readRun("r")).rejects.toThrow("only the ten methods");
  const first: EngineStorage = storage;
  await using runtime = await openRuntime({ runtimeStorage: first });
  const second = await openRuntime({ runtimeStorage: storage });
  expect(await runtime.list()).toEqual({ runs: [], cursor: undefined });
  await second.close();
  await storage.close();
});
