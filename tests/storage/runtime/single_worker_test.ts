import { expect } from "@std/expect";
import { ConfigError, LeaseLostError } from "../../../src/errors.ts";
import type { Status } from "../../../src/status.ts";
import { concatChunks, decode, encode } from "../../../storage/codec/structured.ts";
import type { Claim, NewRun, StoredValue } from "../../../storage/runtime/records.ts";
import type { RuntimeStorage } from "../../../storage/runtime/runtime_storage.ts";
import { SingleWorkerStorage } from "../../../storage/runtime/single_worker.ts";
import { runtimeStorageConformance } from "../../../testing/runtime_storage_conformance.ts";
import { UsersStore } from "./users_store.ts";

const STEPS = ["extract", "clean", "load"];
const DEFINITION = {
  workflow: "etl",
  version: "1",
  schema: "one",
  steps: STEPS,
  parents: [[], [0], [1]],
  targets: [{ place: 2, path: [] }],
  single: true,
};
const NOW = 1_700_000_000_000;

function value(of: unknown): StoredValue {
  return { kind: "bytes", bytes: concatChunks(encode(of)) };
}

function valueIn(stored: StoredValue | undefined): unknown {
  return stored?.kind === "bytes" ? decode(stored.bytes) : stored;
}

function newRun(changes: Partial<NewRun> = {}): NewRun {
  const { workflow, version, schema } = DEFINITION;
  const times = { createdAt: NOW, dueAt: NOW };
  const input = value({ day: "monday" });
  return {
    workflow,
    version,
    schema,
    id: "1",
    size: 3,
    input,
    queue: "q",
    priority: 0,
    tags: [],
    ...times,
    ...changes,
  };
}

function session(id: string) {
  return { id, deadline: Infinity, host: "host", process: 7 };
}

function record(status: Status, attempt = 1) {
  return { status, attempt, losses: 0, startedAt: NOW, endedAt: status === "RUNNING" ? 0 : NOW, wakeAt: 0 };
}

