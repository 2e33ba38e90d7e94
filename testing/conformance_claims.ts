import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { type Bench, bytes, step, type TestOn, UNTOUCHED } from "./conformance_fixture.ts";

/** Registers the tests of how runs come to workers. */
export function testClaims(test: TestOn<Bench>): void {
  test("gives every run to one worker only, however many ask at the same time", async (bench) => {
    const ids = await bench.start(120);
    const stores = [bench.storage, await bench.other()];
    const sessions = ["s0", "s1", "s2", "s3"];
    await bench.sessions(sessions);
    const claimed: string[] = [];
    await Promise.all(sessions.map(async (session, i) => {
      for (let tries = 0; claimed.length < ids.length && tries < 500; tries++) {
        for (const { claim } of await bench.claim(session, { limit: 7 }, stores[i % 2])) claimed.push(claim.runId);
      }
    }));
    deepStrictEqual(claimed.toSorted(), ids.toSorted());
  });

  test("gives a run to one of those who claim just that one at the same time", async (bench) => {
    await bench.start(10);
    const stores = [bench.storage, await bench.other()];
    const sessions = ["s0", "s1", "s2", "s3"];
    await bench.sessions(sessions);
    for (let i = 0; i < 10; i++) {
      const answers = await Promise.all(sessions.map((session, k) => {
        return (stores[k % 2] ?? bench.storage).claimRun(`run-${i}`, session);
      }));
      const kinds = answers.map(({ kind }) => kind).toSorted();
      deepStrictEqual(kinds, ["claimed", "held", "held", "held"]);
    }
    deepStrictEqual(await bench.claim("s0"), []);
  });

  test("gives the most urgent runs first, and of equally urgent ones those that were due first", async (bench) => {
    const priorities = [0, 5, -1, 0, 5, 1_000_000, -2.5, 0];
    await bench.start(8, (i) => ({ id: `run-${9 - i}`, priority: priorities[i] ?? 0 }));
    await bench.sessions(["s"]);
    const order = ["run-4", "run-8", "run-5", "run-9", "run-6", "run-2", "run-7", "run-3"];
    const first = await bench.claimOne("s", { limit: 1 });
    strictEqual(first.claim.runId, order[0]);
    const next = await bench.claim("s", { limit: 3 });
    deepStrictEqual(next.map(({ claim }) => claim.runId), order.slice(1, 4));
    deepStrictEqual((await bench.claim("s")).map(({ claim }) => claim.runId), order.slice(4));
  });

  test("gives a worker only runs of its queues, the most urgent of all of them first", async (bench) => {
    await bench.start(3, (i) => ({ queue: `q${i}`, priority: i }));
    await bench.sessions(["s"]);
    deepStrictEqual(await bench.claim("s", { queues: [] }), []);
    deepStrictEqual(await bench.claim("s", { queues: ["q", "q3"] }), []);
    const claimed = await bench.claim("s", { queues: ["q0", "q2"] });
    deepStrictEqual(claimed.map(({ claim }) => claim.runId), ["run-2", "run-0"]);
    strictEqual((await bench.claimOne("s", { queues: ["q1", "q1"] })).claim.runId, "run-1");
  });

  test("gives a worker only runs of the workflows, versions and graphs that it knows", async (bench) => {
    const keys = [
      { workflow: "etl", version: "1", schema: "one" },
      { workflow: "etl", version: "2", schema: "two" },
      { workflow: "etl", version: "", schema: "one" },
      { workflow: "etl", version: "", schema: "two" },
      { workflow: "other", version: "1", schema: "one" },
    ];
    await bench.start(5, (i) => keys[i] ?? {});
    await bench.sessions(["s"]);
    deepStrictEqual(await bench.claim("s", { definitions: [] }), []);
    deepStrictEqual(await bench.claim("s", { definitions: [{ workflow: "etl", version: "2", schema: "one" }] }), []);
    for (const [i, key] of keys.entries()) {
      strictEqual((await bench.claimOne("s", { definitions: [key] })).claim.runId, `run-${i}`);
    }
  });

  test("does not start a run before its time, and says when that is", async (bench) => {
    const { t0 } = bench;
    await bench.start(5, (i) => ({
      dueAt: t0 + [3000, 2000, 1000, 500, 100][i]!,
      queue: i === 3 ? "other" : "q",
      workflow: i === 4 ? "other" : "etl",
    }));
    await bench.sessions(["s"]);
    deepStrictEqual(await bench.storage.claimRuns(bench.request("s", { now: t0 + 999 })), {
      runs: [],
      nextDue: t0 + 1000,
    });
    const due = await bench.storage.claimRuns(bench.request("s", { now: t0 + 2000 }));
    deepStrictEqual(due.runs.map(({ claim }) => claim.runId), ["run-2", "run-1"]);
    strictEqual(due.nextDue, t0 + 3000);
    strictEqual((await bench.claimOne("s", { now: t0 + 3000 })).run.wakeAt, undefined);
    strictEqual((await bench.storage.claimRuns(bench.request("s", { now: t0 + 4000 }))).nextDue, undefined);
  });

  test("gives the most urgent of the runs whose time has come first", async (bench) => {
    await bench.start(3, (i) => ({ dueAt: bench.t0 + 10 + i, priority: i }));
    await bench.sessions(["s"]);
    const order = (await bench.claim("s")).map(({ claim }) => claim.runId);
    deepStrictEqual(order, ["run-2", "run-1", "run-0"]);
  });

  test("gives a certain run to who asks for it, also before its time", async (bench) => {
    const { storage } = bench;
    await bench.start(2, (i) => ({ dueAt: bench.t0 + i * 1e12 }));
    await bench.sessions(["s1", "s2"]);
    deepStrictEqual(await storage.claimRun("none", "s1"), { kind: "missing" });
    for (const id of ["run-0", "run-1"]) {
      const answer = await storage.claimRun(id, "s1");
      ok(answer.kind === "claimed");
      deepStrictEqual(answer.claimed.claim, { runId: id, session: "s1", fence: 1n });
      const held = await storage.claimRun(id, "s2");
      ok(held.kind === "held");
      strictEqual(held.run.session, "s1");
      deepStrictEqual(await bench.claim("s2", { now: bench.t0 }), []);
      await storage.commit(bench.end(answer.claimed.claim));
      const finished = await storage.claimRun(id, "s2");
      ok(finished.kind === "finished");
      strictEqual(finished.run.status, "SUCCEEDED");
    }
  });

  test("numbers the claims of a run, and tells each holder what was done before", async (bench) => {
    const { claim: first } = await bench.started("1", "s1");
    const done = step("SUCCEEDED", { attempt: 2, losses: 1, startedAt: bench.t0 + 1, endedAt: bench.t0 + 2 });
    await bench.storage.commit({
      claim: first,
      steps: [{ place: 2, record: done, value: bytes("x") }],
      then: { kind: "released", parked: false },
    });
    strictEqual((await bench.storage.readRun("1"))?.session, undefined);
    await bench.sessions(["s2"], bench.t0 + 10);
    const second = await bench.claimOne("s2");
    deepStrictEqual(second.steps, [UNTOUCHED, UNTOUCHED, done, UNTOUCHED]);
    await bench.storage.reap(bench.t0 + 1000);
    const third = await bench.claimOne("s1");
    deepStrictEqual([first.fence, second.claim.fence, third.claim.fence], [1n, 2n, 3n]);
    strictEqual((await bench.storage.readRun("1"))?.fence, 3n);
  });

  test("keeps claims over a restart", async (bench) => {
    const { claim } = await bench.started("1", "s1");
    const after = await bench.restarted();
    await bench.sessions(["s2"]);
    deepStrictEqual(await bench.claim("s2"), []);
    await after.commit(bench.end(claim));
    strictEqual((await after.readRun("1"))?.status, "SUCCEEDED");
  });
}
