import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { LeaseLostError } from "../src/errors.ts";
import type { StepOffer, StepReport } from "../storage/runtime/records.ts";
import { type Bench, bytes, bytesOf, sameValue, step, type TestOn } from "./conformance_fixture.ts";

function succeeded(place: number): StepReport {
  return { place, startedAt: 1, endedAt: 2, outcome: { kind: "succeeded" } };
}

/** Registers the tests of steps that one worker lets others run. */
export function testOffers(test: TestOn<Bench>): void {
  test("gives offered steps to one worker only, however many ask at the same time", async (bench) => {
    const size = 60;
    const { claim, run } = await bench.started("1", "s1", { size });
    const record = step("RUNNING", { attempt: 1 });
    const offers = Array.from({ length: size / 2 }, (_, i): StepOffer => {
      return { id: `offer-${i}`, places: [2 * i, 2 * i + 1], fence: BigInt(i + 2) };
    });
    await bench.storage.commit({
      claim,
      steps: offers.flatMap(({ places }) => places.map((place) => ({ place, record }))),
      offers,
    });
    const stores = [bench.storage, await bench.other()];
    await bench.sessions(["s2", "s3"]);
    const claimed: StepOffer[] = [];
    await Promise.all(["s2", "s3"].map(async (session, i) => {
      for (let tries = 0; claimed.length < offers.length && tries < 300; tries++) {
        for (const work of await stores[i]?.claimSteps(bench.request(session, { limit: 3 })) ?? []) {
          claimed.push(work.offer);
          strictEqual(work.session, session);
          deepStrictEqual(work.steps, [record, record]);
          deepStrictEqual([work.run.id, work.run.input, work.run.fence], ["1", run.input, run.fence]);
        }
      }
    }));
    const byFence = claimed.toSorted((a, b) => Number(a.fence - b.fence));
    deepStrictEqual(byFence, offers);
  });

  test("offers steps only to workers of the queue that know the definition", async (bench) => {
    const { claim } = await bench.started("1", "s1");
    await bench.sessions(["s2"]);
    await bench.storage.commit({ claim, steps: [], offers: [{ id: "o", places: [0], fence: 2n }] });
    const version2 = { ...bench.etl, version: "2" };
    deepStrictEqual(await bench.storage.claimSteps(bench.request("s2", { queues: ["q2"] })), []);
    deepStrictEqual(await bench.storage.claimSteps(bench.request("s2", { definitions: [version2] })), []);
    deepStrictEqual(await bench.storage.claimSteps(bench.request("s2", { limit: 0 })), []);
    strictEqual((await bench.storage.claimSteps(bench.request("s2"))).length, 1);
    deepStrictEqual(await bench.storage.claimSteps(bench.request("s2")), []);
  });

  test("brings what became of offered steps to the holder, with their values", async (bench) => {
    const { claim } = await bench.started("1", "s1", { size: 10 });
    await bench.sessions(["s2"]);
    await bench.storage.commit({ claim, steps: [], offers: [{ id: "o", places: [3, 5, 7, 9], fence: 2n }] });
    const other = await bench.other();
    const [work] = await other.claimSteps(bench.request("s2"));
    ok(work);
    const error = { name: "Error", message: "no", stack: "s", cause: { name: "number", message: "7" } };
    const reports: StepReport[] = [
      { place: 3, startedAt: 1, endedAt: 2.5, outcome: { kind: "retry", error, delay: 1000 } },
      succeeded(5),
      { place: 7, startedAt: 3, endedAt: 4, outcome: { kind: "failed", error } },
      { place: 9, startedAt: 0, endedAt: 0, outcome: { kind: "returned" } },
    ];
    const values = [undefined, bytesOf(3_000_000), { kind: "error", error } as const, undefined];
    for (const [i, report] of reports.entries()) await other.report(work, report, values[i], i === 3);
    const messages = await bench.storage.receive(claim);
    deepStrictEqual(
      messages.map(({ message }) => message),
      reports.map((report) => ({ kind: "report", offer: "o", report })),
    );
    const [value, failure] = await bench.storage.readValues("1", [5, 7]);
    sameValue(value, values[1]);
    deepStrictEqual(failure, values[2]);
    await bench.storage.commit({
      claim,
      steps: [{ place: 5, record: step("SUCCEEDED", { attempt: 1 }) }],
      closedOffers: ["o"],
      handled: messages.map(({ id }) => id),
    });
    deepStrictEqual(await bench.storage.receive(claim), []);
    sameValue((await bench.storage.readValues("1", [5]))[0], values[1]);
    await bench.storage.endSession("s1");
    deepStrictEqual((await bench.claimOne("s2")).offers, []);
  });

  test("refuses reports of steps that the worker does not hold any more", async (bench) => {
    const { claim } = await bench.started("1", "s1", { size: 9 });
    const other = await bench.other();
    const offers = [0, 1, 2, 3].map((place) => ({ id: `o${place}`, places: [place], fence: 2n }));
    await bench.storage.commit({ claim, steps: [], offers });
    await bench.sessions(["s2"], bench.t0 + 1e9, other);
    const works = (await other.claimSteps(bench.request("s2"))).toSorted((a, b) => a.offer.id < b.offer.id ? -1 : 1);
    const [reported, takenBack, forged, ended] = works;
    ok(reported && takenBack && forged && ended);
    const refused = (work: typeof reported): Promise<void> => {
      const report = succeeded(work.offer.places[0] ?? 0);
      return rejects(other.report(work, report, bytes("late"), true), LeaseLostError);
    };
    await other.report(reported, succeeded(0), bytes("first"), true);
    await refused(reported);
    await bench.storage.commit({ claim, steps: [], closedOffers: ["o1"] });
    await refused(takenBack);
    await refused({ ...forged, session: "s1" });
    await refused({ ...forged, offer: { ...forged.offer, id: "none" } });
    await bench.storage.commit({ claim, steps: [], closedOffers: ["o2"] });
    await bench.storage.commit({ claim, steps: [], offers: [{ id: "o2", places: [2], fence: 3n }] });
    await refused(forged);
    const messages = await bench.storage.receive(claim);
    deepStrictEqual(messages.map(({ message }) => message), [
      { kind: "report", offer: "o0", report: succeeded(0) },
    ]);
    await bench.storage.commit(bench.end(claim));
    await refused(ended);
    const values = await bench.storage.readValues("1", [0, 1, 2, 3]);
    deepStrictEqual(values, [bytes("first"), undefined, undefined, undefined]);
    strictEqual((await bench.storage.readRun("1"))?.status, "SUCCEEDED");
  });

  test("lets each offer be claimed or taken back, not both", async (bench) => {
    const { claim } = await bench.started("1", "s1", { size: 20 });
    const other = await bench.other();
    await bench.sessions(["s2"]);
    for (let place = 0; place < 20; place++) {
      const id = `o${place}`;
      await bench.storage.commit({ claim, steps: [], offers: [{ id, places: [place], fence: 2n }] });
      const [, works] = await Promise.all([
        bench.storage.commit({ claim, steps: [], closedOffers: [id] }),
        other.claimSteps(bench.request("s2")),
      ]);
      for (const work of works) {
        await rejects(other.report(work, succeeded(place), bytes("late"), true), LeaseLostError);
      }
    }
    deepStrictEqual(await bench.storage.receive(claim), []);
    deepStrictEqual(await other.claimSteps(bench.request("s2")), []);
  });

  test("tells the next holder of a run what is offered, and wakes it for a report", async (bench) => {
    const { claim } = await bench.started("1", "s1");
    await bench.sessions(["s2"]);
    const offers = [0, 1].map((place) => ({ id: `o${place}`, places: [place, 2], fence: 7n }));
    await bench.storage.commit({ claim, steps: [], offers });
    const [work] = await bench.storage.claimSteps(bench.request("s2", { limit: 1 }));
    ok(work);
    await bench.storage.commit(bench.release(claim, true));
    deepStrictEqual(await bench.claim("s1"), []);
    const after = await bench.restarted();
    await after.report(work, succeeded(0), bytes("x"), false);
    const next = await bench.claimOne("s1");
    deepStrictEqual(next.offers.toSorted((a, b) => a.id < b.id ? -1 : 1), offers);
    strictEqual(next.mail, true);
    await after.report(work, succeeded(2), bytes("y"), true);
    const places = (await after.receive(next.claim)).flatMap(({ message }) => {
      return message.kind === "report" ? [message.report.place] : [];
    });
    deepStrictEqual(places, [0, 2]);
  });
}