/** A folder for a user's store, and what a process over it does. */
async function folderOfRuns() {
  const folder = await Deno.makeTempDir();
  return {
    plain: () => new UsersStore(folder),
    /** A process begins: it opens the store and begins a session. */
    async process(plain: RuntimeStorage = new UsersStore(folder)) {
      const storage = new SingleWorkerStorage(plain);
      await storage.define(DEFINITION);
      await storage.keepSession(session("s"), true);
      return { plain, storage };
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** A store that writes down what is asked of it, and fails with the call of a number. */
function recording(plain: RuntimeStorage, failAt = Infinity) {
  const calls: string[] = [];
  const store = new Proxy(plain, {
    get(target, key: keyof RuntimeStorage) {
      const method: unknown = Reflect.get(target, key);
      if (typeof method !== "function") return method;
      return (...args: unknown[]) => {
        const change = !key.startsWith("get");
        if (change && calls.push([key, ...args.slice(2).map((arg) => JSON.stringify(arg))].join(" ")) >= failAt) {
          return Promise.reject(new Error("the process dies"));
        }
        return Reflect.apply(method, target, args);
      };
    },
  });
  return { calls, store };
}

async function claimOf(storage: SingleWorkerStorage, id = "1"): Promise<Claim> {
  const answer = await storage.claimRun(id, "s");
  if (answer.kind !== "claimed") throw new Error(answer.kind);
  return answer.claimed.claim;
}

runtimeStorageConformance("SingleWorkerStorage", async () => {
  const folder = await folderOfRuns();
  const { storage } = await folder.process();
  return {
    storage,
    reopen: async () => (await folder.process()).storage,
    close: () => folder[Symbol.asyncDispose](),
  };
});

Deno.test("SingleWorkerStorage writes all that happens to the plain store, results before states", async () => {
  await using folder = await folderOfRuns();
  const { calls, store } = recording(folder.plain());
  const { storage } = await folder.process(store);
  const { claimed, created } = await storage.startRun(newRun(), "s");
  expect(created).toBe(true);
  const claim = claimed!.claim;
  await storage.commit({ claim, steps: [{ place: 0, record: record("RUNNING") }] });
  await storage.commit({
    claim,
    steps: [
      { place: 0, record: record("SUCCEEDED"), value: value(["a"]) },
      { place: 1, record: record("FAILED"), value: { kind: "error", error: { name: "Error", message: "no" } } },
      { place: 2, record: record("CANCELLED") },
    ],
    then: { kind: "ended", status: "FAILED", endedAt: NOW },
  });
  expect(calls).toEqual([
    'createRun ["extract","clean","load"]',
    'setInputs {"day":"monday"}',
    'setState "extract" "RUNNING"',
    'setResult "extract" ["a"]',
    'setResult "clean" {"name":"Error","message":"no"}',
    'setState "extract" "SUCCEEDED"',
    'setState "clean" "FAILED"',
    'setState "load" "CANCELLED"',
    "finalizeRun",
  ]);
  expect((await storage.readRun("1"))?.status).toBe("FAILED");
  expect(await storage.getResult("etl", "1", "extract")).toEqual(["a"]);
});

Deno.test("SingleWorkerStorage goes on with a run after a restart", async () => {
  await using folder = await folderOfRuns();
  const { storage } = await folder.process();
  const { claimed } = await storage.startRun(newRun(), "s");
  await storage.commit({
    claim: claimed!.claim,
    steps: [
      { place: 0, record: record("SUCCEEDED"), value: value(new Map([["rows", 3n]])) },
      { place: 1, record: record("RUNNING") },
    ],
  });

  const { storage: after } = await folder.process();
  const started = await after.startRun(newRun({ input: value({ day: "other" }), createdAt: NOW + 5, dueAt: NOW + 5 }));
  expect(started.created).toBe(false);
  expect(started.run.status).toBe("RUNNING");
  expect(valueIn(started.run.input)).toEqual({ day: "monday" });
  const [first, second, third] = await after.readSteps("1");
  expect([first?.status, second?.status, third?.status]).toEqual(["SUCCEEDED", "PENDING", "PENDING"]);
  expect([first?.losses, second?.losses, third?.losses]).toEqual([0, 1, 0]);
  expect((await after.readValues("1", [0, 1])).map(valueIn)).toEqual([new Map([["rows", 3n]]), undefined]);
  const request = { session: "s", queues: ["q"], definitions: [DEFINITION], limit: 9, now: NOW + 5 };
  const [again] = (await after.claimRuns(request)).runs;
  expect(again!.claim.fence > claimed!.claim.fence).toBe(true);
  expect(again!.steps).toEqual([first, second, third]);
});

Deno.test("SingleWorkerStorage goes on whichever write was the last of a process", async () => {
  for (let failAt = 1; failAt <= 12; failAt++) {
    await using folder = await folderOfRuns();
    const committed = new Map<number, unknown>();
    const drive = async (storage: SingleWorkerStorage, tag: string): Promise<void> => {
      await storage.startRun(newRun());
      const claim = await claimOf(storage);
      const steps = await storage.readSteps("1");
      for (const [place, { status }] of steps.entries()) {
        if (status === "SUCCEEDED") {
          const [stored] = await storage.readValues("1", [place]);
          if (committed.has(place)) expect(valueIn(stored)).toBe(committed.get(place));
          continue;
        }
        await storage.commit({ claim, steps: [{ place, record: record("RUNNING") }] });
        const change = { place, record: record("SUCCEEDED"), value: value(`${STEPS[place]} by ${tag}`) };
        await storage.commit({ claim, steps: [change] });
        committed.set(place, `${STEPS[place]} by ${tag}`);
      }
      await storage.commit({ claim, steps: [], then: { kind: "ended", status: "SUCCEEDED", endedAt: NOW } });
    };
    const first = await folder.process(recording(folder.plain(), failAt).store);
    await expect(drive(first.storage, "first")).rejects.toThrow("the process dies");
    const second = await folder.process();
    if ((await second.storage.startRun(newRun())).run.status !== "SUCCEEDED") await drive(second.storage, "second");
    expect((await second.storage.readRun("1"))?.status).toBe("SUCCEEDED");
    for (const step of STEPS) expect(await second.plain.getState("etl", "1", step)).toBe("SUCCEEDED");
    for (const [place, kept] of committed) {
      expect(await second.plain.getResult("etl", "1", STEPS[place]!)).toBe(kept);
    }
    expect(await second.plain.getInputs("etl", "1")).toEqual({ day: "monday" });
  }
});

Deno.test("SingleWorkerStorage knows a finished run after a restart", async () => {
  for (const [last, status] of [["SUCCEEDED", "SUCCEEDED"], ["CANCELLED", "CANCELLED"]] as const) {
    await using folder = await folderOfRuns();
    const { storage } = await folder.process();
    const { claimed } = await storage.startRun(newRun(), "s");
    await storage.commit({
      claim: claimed!.claim,
      steps: [0, 1, 2].map((place) => ({
        place,
        record: record(place < 2 ? "SUCCEEDED" : last),
        ...(place < 2 || last === "SUCCEEDED" ? { value: value(place) } : {}),
      })),
      then: { kind: "ended", status, endedAt: NOW },
    });
    const { storage: after } = await folder.process();
    const { run, created } = await after.startRun(newRun(), "s");
    expect([run.status, created]).toEqual([status, false]);
    expect((await after.claimRun("1", "s")).kind).toBe("finished");
    expect((await after.readValues("1", [1])).map(valueIn)).toEqual([1]);
  }
});

Deno.test("SingleWorkerStorage leaves it to the worker how a run with a failed step ends, and tells the error", async () => {
  await using folder = await folderOfRuns();
  const { storage } = await folder.process();
  const { claimed } = await storage.startRun(newRun(), "s");
  const error = { name: "TypeError", message: "no", stack: "s", cause: { name: "Error", message: "why" } };
  await storage.commit({
    claim: claimed!.claim,
    steps: [
      { place: 0, record: record("FAILED"), value: { kind: "error", error } },
      { place: 1, record: record("CANCELLED") },
      { place: 2, record: record("CANCELLED") },
    ],
    then: { kind: "ended", status: "FAILED", endedAt: NOW, failure: { place: 0, error } },
  });
  const { storage: after } = await folder.process();
  await after.startRun(newRun());
  const answer = await after.claimRun("1", "s");
  expect(answer.kind === "claimed" && answer.claimed.steps?.map(({ status }) => status)).toEqual([
    "FAILED",
    "CANCELLED",
    "CANCELLED",
  ]);
  expect(await after.readValues("1", [0])).toEqual([{ kind: "error", error }]);
});

Deno.test("SingleWorkerStorage tells of a failure without a reason where the store has none", async () => {
  await using folder = await folderOfRuns();
  const plain = folder.plain();
  await plain.createRun("etl", "1", STEPS);
  await plain.setState("etl", "1", "extract", "FAILED");
  const { storage } = await folder.process(plain);
  await storage.startRun(newRun());
  const [stored] = await storage.readValues("1", [0]);
  expect(stored?.kind === "error" && stored.error.message).toContain("earlier process");
});

Deno.test("SingleWorkerStorage refuses to go on with a run of other steps", async () => {
  await using folder = await folderOfRuns();
  await (await folder.process()).storage.startRun(newRun());
  const storage = new SingleWorkerStorage(folder.plain());
  await storage.define({ ...DEFINITION, version: "2", steps: ["extract", "tidy", "load"] });
  const again = storage.startRun(newRun({ version: "2" }));
  await expect(again).rejects.toThrow(ConfigError);
  await expect(again).rejects.toThrow('"tidy"');
  await expect(storage.startRun(newRun({ version: "3", id: "2" }))).rejects.toThrow("made known");
});

Deno.test("SingleWorkerStorage serves one worker, and says so to a second", async () => {
  await using folder = await folderOfRuns();
  const { plain, storage } = await folder.process();
  const second = new SingleWorkerStorage(plain);
  for (const one of [storage, second]) {
    const asked = one.keepSession(session("t"), true);
    await expect(asked).rejects.toThrow(ConfigError);
    await expect(asked).rejects.toThrow("serves one worker");
  }
  expect(await storage.keepSession(session("s"), false)).toBe(true);
  await storage.endSession("s");
  expect(await second.keepSession({ ...session("t"), deadline: NOW }, true)).toBe(true);
  await expect(storage.keepSession(session("u"), true)).rejects.toThrow(ConfigError);
  expect(await second.reap(NOW + 1)).toBe(1);
  expect(await second.keepSession(session("t"), false)).toBe(false);
  expect(await storage.keepSession(session("u"), true)).toBe(true);
});

Deno.test("SingleWorkerStorage takes a commit again whose write had failed half-way", async () => {
  for (let failAt = 1; failAt <= 7; failAt++) {
    await using folder = await folderOfRuns();
    const plain = folder.plain();
    let left = Infinity;
    const flaky = new Proxy(plain, {
      get(target, key: keyof RuntimeStorage) {
        const method: unknown = Reflect.get(target, key);
        if (typeof method !== "function") return method;
        return async (...args: unknown[]) => {
          const done: unknown = await Reflect.apply(method, target, args);
          if (!key.startsWith("get") && --left === 0) throw new Error("no answer");
          return done;
        };
      },
    });
    const { storage } = await folder.process(flaky);
    const { claimed } = await storage.startRun(newRun(), "s");
    const commit = {
      claim: claimed!.claim,
      steps: [0, 1, 2].map((place) => ({ place, record: record("SUCCEEDED"), value: value(place) })),
      then: { kind: "ended", status: "SUCCEEDED", endedAt: NOW },
    } as const;
    left = failAt;
    await expect(storage.commit(commit)).rejects.toThrow("no answer");
    expect((await storage.readRun("1"))?.status).toBe("RUNNING");
    await storage.commit(commit);
    expect((await storage.readRun("1"))?.status).toBe("SUCCEEDED");
    for (const [place, step] of STEPS.entries()) {
      expect(await plain.getState("etl", "1", step)).toBe("SUCCEEDED");
      expect(await plain.getResult("etl", "1", step)).toBe(place);
    }
  }
});

Deno.test("SingleWorkerStorage writes nothing for a claim that is not good any more", async () => {
  await using folder = await folderOfRuns();
  const { plain, storage } = await folder.process();
  const { claimed } = await storage.startRun(newRun(), "s");
  await claimOf(storage);
  const late = { place: 0, record: record("SUCCEEDED"), value: value("late") };
  await expect(storage.commit({ claim: claimed!.claim, steps: [late] })).rejects.toThrow(LeaseLostError);
  expect(await plain.getState("etl", "1", "extract")).toBe("PENDING");
});

Deno.test("SingleWorkerStorage waits for commits on their way before the worker ends", async () => {
  await using folder = await folderOfRuns();
  const { plain, storage } = await folder.process();
  const { claimed } = await storage.startRun(newRun(), "s");
  const step = { place: 0, record: record("SUCCEEDED"), value: value("x") };
  await Promise.all([storage.commit({ claim: claimed!.claim, steps: [step] }), storage.endSession("s")]);
  expect((await storage.readSteps("1"))[0]?.status).toBe("SUCCEEDED");
  expect(await plain.getState("etl", "1", "extract")).toBe("SUCCEEDED");
  expect((await storage.readRun("1"))?.session).toBe(undefined);
});

Deno.test("SingleWorkerStorage makes one run of starts with the same key at the same time", async () => {
  for (const key of ["idempotencyKey", "exclusive"]) {
    await using folder = await folderOfRuns();
    const { calls, store } = recording(folder.plain());
    const { storage } = await folder.process(store);
    const starts = ["1", "2", "2"].map((id) => storage.startRun(newRun({ id, [key]: "once" })));
    const started = await Promise.all(starts);
    expect(started.map(({ run, created }) => [run.id, created])).toEqual([["1", true], ["1", false], ["1", false]]);
    expect(calls.filter((call) => call.startsWith("createRun")).length).toBe(1);
  }
});

Deno.test("SingleWorkerStorage keeps an input that is no object, and none", async () => {
  await using folder = await folderOfRuns();
  const { plain, storage } = await folder.process();
  const none: StoredValue = { kind: "bytes", bytes: new Uint8Array() };
  for (const [id, input] of [["1", value([1, 2])], ["2", value(null)], ["3", none], ["4", value({})]] as const) {
    await storage.startRun(newRun({ id, input }));
    const { storage: after } = await folder.process();
    expect((await after.startRun(newRun({ id, input }))).run.input).toEqual(input);
  }
  expect(await plain.getInputs("etl", "1")).toEqual({ input: [1, 2] });
  expect(await plain.getInputs("etl", "3")).toEqual({});
});

Deno.test("SingleWorkerStorage refuses values that lie elsewhere, since a plain store keeps every value itself", async () => {
  await using folder = await folderOfRuns();
  const { plain, storage } = await folder.process();
  const object = { kind: "object", key: "runs/1", size: 3, sha256: "ab" } as const;
  await expect(storage.startRun(newRun({ id: "2", input: object }))).rejects.toThrow(ConfigError);
  const { claimed } = await storage.startRun(newRun(), "s");
  const steps = [{ place: 0, record: record("SUCCEEDED"), value: object }];
  await expect(storage.commit({ claim: claimed!.claim, steps })).rejects.toThrow("runs/1");
  expect(await plain.getState("etl", "1", "extract")).toBe("PENDING");
  expect(storage.largeValueBytes).toBe(Infinity);
});

Deno.test("SingleWorkerStorage knows a run without steps", async () => {
  await using folder = await folderOfRuns();
  const empty = { ...DEFINITION, version: "0", steps: [], parents: [], targets: [] };
  for (let i = 0; i < 2; i++) {
    const { storage } = await folder.process();
    await storage.define(empty);
    expect((await storage.startRun(newRun({ version: "0", size: 0 }))).run.status).toBe("PENDING");
  }
});
