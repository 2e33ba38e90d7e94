import { deepStrictEqual, notStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { Claim, RunMessage } from "../storage/runtime/records.ts";
import { type Bench, bytes, bytesOf, type TestOn } from "./conformance_fixture.ts";

function signal(name: string): RunMessage {
  return { kind: "signal", name, payload: bytes(`payload of ${name}`) };
}

/** Registers the tests of what runs are told, and of what wakes them. */
export function testMessages(test: TestOn<Bench>): void {
  test("keeps messages in order until they are dealt with", async (bench) => {
    const { claim } = await bench.started("1", "s1");
    const sent = Array.from({ length: 30 }, (_, i) => i === 7 ? { kind: "cancel" } as const : signal(`signal-${i}`));
    const stores = [bench.storage, await bench.other()];
    for (const [i, message] of sent.entries()) strictEqual(await stores[i % 2]?.send("1", message), true);
    const received = await bench.storage.receive(claim);
    deepStrictEqual(received.map(({ message }) => message), sent);
    deepStrictEqual(received.map(({ id }) => id), received.map(({ id }) => id).toSorted());
    const handled = received.filter((_, i) => i % 2 === 0).map(({ id }) => id);
    await bench.storage.commit({ claim, steps: [], handled });
    const left = received.filter((_, i) => i % 2 === 1);
    deepStrictEqual(await bench.storage.receive(claim), left);
    const after = await bench.restarted();
    await after.endSession("s1");
    await bench.sessions(["s2"]);
    const next = await bench.claimOne("s2");
    strictEqual(next.mail, true);
    deepStrictEqual(await after.receive(next.claim), left);
  });

  test("keeps every one of many messages that are sent at the same time", async (bench) => {
    const { claim } = await bench.started("1", "s1");
    const stores = [bench.storage, await bench.other()];
    const names = Array.from({ length: 60 }, (_, i) => `signal-${i}`);
    await Promise.all(names.map((name, i) => stores[i % 2]?.send("1", signal(name))));
    const received = (await bench.storage.receive(claim)).map(({ message }) => message);
    const kept = received.flatMap((message) => message.kind === "signal" ? [message.name] : []);
    deepStrictEqual(kept.toSorted(), names.toSorted());
  });

  test("keeps a large payload", async (bench) => {
    const { claim } = await bench.started("1", "s1");
    const message = { kind: "signal", name: "large", payload: bytesOf(1_000_000) } as const;
    await bench.storage.send("1", message);
    deepStrictEqual((await (await bench.restarted()).receive(claim)).map((one) => one.message), [message]);
  });

  test("says that nobody hears a message to a run that has ended or never was", async (bench) => {
    const { claim } = await bench.started("1", "s1");
    await bench.storage.send("1", signal("early"));
    await bench.storage.commit(bench.end(claim));
    for (const id of ["1", "none"]) strictEqual(await bench.storage.send(id, { kind: "cancel" }), false);
    strictEqual(await bench.storage.reopen("1", bench.t0), true);
    const again = await bench.claimOne("s1");
    deepStrictEqual(await bench.storage.receive(again.claim), []);
  });

  test("leaves a parked run alone until its time, and says when that is", async (bench) => {
    const { t0 } = bench;
    const { claim } = await bench.started("1", "s1");
    await bench.storage.commit(bench.release(claim, true));
    deepStrictEqual(await bench.storage.claimRuns(bench.request("s1", { now: t0 * 2 })), {
      runs: [],
      nextDue: undefined,
    });
    const run = await bench.storage.readRun("1");
    deepStrictEqual([run?.parked, run?.session, run?.wakeAt], [true, undefined, undefined]);
    const { claim: second } = await bench.started("2", "s2");
    await bench.storage.commit(bench.release(second, true, t0 + 500));
    const after = await bench.restarted();
    strictEqual((await after.readRun("2"))?.wakeAt, t0 + 500);
    const answer = await after.claimRuns(bench.request("s1", { now: t0 + 499 }));
    deepStrictEqual(answer, { runs: [], nextDue: t0 + 500 });
    const woken = await bench.claimOne("s1", { now: t0 + 500 });
    deepStrictEqual([woken.claim.runId, woken.run.parked, woken.mail], ["2", false, false]);
  });

  test("gives a run that was given back to the next worker, at once or at its time", async (bench) => {
    const { claim } = await bench.started("1", "s1");
    await bench.storage.commit(bench.release(claim, false));
    const again = await bench.claimOne("s1");
    await bench.storage.commit(bench.release(again.claim, false, bench.t0 + 500));
    const answer = await bench.storage.claimRuns(bench.request("s1", { now: bench.t0 }));
    deepStrictEqual(answer, { runs: [], nextDue: bench.t0 + 500 });
    strictEqual((await bench.claimOne("s1", { now: bench.t0 + 500 })).claim.runId, "1");
  });

  test("makes a run ready that is told something while nobody holds it", async (bench) => {
    await bench.sessions(["s"]);
    await bench.storage.startRun(bench.newRun("delayed", { dueAt: bench.t0 + 1e9 }));
    const releases = [
      ["parked", true, undefined],
      ["sleeping", true, bench.t0 + 1e9],
      ["retrying", false, bench.t0 + 1e9],
      ["ready", false, undefined],
    ] as const;
    for (const [id, parked, wakeAt] of releases) {
      const { claimed } = await bench.storage.startRun(bench.newRun(id), "s");
      ok(claimed);
      await bench.storage.commit(bench.release(claimed.claim, parked, wakeAt));
    }
    const ids = ["delayed", ...releases.map(([id]) => id)];
    for (const id of ids) strictEqual(await bench.storage.send(id, { kind: "cancel" }), true);
    for (const id of ids) strictEqual(await bench.storage.send(id, signal("x")), true);
    const claimed = await bench.claim("s", { now: bench.t0 });
    deepStrictEqual(claimed.map(({ claim }) => claim.runId).toSorted(), ids.toSorted());
    for (const { claim, mail } of claimed) {
      strictEqual(mail, true);
      const messages = (await bench.storage.receive(claim)).map(({ message }) => message);
      deepStrictEqual(messages, [{ kind: "cancel" }, signal("x")]);
    }
  });

  test("keeps a signal to a run that has not begun until its time, and does not begin it for that", async (bench) => {
    const { t0 } = bench;
    await bench.sessions(["s"]);
    const other = await bench.other();
    await bench.storage.startRun(bench.newRun("1", { dueAt: t0 + 1_000 }));
    for (const name of ["a", "b", "c"]) strictEqual(await other.send("1", signal(name)), true);
    const early = await bench.storage.claimRuns(bench.request("s", { now: t0 + 999 }));
    deepStrictEqual(early, { runs: [], nextDue: t0 + 1_000 });
    strictEqual((await bench.storage.readRun("1"))?.status, "PENDING");
    const after = await bench.restarted();
    await bench.sessions(["s2"]);
    const { claim, mail } = await bench.claimOne("s2", { now: t0 + 1_000 });
    strictEqual(mail, true);
    deepStrictEqual((await after.receive(claim)).map(({ message }) => message), ["a", "b", "c"].map(signal));
  });

  test("begins a run before its time that is cancelled, with the signals that came before", async (bench) => {
    const { t0 } = bench;
    await bench.sessions(["s"]);
    await bench.storage.startRun(bench.newRun("1", { dueAt: t0 + 1e9 }));
    for (const message of [signal("a"), { kind: "cancel" }, signal("b")] as const) {
      await bench.storage.send("1", message);
    }
    const { claim, mail } = await bench.claimOne("s", { now: t0 });
    strictEqual(mail, true);
    const messages = (await bench.storage.receive(claim)).map(({ message }) => message);
    deepStrictEqual(messages, [signal("a"), { kind: "cancel" }, signal("b")]);
  });

  test("keeps which run waits for a run", async (bench) => {
    const parents = [{ run: "of another", place: 7 }, { run: "of a map", place: 0, node: "m[3]" }];
    for (const [i, parent] of parents.entries()) await bench.storage.startRun(bench.newRun(`of ${i}`, { parent }));
    const after = await bench.restarted();
    for (const [i, parent] of parents.entries()) deepStrictEqual((await after.readRun(`of ${i}`))?.parent, parent);
    const { claim } = await bench.started("2", "s1");
    strictEqual(await bench.storage.send("2", { kind: "child", place: 3 }), true);
    deepStrictEqual((await bench.storage.receive(claim)).map(({ message }) => message), [{
      kind: "child",
      place: 3,
    }]);
  });

  test("does not park a run that was told something since its holder last looked", async (bench) => {
    const { claim } = await bench.started("1", "s1");
    let held: Claim = claim;
    for (const wakeAt of [undefined, bench.t0 + 1e9]) {
      for (const parked of [true, false]) {
        await bench.storage.send("1", signal("before"));
        const before = await bench.storage.receive(held);
        await bench.storage.send("1", signal("after"));
        await bench.storage.commit({ ...bench.release(held, parked, wakeAt), handled: before.map(({ id }) => id) });
        const next = await bench.claimOne("s1", { now: bench.t0 });
        held = next.claim;
        strictEqual(next.mail, true);
        const mail = await bench.storage.receive(held);
        deepStrictEqual(mail.map(({ message }) => message), [signal("after")]);
        await bench.storage.commit({ claim: held, steps: [], handled: mail.map(({ id }) => id) });
      }
    }
  });

  test("parks a run with an early signal that its holder has seen, and keeps the signal", async (bench) => {
    const { claim } = await bench.started("1", "s1");
    await bench.storage.send("1", signal("early"));
    strictEqual((await bench.storage.receive(claim)).length, 1);
    await bench.storage.commit(bench.release(claim, true));
    deepStrictEqual(await bench.claim("s1"), []);
    await bench.storage.send("1", signal("late"));
    const next = await bench.claimOne("s1");
    const messages = (await bench.storage.receive(next.claim)).map(({ message }) => message);
    deepStrictEqual(messages, [signal("early"), signal("late")]);
  });

  test("loses no wake-up when a run is told something at the moment of its parking", async (bench) => {
    const other = await bench.other();
    let { claim } = await bench.started("1", "s1");
    for (let round = 0; round < 30; round++) {
      const read = await bench.storage.receive(claim);
      const release = { ...bench.release(claim, true), handled: read.map(({ id }) => id) };
      const calls = [() => bench.storage.commit(release), () => other.send("1", signal(`${round}`))];
      if (round % 2 === 1) calls.reverse();
      await Promise.all(calls.map((call) => call()));
      claim = (await bench.claimOne("s1")).claim;
      const mail = (await bench.storage.receive(claim)).map(({ message }) => message);
      deepStrictEqual(mail, [signal(`${round}`)]);
    }
  });

  test("rings for what is new, and is silent otherwise", async (bench) => {
    const { claim } = await bench.started("1", "s1");
    await bench.sessions(["s2"]);
    const other = await bench.other();
    let last = await bench.storage.bell("s1", ["q", "q2"]);
    const rings = async (what: string, call: () => Promise<unknown>): Promise<void> => {
      strictEqual(await bench.storage.bell("s1", ["q", "q2"]), last, `before ${what}`);
      await call();
      const now = await bench.storage.bell("s1", ["q", "q2"]);
      notStrictEqual(now, last, what);
      last = now;
    };
    await rings("a message", () => other.send("1", signal("x")));
    await rings("another message", () => other.send("1", signal("x")));
    await rings("a run", () => other.startRun(bench.newRun("2", { queue: "q2" })));
    await rings("a delayed run", () => other.startRun(bench.newRun("3", { dueAt: bench.t0 + 1000 })));
    await rings(
      "an offer",
      () => bench.storage.commit({ claim, steps: [], offers: [{ id: "o", places: [1], fence: 2n }] }),
    );
    const [work] = await other.claimSteps(bench.request("s2"));
    ok(work);
    const report = { place: 1, startedAt: 1, endedAt: 2, outcome: { kind: "succeeded" } } as const;
    await rings("a report", () => other.report(work, report, bytes("x"), true));
    await rings("a run that is given back", () => bench.storage.commit(bench.release(claim, false, bench.t0 + 1e6)));
    const taken = await bench.claim("s2");
    strictEqual(taken.length, 2);
    last = await bench.storage.bell("s1", ["q", "q2"]);
    await rings("the end of another worker", () => other.endSession("s2"));
  });

  test("lets a worker hear the bell, where it can be heard", async (bench) => {
    await bench.started("1", "s1");
    const stop = new AbortController();
    const listen = () => bench.storage.watchBell?.("s1", ["q"], stop.signal)?.[Symbol.asyncIterator]();
    let heard = listen();
    if (heard === undefined) return;
    // Who listens may hear that there is no more to be heard here, and then listens anew.
    const ring = async (): Promise<void> => {
      while ((await heard?.next())?.done !== false) heard = listen();
    };
    for (let i = 0; i < 3; i++) {
      const next = ring();
      await bench.storage.send("1", signal("x"));
      await next;
    }
    let tries = 0;
    // What was heard before it was waited for may be heard late: a ring too many is no harm.
    for (const next of [heard.next(), heard.next(), heard.next(), heard.next()]) {
      if (tries++ === 0) stop.abort();
      if ((await next).done === true) break;
    }
    strictEqual((await heard.next()).done, true);
  });
}
