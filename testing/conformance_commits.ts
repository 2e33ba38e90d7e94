import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { LeaseLostError } from "../src/errors.ts";
import type { RunCommit } from "../storage/runtime/engine_storage.ts";
import type { NotableEvent } from "../storage/runtime/records.ts";
import { type Bench, bytes, bytesOf, sameValue, step, type TestOn, UNTOUCHED } from "./conformance_fixture.ts";

const failure = {
  name: "TypeError",
  message: "no rows",
  stack: "TypeError: no rows\n    at extract",
  cause: { name: "NotFoundError", message: "no file", cause: { name: "string", message: "why" } },
};

/** Registers the tests of commits. */
export function testCommits(test: TestOn<Bench>): void {
  test("has all of what was committed, also after a restart", async (bench) => {
    const { claim } = await bench.started("1", "s", { size: 6 });
    const records = [
      step("SUCCEEDED", { attempt: 1, startedAt: bench.t0 + 1, endedAt: bench.t0 + 20 }),
      step("FAILED", { attempt: 300, losses: 3, startedAt: bench.t0 + 2, endedAt: bench.t0 + 3 }),
      step("PENDING", { attempt: 70_000, startedAt: bench.t0 + 4, wakeAt: bench.t0 + 60_000 }),
      step("SKIPPED", { endedAt: bench.t0 + 5 }),
      step("RUNNING", { attempt: 2, losses: 400, startedAt: 12.5, wakeAt: bench.t0 * 2 }),
    ];
    const object = { kind: "object", key: "runs/1", size: 77, sha256: "ff" } as const;
    const values = [object, { kind: "error", error: failure } as const];
    await bench.storage.commit({
      claim,
      steps: records.map((record, place) => {
        const value = values[place];
        return value === undefined ? { place, record } : { place, record, value };
      }),
    });
    const after = await bench.restarted();
    deepStrictEqual(await after.readSteps("1"), [...records, UNTOUCHED]);
    deepStrictEqual(await after.readValues("1", [5, 1, 0, 2]), [undefined, values[1], object, undefined]);
  });

  test("keeps values of any size", async (bench) => {
    const { claim } = await bench.started("1", "s", { size: 12 });
    const sizes = [0, 1, 65_536, 65_537, 5_000_000];
    await bench.storage.commit({
      claim,
      steps: sizes.map((size, place) => ({ place, record: step("SUCCEEDED"), value: bytesOf(size, place) })),
    });
    const message = "m".repeat(200_000);
    const error = { kind: "error", error: { name: "Error", message, cause: failure } } as const;
    await bench.storage.commit({
      claim,
      steps: [{ place: 5, record: step("FAILED"), value: error }],
      events: [{ event: "attempt_failed", place: 5, timestamp: 1, attempt: 1, error: error.error }],
      then: { kind: "ended", status: "FAILED", endedAt: bench.t0, failure: { place: 5, error: error.error } },
    });
    const after = await bench.restarted();
    const values = await after.readValues("1", [...sizes.keys()]);
    for (const [place, size] of sizes.entries()) sameValue(values[place], bytesOf(size, place));
    deepStrictEqual((await after.readValues("1", [5]))[0], error);
    deepStrictEqual((await after.readRun("1"))?.failure, { place: 5, error: error.error });
    deepStrictEqual((await after.readEvents("1")).map((event) => "error" in event && event.error), [error.error]);
  });

  test("takes the latest that was committed of a step", async (bench) => {
    const { claim } = await bench.started("1", "s");
    const commit = (attempt: number): RunCommit => ({
      claim,
      steps: [{ place: 1, record: step("RUNNING", { attempt }), value: bytesOf(attempt * 1000) }],
    });
    for (const attempt of [1, 100, 2]) await bench.storage.commit(commit(attempt));
    await bench.storage.commit({
      claim,
      steps: [1, 2, 3].map((attempt) => ({ place: 0, record: step("RUNNING", { attempt }) })),
    });
    strictEqual((await bench.storage.readSteps("1"))[1]?.attempt, 2);
    strictEqual((await bench.storage.readSteps("1"))[0]?.attempt, 3);
    sameValue((await bench.storage.readValues("1", [1]))[0], bytesOf(2000));
  });

  test("writes nothing for a worker whose run was taken over", async (bench) => {
    const { claim } = await bench.started("1", "s1");
    await bench.storage.commit({ claim, steps: [{ place: 0, record: step("RUNNING", { attempt: 1 }) }] });
    await bench.storage.send("1", { kind: "signal", name: "a", payload: bytes("a") });
    const [message] = await bench.storage.receive(claim);
    ok(message);
    const other = await bench.other();
    await other.reap(bench.t0 + 1e10);
    await bench.sessions(["s2"], bench.t0 + 1e12, other);
    const late: RunCommit = {
      claim,
      steps: [{ place: 0, record: step("SUCCEEDED"), value: bytes("late") }],
      events: [{ event: "warning", timestamp: 1, message: "late" }],
      handled: [message.id],
      offers: [{ id: "late", places: [1], fence: 9n }],
      then: { kind: "ended", status: "SUCCEEDED", endedAt: bench.t0 },
    };
    const forged = { ...claim, session: "s2" };
    await rejects(bench.storage.commit(late), LeaseLostError);
    const { claim: second, run } = await bench.claimOne("s2", {}, other);
    ok(second.fence > claim.fence);
    await rejects(bench.storage.commit(late), LeaseLostError);
    await rejects(bench.storage.commit({ ...late, claim: forged }), LeaseLostError);
    await rejects(bench.storage.commit({ ...late, claim: { ...claim, fence: second.fence } }), LeaseLostError);
    await rejects(bench.storage.commit({ ...late, claim: { ...second, fence: second.fence + 1n } }), LeaseLostError);
    await rejects(bench.storage.commit({ ...late, claim: { ...second, runId: "none" } }), LeaseLostError);
    deepStrictEqual(await bench.storage.readRun("1"), run);
    strictEqual((await bench.storage.readSteps("1"))[0]?.status, "RUNNING");
    deepStrictEqual(await bench.storage.readValues("1", [0]), [undefined]);
    deepStrictEqual(await bench.storage.readEvents("1"), []);
    deepStrictEqual(await bench.storage.claimSteps(bench.request("s2")), []);
    strictEqual((await other.receive(second)).length, 1);
    await other.commit({ claim: second, steps: [{ place: 0, record: step("SUCCEEDED"), value: bytes("in time") }] });
    await rejects(bench.storage.commit(late), LeaseLostError);
    deepStrictEqual(await bench.storage.readValues("1", [0]), [bytes("in time")]);
  });

  test("fails only the stale one of many commits at once", async (bench) => {
    await bench.start(150);
    await bench.sessions(["s1"], bench.t0 + 10);
    const [stale] = await bench.claim("s1", { limit: 1 });
    ok(stale);
    await bench.storage.reap(bench.t0 + 1000);
    await bench.sessions(["s2"]);
    const claimed = await bench.claim("s2", { limit: 200 });
    strictEqual(claimed.length, 150);
    const commits = claimed.map(({ claim }, i): RunCommit => ({
      claim: claim.runId === stale.claim.runId ? stale.claim : claim,
      steps: [{ place: 0, record: step("SUCCEEDED", { attempt: 1 }), value: bytesOf(i * 20, i) }],
    }));
    const outcomes = await Promise.allSettled(commits.map((commit) => bench.storage.commit(commit)));
    for (const [i, outcome] of outcomes.entries()) {
      const id = commits[i]?.claim.runId ?? "";
      const isStale: boolean = id === stale.claim.runId;
      strictEqual(outcome.status, isStale ? "rejected" : "fulfilled");
      if (outcome.status === "rejected") ok(outcome.reason instanceof LeaseLostError);
      const [value] = await bench.storage.readValues(id, [0]);
      sameValue(value, isStale ? undefined : bytesOf(i * 20, i));
    }
  });

  test("commits thousands of steps at once", async (bench) => {
    const size = 5000;
    const { claim } = await bench.started("1", "s", { size });
    const steps = Array.from({ length: size }, (_, place) => ({
      place,
      record: step("SUCCEEDED", { attempt: 1, startedAt: bench.t0 + place, endedAt: bench.t0 + place + 1 }),
      value: bytes(`value ${place}`),
    }));
    await bench.storage.commit({ claim, steps: [...steps, { place: 4999, record: step("SUCCEEDED") }] });
    const after = await bench.restarted();
    const records = steps.map(({ record }) => record);
    deepStrictEqual(await after.readSteps("1"), [...records.slice(0, -1), step("SUCCEEDED")]);
    const places = steps.map(({ place }) => place).reverse();
    deepStrictEqual(await after.readValues("1", places), places.map((place) => bytes(`value ${place}`)));
    await after.commit(bench.end(claim));
  });

  test("keeps events in the order in which they were committed", async (bench) => {
    const { claim } = await bench.started("1", "s");
    const events = Array.from({ length: 40 }, (_, i): NotableEvent => {
      if (i % 3 === 0) return { event: "warning", timestamp: i, message: `warning ${i}` };
      if (i % 3 === 1) return { event: "attempt_started", place: 1, timestamp: i, attempt: i };
      return { event: "attempt_failed", place: 1, timestamp: i, attempt: i, error: failure };
    });
    for (let i = 0; i < 40; i += 4) await bench.storage.commit({ claim, steps: [], events: events.slice(i, i + 4) });
    deepStrictEqual(await (await bench.restarted()).readEvents("1"), events);
  });

  test("ends a run for good", async (bench) => {
    const { claim } = await bench.started("1", "s");
    await bench.storage.commit({ claim, steps: [], offers: [{ id: "o", places: [1], fence: 2n }] });
    await bench.storage.send("1", { kind: "cancel" });
    const failed = { place: 1, error: failure };
    await bench.storage.commit({
      claim,
      steps: [{ place: 1, record: step("FAILED", { attempt: 1 }), value: { kind: "error", error: failure } }],
      then: { kind: "ended", status: "FAILED", endedAt: bench.t0 + 7, failure: failed },
    });
    const run = await bench.storage.readRun("1");
    deepStrictEqual([run?.status, run?.endedAt, run?.failure], ["FAILED", bench.t0 + 7, failed]);
    deepStrictEqual([run?.session, run?.wakeAt, run?.parked], [undefined, undefined, false]);
    await rejects(bench.storage.commit(bench.end(claim)), LeaseLostError);
    await rejects(bench.storage.commit({ claim, steps: [] }), LeaseLostError);
    deepStrictEqual(await bench.claim("s"), []);
    deepStrictEqual(await bench.storage.claimSteps(bench.request("s")), []);
    await bench.storage.endSession("s");
    strictEqual((await bench.storage.readRun("1"))?.status, "FAILED");
  });
}
