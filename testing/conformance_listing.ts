import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { RunQuery } from "../storage/runtime/engine_storage.ts";
import { type Bench, bytes, bytesOf, step, type TestOn } from "./conformance_fixture.ts";

async function pages(bench: Bench, query: RunQuery): Promise<string[][]> {
  const found: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await bench.storage.listRuns(cursor === undefined ? query : { ...query, cursor });
    found.push(page.runs.map(({ id }) => id));
    cursor = page.cursor;
  } while (cursor !== undefined && found.length < 100);
  return found;
}

/** Registers the tests of what is listed, opened again and forgotten. */
export function testListing(test: TestOn<Bench>): void {
  test("lists more than a thousand runs page by page, the latest first", async (bench) => {
    const count = 1050;
    // Ids whose order is not that of time, as those that users choose.
    const ids = await bench.start(count, (i) => ({
      id: `order-${(i * 7919) % count}`,
      workflow: i % 10 === 0 ? "rare" : "etl",
      tags: i % 100 === 0 ? ["audit", "eu"] : i % 2 === 0 ? ["eu"] : [],
    }));
    ids.reverse();
    const all = await pages(bench, { limit: 100 });
    deepStrictEqual(all.flat(), ids);
    ok(all.slice(0, 10).every((page) => page.length === 100));
    deepStrictEqual((await pages(bench, {}))[0], ids.slice(0, 100));
    const place = (id: string): number => count - 1 - ids.indexOf(id);
    deepStrictEqual(
      (await pages(bench, { workflow: "rare", limit: 40 })).flat(),
      ids.filter((id) => place(id) % 10 === 0),
    );
    deepStrictEqual((await pages(bench, { tag: "audit", limit: 4 })).flat(), ids.filter((id) => place(id) % 100 === 0));
    deepStrictEqual(
      (await pages(bench, { workflow: "rare", tag: "eu", statuses: ["PENDING"], limit: 7 })).flat(),
      ids.filter((id) => place(id) % 10 === 0),
    );
    deepStrictEqual((await pages(bench, { statuses: ["RUNNING", "FAILED"] })).flat(), []);
    deepStrictEqual((await pages(bench, { statuses: [] })).flat(), []);
    deepStrictEqual((await pages(bench, { tag: "none" })).flat(), []);
  });

  test("goes on listing where it was while runs are started", async (bench) => {
    const ids = await bench.start(10);
    const first = await bench.storage.listRuns({ limit: 4 });
    await bench.storage.startRun(bench.newRun("new", { createdAt: bench.t0 + 100 }));
    ok(first.cursor !== undefined);
    const second = await bench.storage.listRuns({ limit: 100, cursor: first.cursor });
    deepStrictEqual([...first.runs, ...second.runs].map(({ id }) => id), ids.toReversed());
  });

  test("lists the runs of a state", async (bench) => {
    await bench.start(6);
    await bench.sessions(["s"]);
    const claimed = await bench.claim("s", { limit: 4 });
    for (const [i, status] of (["FAILED", "SUCCEEDED", "SUCCEEDED"] as const).entries()) {
      const claim = claimed[i]?.claim;
      ok(claim);
      await bench.storage.commit(bench.end(claim, bench.t0 + i, status));
    }
    deepStrictEqual(await pages(bench, { statuses: ["FAILED"] }), [["run-0"]]);
    deepStrictEqual(await pages(bench, { statuses: ["FAILED", "SUCCEEDED"] }), [["run-2", "run-1", "run-0"]]);
    deepStrictEqual(await pages(bench, { statuses: ["RUNNING"] }), [["run-3"]]);
    deepStrictEqual(await pages(bench, { statuses: ["PENDING"] }), [["run-5", "run-4"]]);
  });

  test("opens a finished run again, and keeps what is committed", async (bench) => {
    const { claim } = await bench.started("1", "s1");
    strictEqual(await bench.storage.reopen("1", bench.t0), false);
    strictEqual(await bench.storage.reopen("none", bench.t0), false);
    const failure = { place: 1, error: { name: "Error", message: "no" } };
    await bench.storage.commit({
      claim,
      steps: [
        { place: 0, record: step("SUCCEEDED", { attempt: 1 }), value: bytes("kept") },
        { place: 1, record: step("FAILED", { attempt: 1 }), value: { kind: "error", error: failure.error } },
      ],
      then: { kind: "ended", status: "FAILED", endedAt: bench.t0 + 5, failure },
    });
    const other = await bench.other();
    const opened = await Promise.all(
      [bench.storage, other, bench.storage, other].map((one) => one.reopen("1", bench.t0 + 9)),
    );
    ok(opened.includes(true));
    const run = await bench.storage.readRun("1");
    deepStrictEqual([run?.status, run?.reopened, run?.endedAt, run?.failure, run?.reopenedAt], [
      "PENDING",
      true,
      undefined,
      undefined,
      bench.t0 + 9,
    ]);
    deepStrictEqual(await bench.storage.endedBefore(bench.t0 + 1e9, 10), []);
    deepStrictEqual(await bench.storage.readValues("1", [0]), [bytes("kept")]);
    await bench.sessions(["s2"]);
    const first = await bench.claimOne("s1");
    strictEqual(first.run.reopened, true);
    strictEqual(first.steps?.[1]?.status, "FAILED");
    await bench.storage.endSession("s1");
    // Nothing was tried again yet, so that the next holder has to be told too.
    const second = await bench.claimOne("s2");
    strictEqual(second.run.reopened, true);
    await bench.storage.commit({
      ...bench.release(second.claim, false),
      steps: [{ place: 1, record: step("PENDING") }],
    });
    strictEqual((await bench.claimOne("s2")).run.reopened, false);
  });

  test("names finished runs by their age, and forgets them without a trace", async (bench) => {
    const { storage, t0 } = bench;
    const ids = await bench.start(6, (i) => ({
      idempotencyKey: `key-${i}`,
      tags: ["t"],
      size: 40,
      input: bytesOf(200_000),
    }));
    await bench.sessions(["s"]);
    const ends = [30, 10, 20, 50, 40];
    for (const [i, { claim }] of (await bench.claim("s", { limit: 5 })).entries()) {
      await storage.send(claim.runId, { kind: "signal", name: "x", payload: bytesOf(100_000) });
      await storage.commit({
        claim,
        steps: [0, 39].map((place) => ({ place, record: step("SUCCEEDED", { attempt: 1 }), value: bytesOf(200_000) })),
        events: [{ event: "warning", timestamp: 1, message: "x" }],
        then: { kind: "ended", status: "SUCCEEDED", endedAt: t0 + (ends[i] ?? 0) },
      });
    }
    deepStrictEqual(await storage.endedBefore(t0 + 40, 10), ["run-1", "run-2", "run-0"]);
    deepStrictEqual(await storage.endedBefore(t0 + 1000, 2), ["run-1", "run-2"]);
    deepStrictEqual(await storage.endedBefore(t0 + 10, 2), []);
    for (const id of ["run-1", "run-1", "none"]) await storage.forget(id);
    strictEqual(await storage.readRun("run-1"), undefined);
    deepStrictEqual(await storage.readSteps("run-1"), []);
    deepStrictEqual(await storage.readValues("run-1", [0, 39]), [undefined, undefined]);
    deepStrictEqual(await storage.readEvents("run-1"), []);
    deepStrictEqual((await storage.claimRun("run-1", "s")).kind, "missing");
    strictEqual(await storage.reopen("run-1", bench.t0), false);
    strictEqual(await storage.send("run-1", { kind: "cancel" }), false);
    deepStrictEqual(await storage.endedBefore(t0 + 40, 10), ["run-2", "run-0"]);
    deepStrictEqual((await storage.listRuns({ tag: "t" })).runs.map(({ id }) => id), ids.toSpliced(1, 1).reverse());
    const again = await storage.startRun(bench.newRun("run-1", { idempotencyKey: "key-1", size: 40 }));
    strictEqual(again.created, true);
    strictEqual((await storage.readSteps("run-1"))[39]?.status, "PENDING");
    deepStrictEqual(await storage.readValues("run-1", [0, 39]), [undefined, undefined]);
    deepStrictEqual(await storage.readEvents("run-1"), []);
  });

  test("does not forget a run that has not ended", async (bench) => {
    await bench.start(2);
    await bench.sessions(["s"]);
    await bench.claim("s", { limit: 1 });
    for (const id of ["run-0", "run-1"]) {
      await bench.storage.forget(id);
      strictEqual((await bench.storage.readRun(id))?.id, id);
    }
    strictEqual((await bench.claimOne("s")).claim.runId, "run-1");
  });

  test("shows the steps of a run that workers drive by the ten methods too", async (bench) => {
    const { storage } = bench;
    const steps = ["extract", "load", "report", "mail"];
    await storage.define({ ...bench.etl, steps, parents: [[], [0], [1], [2]], targets: [], single: false });
    const { claim } = await bench.started("1", "s");
    strictEqual(await storage.getState("etl", "1", "extract"), "PENDING");
    await storage.commit({ claim, steps: [{ place: 1, record: step("FAILED", { attempt: 1 }) }] });
    strictEqual(await storage.getState("etl", "1", "load"), "FAILED");
    strictEqual(await storage.getState("etl", "1", "none"), null);
    strictEqual(await storage.getState("other", "1", "load"), null);
  });
}
