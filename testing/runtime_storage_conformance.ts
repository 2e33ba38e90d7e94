/**
 * What every runtime storage has to do, be it for one worker or for many.
 *
 * @module
 */
import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { ConfigError, NotFoundError } from "../src/errors.ts";
import type { RuntimeStorage } from "../storage/runtime/runtime_storage.ts";
import { HOSTILE_NAMES, type OpenedStorage, type OpenStorage } from "./conformance_fixture.ts";

/**
 * Registers the tests of the ten methods of `RuntimeStorage` with `Deno.test`.
 *
 * @example Test a store of one's own
 * ```ts ignore
 * import { MemoryRuntimeStorage } from "@fusewire/fusewire";
 * import { runtimeStorageConformance } from "@fusewire/fusewire/testing";
 *
 * runtimeStorageConformance("MyStorage", () => Promise.resolve({ storage: new MemoryRuntimeStorage() }));
 * ```
 *
 * @param name What the names of the tests begin with.
 * @param open Opens an empty storage; it is called for each test.
 */
export function runtimeStorageConformance(name: string, open: OpenStorage<RuntimeStorage>): void {
  const test = (what: string, body: (on: OpenedStorage<RuntimeStorage>) => Promise<void>): void => {
    Deno.test(`${name} ${what}`, async () => {
      const opened = await open();
      try {
        await body(opened);
      } finally {
        await opened.close?.();
      }
    });
  };

  test("knows the steps of a run that was made, and of no other", async ({ storage }) => {
    await storage.createRun("etl", "1", ["extract", "load"]);
    strictEqual(await storage.getState("etl", "1", "extract"), "PENDING");
    strictEqual(await storage.getState("etl", "1", "load"), "PENDING");
    strictEqual(await storage.getState("etl", "1", "other"), null);
    strictEqual(await storage.getState("etl", "2", "load"), null);
    strictEqual(await storage.getState("other", "1", "load"), null);
    strictEqual(await storage.getResult("etl", "1", "load"), undefined);
    strictEqual(await storage.getResult("etl", "2", "load"), undefined);
    deepStrictEqual(await storage.getInputs("etl", "1"), {});
    deepStrictEqual(await storage.getInputs("etl", "2"), {});
  });

  test("refuses to make a run twice, also at the same time", async ({ storage }) => {
    await storage.createRun("etl", "1", ["a"]);
    await storage.setState("etl", "1", "a", "RUNNING");
    await rejects(storage.createRun("etl", "1", ["a"]), ConfigError);
    strictEqual(await storage.getState("etl", "1", "a"), "RUNNING");
    const tries = Array.from({ length: 10 }, (_, i) => storage.createRun("etl", "2", [`step-${i}`]));
    const made = (await Promise.allSettled(tries)).flatMap(({ status }, i) => status === "fulfilled" ? [i] : []);
    strictEqual(made.length, 1);
    strictEqual(await storage.getState("etl", "2", `step-${made[0]}`), "PENDING");
  });

  test("FL16 gives queued steps in order, each once, and null when there is none", async ({ storage }) => {
    await storage.createRun("etl", "1", ["a", "b", "c"]);
    strictEqual(await storage.fetchNext("etl", "1"), null);
    for (const step of ["a", "b", "a"]) await storage.enqueue("etl", "1", step);
    strictEqual(await storage.fetchNext("etl", "1"), "a");
    strictEqual(await storage.fetchNext("etl", "1"), "b");
    strictEqual(await storage.fetchNext("etl", "1"), null);
    strictEqual(await storage.fetchNext("etl", "unknown"), null);
    strictEqual(await storage.fetchNext("unknown", "1"), null);
    for (const step of ["b", "a"]) await storage.enqueue("etl", "1", step);
    strictEqual(await storage.fetchNext("etl", "1"), "b");
    await storage.enqueue("etl", "1", "b");
    strictEqual(await storage.fetchNext("etl", "1"), "a");
    strictEqual(await storage.fetchNext("etl", "1"), "b");
  });

  test("gives each queued step to one of those who fetch at the same time", async ({ storage }) => {
    const steps = Array.from({ length: 60 }, (_, i) => `step-${i}`);
    await storage.createRun("etl", "1", steps);
    for (const step of steps) await storage.enqueue("etl", "1", step);
    const fetched = await Promise.all(steps.map(() => storage.fetchNext("etl", "1")));
    deepStrictEqual(new Set(fetched), new Set(steps));
    strictEqual(await storage.fetchNext("etl", "1"), null);
  });

  test("changes states, but not of a step that has succeeded", async ({ storage }) => {
    await storage.createRun("etl", "1", ["a", "b"]);
    for (const status of ["RUNNING", "PENDING", "FAILED", "PENDING", "SKIPPED", "CANCELLED", "RUNNING"] as const) {
      await storage.setState("etl", "1", "a", status);
      strictEqual(await storage.getState("etl", "1", "a"), status);
    }
    await storage.setResult("etl", "1", "a", "first");
    await storage.setResult("etl", "1", "a", "second");
    await storage.setState("etl", "1", "a", "SUCCEEDED");
    await rejects(storage.setState("etl", "1", "a", "PENDING"), ConfigError);
    await rejects(storage.setResult("etl", "1", "a", "third"), ConfigError);
    strictEqual(await storage.getState("etl", "1", "a"), "SUCCEEDED");
    strictEqual(await storage.getResult("etl", "1", "a"), "second");
    strictEqual(await storage.getState("etl", "1", "b"), "PENDING");
  });

  test("says that a run or step is unknown", async ({ storage }) => {
    await storage.createRun("etl", "1", ["a"]);
    await rejects(storage.setState("etl", "1", "other", "RUNNING"), NotFoundError);
    await rejects(storage.setState("etl", "2", "a", "RUNNING"), NotFoundError);
    await rejects(storage.setResult("etl", "1", "other", 1), NotFoundError);
    await rejects(storage.setResult("other", "1", "a", 1), NotFoundError);
  });

  test("gives back inputs and results of any kind and size", async ({ storage }) => {
    const values: unknown[] = [
      null,
      undefined,
      0,
      -1.5,
      "",
      false,
      12n,
      "é😀",
      [1, [null], {}],
      { day: "monday", rows: [{ a: 1 }] },
      new Map<unknown, unknown>([["a", new Set([1])]]),
      new Date(12_345),
      new Uint8Array([0, 255]),
      new Uint8Array(0),
      "x".repeat(65_536),
      new Uint8Array(65_536).fill(7),
      new Uint8Array(5_000_000).fill(9),
    ];
    await storage.createRun("etl", "1", values.map((_, i) => `step-${i}`));
    for (const [i, value] of values.entries()) {
      await storage.setResult("etl", "1", `step-${i}`, value);
      await storage.setState("etl", "1", `step-${i}`, "SUCCEEDED");
    }
    for (const [i, value] of values.entries()) {
      deepStrictEqual(await storage.getResult("etl", "1", `step-${i}`), value);
    }
    await storage.setInputs("etl", "1", { day: "monday", table: new Map([["rows", new Uint8Array(300_000)]]) });
    deepStrictEqual(await storage.getInputs("etl", "1"), {
      day: "monday",
      table: new Map([["rows", new Uint8Array(300_000)]]),
    });
    await storage.setInputs("etl", "1", { day: "tuesday" });
    deepStrictEqual(await storage.getInputs("etl", "1"), { day: "tuesday" });
  });

  test("does not see what is done to a value later", async ({ storage }) => {
    await storage.createRun("etl", "1", ["a"]);
    const [result, inputs] = [{ rows: [1] }, { days: ["monday"] }];
    await storage.setResult("etl", "1", "a", result);
    await storage.setInputs("etl", "1", inputs);
    result.rows.push(2);
    inputs.days.push("tuesday");
    deepStrictEqual(await storage.getResult("etl", "1", "a"), { rows: [1] });
    deepStrictEqual(await storage.getInputs("etl", "1"), { days: ["monday"] });
  });

  test("keeps states and results of a finished run, and empties its queue", async ({ storage }) => {
    await storage.createRun("etl", "1", ["a", "b"]);
    await storage.enqueue("etl", "1", "b");
    await storage.setInputs("etl", "1", { day: 1 });
    await storage.setResult("etl", "1", "a", 7);
    await storage.setState("etl", "1", "a", "SUCCEEDED");
    await storage.setState("etl", "1", "b", "CANCELLED");
    await storage.finalizeRun("etl", "1");
    strictEqual(await storage.fetchNext("etl", "1"), null);
    strictEqual(await storage.getState("etl", "1", "a"), "SUCCEEDED");
    strictEqual(await storage.getState("etl", "1", "b"), "CANCELLED");
    strictEqual(await storage.getResult("etl", "1", "a"), 7);
    deepStrictEqual(await storage.getInputs("etl", "1"), { day: 1 });
    await rejects(storage.createRun("etl", "1", ["a", "b"]), ConfigError);
  });

  test("makes a run of thousands of steps", async ({ storage }) => {
    const steps = Array.from({ length: 3000 }, (_, i) => `a step with a rather long name ${i}`);
    await storage.createRun("etl", "1", steps);
    for (const step of [steps[0], steps[1500], steps[2999]]) {
      if (step === undefined) continue;
      await storage.setState("etl", "1", step, "RUNNING");
      strictEqual(await storage.getState("etl", "1", step), "RUNNING");
    }
    strictEqual(await storage.getState("etl", "1", "a step with a rather long name 1499"), "PENDING");
  });

  test("keeps apart what has any names", async ({ storage }) => {
    const runs = HOSTILE_NAMES.map((id, i) => [HOSTILE_NAMES.at(i - 1) ?? "", id] as const);
    runs.push(["a/b", "c"], ["c", "a"], ["c", "A"]);
    for (const [workflow, id] of runs) {
      await storage.createRun(workflow, id, HOSTILE_NAMES);
      await storage.setInputs(workflow, id, { run: `${workflow} ${id}` });
    }
    for (const [workflow, id] of runs) {
      for (const step of HOSTILE_NAMES.slice(0, 6)) await storage.setResult(workflow, id, step, [workflow, id, step]);
      for (const step of HOSTILE_NAMES) await storage.enqueue(workflow, id, step);
    }
    for (const [workflow, id] of runs) {
      deepStrictEqual(await storage.getInputs(workflow, id), { run: `${workflow} ${id}` });
      for (const step of HOSTILE_NAMES.slice(0, 6)) {
        deepStrictEqual(await storage.getResult(workflow, id, step), [workflow, id, step]);
      }
      for (const step of HOSTILE_NAMES) strictEqual(await storage.fetchNext(workflow, id), step);
    }
  });

  test("has everything after a restart, where something outlives it", async (opened) => {
    if (opened.reopen === undefined) return;
    const before = opened.storage;
    await before.createRun("etl", "1", ["a", "b", "c"]);
    await before.setInputs("etl", "1", { day: "monday" });
    await before.setResult("etl", "1", "a", new Uint8Array(200_000));
    await before.setState("etl", "1", "a", "SUCCEEDED");
    await before.setState("etl", "1", "b", "RUNNING");
    for (const step of ["c", "b"]) await before.enqueue("etl", "1", step);
    const after = await opened.reopen();
    strictEqual(await after.getState("etl", "1", "a"), "SUCCEEDED");
    strictEqual(await after.getState("etl", "1", "b"), "RUNNING");
    strictEqual(await after.getState("etl", "1", "c"), "PENDING");
    deepStrictEqual(await after.getResult("etl", "1", "a"), new Uint8Array(200_000));
    deepStrictEqual(await after.getInputs("etl", "1"), { day: "monday" });
    strictEqual(await after.fetchNext("etl", "1"), "c");
    strictEqual(await after.fetchNext("etl", "1"), "b");
    await rejects(after.setState("etl", "1", "a", "PENDING"), ConfigError);
    await rejects(after.createRun("etl", "1", ["a"]), ConfigError);
  });
}
