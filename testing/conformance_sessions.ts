import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { LeaseLostError } from "../src/errors.ts";
import type { EngineStorage } from "../storage/runtime/engine_storage.ts";
import { type Bench, bytes, type TestOn } from "./conformance_fixture.ts";

/** Registers the tests of workers that come, live and die. */
export function testSessions(test: TestOn<Bench>): void {
  test("gives the runs of a dead worker to others, all of them", async (bench) => {
    const { t0 } = bench;
    await bench.start(250);
    await bench.sessions(["dead"], t0 + 1000);
    await bench.sessions(["alive"], t0 + 3000);
    strictEqual((await bench.claim("dead", { limit: 250 })).length, 250);
    const other = await bench.other();
    strictEqual(await other.reap(t0 + 900), 0);
    deepStrictEqual(await bench.claim("alive", {}, other), []);
    strictEqual(await other.reap(t0 + 2000), 1);
    strictEqual(await other.reap(t0 + 2000), 0);
    const claimed = await bench.claim("alive", { limit: 300 }, other);
    strictEqual(claimed.length, 250);
    ok(claimed.every(({ claim }) => claim.fence === 2n));
  });

  test("tells a worker whose lease has passed that it is over, and gives it nothing any more", async (bench) => {
    const { claim } = await bench.started("1", "s1", {});
    const record = { id: "s1", deadline: bench.t0 + 1000, host: "host", process: 1 };
    strictEqual(await bench.storage.keepSession(record, false), true);
    const other = await bench.other();
    await other.reap(bench.t0 + 2000);
    strictEqual(await bench.storage.keepSession({ ...record, deadline: bench.t0 + 1e9 }, false), false);
    strictEqual(await bench.storage.keepSession({ ...record, id: "never" }, false), false);
    const refused = async (call: Promise<unknown>): Promise<void> => {
      const answer = await call.catch((error: unknown) => ok(error instanceof LeaseLostError));
      ok(answer === undefined || JSON.stringify(answer).includes('"s1"') === false);
    };
    await refused(
      bench.storage.claimRuns(bench.request("s1")).then(({ runs }) => runs.map((one) => one.claim.session)),
    );
    await refused(bench.storage.claimRun("1", "s1").then(({ kind }) => kind === "claimed" ? ["s1"] : []));
    await refused(bench.storage.startRun(bench.newRun("2"), "s1").then(({ claimed }) => claimed?.claim.session));
    await rejects(bench.storage.commit({ claim, steps: [] }), LeaseLostError);
    await bench.storage.startRun(bench.newRun("2"));
    await bench.sessions(["s2"]);
    deepStrictEqual((await bench.claim("s2")).map((one) => one.claim.runId).toSorted(), ["1", "2"]);
  });

  test("keeps a worker that says in time that it lives", async (bench) => {
    const { claim } = await bench.started("1", "s1");
    for (let i = 1; i < 4; i++) {
      const deadline = bench.t0 + i * 1000;
      strictEqual(await bench.storage.keepSession({ id: "s1", deadline, host: "", process: 1 }, false), true);
      strictEqual(await (await bench.other()).reap(deadline - 100), 0);
    }
    await bench.storage.commit(bench.end(claim));
    strictEqual((await bench.storage.readRun("1"))?.status, "SUCCEEDED");
  });

  test("takes back what a worker holds when it ends", async (bench) => {
    const { claim } = await bench.started("1", "s1");
    await bench.sessions(["s2"]);
    await bench.storage.endSession("s1");
    await bench.storage.endSession("s1");
    await bench.storage.endSession("never");
    strictEqual((await bench.storage.readRun("1"))?.session, undefined);
    strictEqual((await bench.claimOne("s2")).claim.fence, 2n);
    await rejects(bench.storage.commit({ claim, steps: [] }), LeaseLostError);
  });

  test("gives each run of dead workers to one other, although many reap at the same time", async (bench) => {
    await bench.start(40);
    await bench.sessions(["d1", "d2"], bench.t0 + 1000);
    await bench.claim("d1", { limit: 20 });
    await bench.claim("d2", { limit: 20 });
    await bench.sessions(["s1", "s2"]);
    const stores = [bench.storage, await bench.other()];
    await Promise.all([0, 1, 2, 3].map((i) => stores[i % 2]?.reap(bench.t0 + 2000)));
    const claimed = await Promise.all([0, 1].map((i) => bench.claim(`s${i + 1}`, { limit: 40 }, stores[i])));
    const ids = claimed.flat().map(({ claim }) => claim.runId);
    ids.push(...(await bench.claim("s1")).map(({ claim }) => claim.runId));
    strictEqual(new Set(ids).size, 40);
    strictEqual(ids.length, 40);
  });

  test("tells the holder of a run that the worker of its steps is gone", async (bench) => {
    const { claim } = await bench.started("1", "s1");
    const offers = [0, 1, 2].map((i) => ({ id: `offer-${i}`, places: [i], fence: 2n }));
    await bench.storage.commit({ claim, steps: [], offers });
    await bench.sessions(["s2"], bench.t0 + 1000);
    await bench.sessions(["s3"]);
    const [first, second] = await bench.storage.claimSteps(bench.request("s2", { limit: 2 }));
    ok(first && second);
    const report = {
      place: first.offer.places[0] ?? 0,
      startedAt: 1,
      endedAt: 2,
      outcome: { kind: "succeeded" },
    } as const;
    await bench.storage.report(first, report, bytes("x"), true);
    await (await bench.other()).reap(bench.t0 + 2000);
    const messages = (await bench.storage.receive(claim)).map(({ message }) => message);
    deepStrictEqual(messages, [
      { kind: "report", offer: first.offer.id, report },
      { kind: "lost", offer: second.offer.id },
    ]);
    await rejects(bench.storage.report(second, report, bytes("late"), true), LeaseLostError);
    const [third, ...others] = await bench.storage.claimSteps(bench.request("s3"));
    ok(third !== undefined && third.offer.id !== second.offer.id);
    deepStrictEqual(others, []);
  });

  test("wakes a parked run whose steps were lost", async (bench) => {
    const { claim } = await bench.started("1", "s1");
    await bench.storage.commit({ claim, steps: [], offers: [{ id: "o", places: [1], fence: 2n }] });
    await bench.sessions(["s2"], bench.t0 + 1000);
    strictEqual((await bench.storage.claimSteps(bench.request("s2"))).length, 1);
    await bench.storage.commit(bench.release(claim, true));
    await bench.storage.reap(bench.t0 + 2000);
    const next = await bench.claimOne("s1");
    deepStrictEqual(next.offers.map(({ id, places }) => ({ id, places })), [{ id: "o", places: [1] }]);
    deepStrictEqual((await bench.storage.receive(next.claim)).map(({ message }) => message), [
      { kind: "lost", offer: "o" },
    ]);
  });

  test("lends no more slots than there are, and takes back those of dead workers", async (bench) => {
    await bench.sessions(["s1", "s2"]);
    await bench.sessions(["dead"], bench.t0 + 1000);
    const stores: readonly [EngineStorage, EngineStorage] = [bench.storage, await bench.other()];
    const slot = (session: string, holder: string, key = "api") => ({ key, limit: 3, session, holder });
    const taken = await Promise.all(Array.from({ length: 12 }, (_, i) => {
      return stores[i % 2 === 0 ? 0 : 1].takeSlot(slot(i % 2 === 0 ? "s1" : "dead", `step-${i}`), bench.t0);
    }));
    const holders = taken.flatMap((one, i) => one ? [i] : []);
    strictEqual(holders.length, 3);
    strictEqual(await bench.storage.takeSlot(slot("s2", "x"), bench.t0), false);
    strictEqual(await bench.storage.takeSlot(slot("s2", "x", "other key"), bench.t0), true);
    for (const i of holders) await bench.storage.freeSlot(slot(i % 2 === 0 ? "s1" : "dead", `step-${i}`));
    await bench.storage.freeSlot(slot("s2", "never"));
    for (const holder of ["a", "b"]) strictEqual(await stores[1].takeSlot(slot("dead", holder), bench.t0), true);
    strictEqual(await stores[0].takeSlot(slot("s1", "a"), bench.t0), true);
    strictEqual(await stores[0].takeSlot(slot("s1", "b"), bench.t0), false);
    await stores[0].reap(bench.t0 + 2000);
    strictEqual(await stores[0].takeSlot(slot("s1", "b"), bench.t0 + 2000), true);
    strictEqual(await stores[0].takeSlot(slot("s2", "b"), bench.t0 + 2000), true);
    strictEqual(await stores[0].takeSlot(slot("s2", "c"), bench.t0 + 2000), false);
    await stores[1].endSession("s1");
    strictEqual(await stores[0].takeSlot(slot("s2", "c"), bench.t0 + 2000), true);
  });

  test("tells which runs a worker holds, and no other", async (bench) => {
    await bench.sessions(["s1", "s2"]);
    await bench.start(30);
    const held = (await bench.claim("s1", { limit: 20 })).map(({ claim }) => claim);
    await bench.claim("s2", { limit: 5 });
    const other = await bench.other();
    deepStrictEqual([...await other.heldRuns("s1")].sort(), held.map(({ runId }) => runId).sort());
    const [ended, released] = held;
    if (ended === undefined || released === undefined) throw new Error("There is nothing to end.");
    await bench.storage.commit({
      claim: ended,
      steps: [],
      then: { kind: "ended", status: "CANCELLED", endedAt: bench.t0 },
    });
    await bench.storage.commit({ claim: released, steps: [], then: { kind: "released", parked: false } });
    deepStrictEqual([...await other.heldRuns("s1")].sort(), held.slice(2).map(({ runId }) => runId).sort());
    await bench.storage.endSession("s1");
    deepStrictEqual(await other.heldRuns("s1"), []);
    deepStrictEqual(await other.heldRuns("nobody"), []);
  });

  test("knows which workers have nothing to do", async (bench) => {
    const { t0 } = bench;
    const other = await bench.other();
    await bench.sessions(["s1", "s2"]);
    strictEqual(await other.hasIdleWorkers("q", "s1", t0), false);
    await bench.storage.setIdle("s2", ["q", "q2"], t0 + 1000);
    for (const queue of ["q", "q2"]) strictEqual(await other.hasIdleWorkers(queue, "s1", t0), true);
    strictEqual(await other.hasIdleWorkers("q", "s2", t0), false);
    strictEqual(await other.hasIdleWorkers("q3", "s1", t0), false);
    strictEqual(await other.hasIdleWorkers("q", "s1", t0 + 1001), false);
    await bench.storage.setIdle("s2", ["q"], 0);
    strictEqual(await other.hasIdleWorkers("q", "s1", t0), false);
  });
}
