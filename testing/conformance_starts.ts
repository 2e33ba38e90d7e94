import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { LeaseLostError } from "../src/errors.ts";
import {
  type Bench,
  bytes,
  bytesOf,
  HOSTILE_NAMES,
  sameValue,
  step,
  type TestOn,
  UNTOUCHED,
} from "./conformance_fixture.ts";

/** Registers the tests of how runs begin. */
export function testStarts(test: TestOn<Bench>): void {
  test("knows all of a run that was started, also after a restart", async (bench) => {
    const run = bench.newRun("1", { tags: ["night", "eu"], priority: -3, idempotencyKey: "key", queue: "other" });
    const { run: made, created, claimed } = await bench.storage.startRun(run);
    deepStrictEqual([created, claimed], [true, undefined]);
    deepStrictEqual(made, { ...run, status: "PENDING", fence: 0n, parked: false, reopened: false });
    const after = await bench.restarted();
    deepStrictEqual(await after.readRun("1"), made);
    deepStrictEqual(await after.readSteps("1"), new Array(4).fill(UNTOUCHED));
    deepStrictEqual(await after.readValues("1", [0, 3]), [undefined, undefined]);
    deepStrictEqual(await after.readEvents("1"), []);
    strictEqual(await after.readRun("2"), undefined);
    deepStrictEqual(await after.readValues("2", [0]), [undefined]);
  });

  test("keeps an input of any size", async (bench) => {
    await bench.sessions(["s"]);
    for (const size of [0, 1025, 65_536, 5_000_000]) {
      await bench.storage.startRun(bench.newRun(`run-${size}`, { input: bytesOf(size) }));
      sameValue((await bench.storage.readRun(`run-${size}`))?.input, bytesOf(size));
      sameValue((await bench.claimOne("s")).run.input, bytesOf(size));
    }
    const object = { kind: "object", key: "inputs/1", size: 9, sha256: "ab" } as const;
    await bench.storage.startRun(bench.newRun("object", { input: object }));
    deepStrictEqual((await bench.storage.readRun("object"))?.input, object);
  });

  test("gives the run that has an id already", async (bench) => {
    const first = await bench.storage.startRun(bench.newRun("1"));
    await bench.sessions(["s"]);
    const again = await bench.storage.startRun(bench.newRun("1", { workflow: "other", input: bytes("other") }), "s");
    deepStrictEqual([again.created, again.claimed], [false, undefined]);
    deepStrictEqual(again.run, first.run);
    strictEqual((await bench.claim("s")).length, 1);
  });

  test("makes one run of starts with the same id at the same time", async (bench) => {
    const stores = [bench.storage, await bench.other()];
    const started = await Promise.all(Array.from({ length: 20 }, (_, i) => {
      return (stores[i % 2] ?? bench.storage).startRun(bench.newRun("1", { input: bytes(`input ${i}`) }));
    }));
    const made = started.flatMap(({ created }, i) => created ? [i] : []);
    strictEqual(made.length, 1);
    for (const { run } of started) sameValue(run.input, bytes(`input ${made[0]}`));
  });

  test("makes one run of starts with the same idempotency key at the same time", async (bench) => {
    const stores = [bench.storage, await bench.other()];
    const started = await Promise.all(Array.from({ length: 20 }, (_, i) => {
      return (stores[i % 2] ?? bench.storage).startRun(bench.newRun(`run-${i}`, { idempotencyKey: "once" }));
    }));
    strictEqual(started.filter(({ created }) => created).length, 1);
    strictEqual(new Set(started.map(({ run }) => run.id)).size, 1);
    strictEqual((await bench.storage.listRuns()).runs.length, 1);
    await bench.sessions(["s"]);
    strictEqual((await bench.claim("s")).length, 1);
    const other = bench.newRun("other", { workflow: "other", idempotencyKey: "once" });
    strictEqual((await bench.storage.startRun(other)).created, true);
    const later = bench.newRun("later", { idempotencyKey: "another" });
    strictEqual((await bench.storage.startRun(later)).created, true);
  });

  test("claims a run as it is started, if it is due", async (bench) => {
    const { claim, run, steps, offers } = await bench.started("1", "s");
    deepStrictEqual(claim, { runId: "1", session: "s", fence: 1n });
    deepStrictEqual([run.status, run.session, run.fence, steps, offers], ["RUNNING", "s", 1n, undefined, []]);
    const late = await bench.storage.startRun(bench.newRun("2", { dueAt: bench.t0 + 1000 }), "s");
    deepStrictEqual([late.created, late.claimed, late.run.status], [true, undefined, "PENDING"]);
    deepStrictEqual(await bench.claim("s", { now: bench.t0 + 999 }), []);
  });

  test("keeps apart runs with any names", async (bench) => {
    const names = HOSTILE_NAMES;
    const runs = names.map((id, i) => {
      const at = (offset: number): string => names[(i + offset) % names.length] ?? "";
      return bench.newRun(id, {
        workflow: at(1),
        version: at(2),
        schema: at(3),
        queue: at(4),
        tags: [at(5), at(6)],
        idempotencyKey: at(7),
      });
    });
    await bench.sessions(names);
    for (const run of runs) strictEqual((await bench.storage.startRun(run)).created, true);
    for (const run of runs) strictEqual((await bench.storage.startRun({ ...run, id: "again" })).run.id, run.id);
    for (const run of runs) {
      const session = run.workflow;
      const { claim } = await bench.claimOne(session, { queues: [run.queue], definitions: [run] });
      strictEqual(claim.runId, run.id);
      const done = { place: 0, record: step("SUCCEEDED", { attempt: 1 }), value: bytes(run.id) };
      await bench.storage.commit({ claim, steps: [done] });
      strictEqual(await bench.storage.takeSlot({ key: run.id, limit: 1, session, holder: run.queue }, bench.t0), true);
      await bench.storage.send(run.id, { kind: "signal", name: run.queue, payload: bytes(run.queue) });
    }
    for (const run of runs) {
      const claim = { runId: run.id, session: run.workflow, fence: 1n };
      deepStrictEqual(await bench.storage.readValues(run.id, [0, 1]), [bytes(run.id), undefined]);
      const [mail, ...others] = await bench.storage.receive(claim);
      deepStrictEqual(mail?.message, { kind: "signal", name: run.queue, payload: bytes(run.queue) });
      deepStrictEqual(others, []);
      deepStrictEqual((await bench.storage.listRuns({ workflow: run.workflow })).runs.map(({ id }) => id), [run.id]);
      const tagged = (await bench.storage.listRuns({ tag: run.tags[0] ?? "" })).runs.map(({ id }) => id);
      strictEqual(tagged.length === 2 && tagged.includes(run.id), true);
    }
    for (const run of runs) {
      const claim = { runId: run.id, session: run.workflow, fence: 1n };
      await bench.storage.commit(bench.end(claim));
      await bench.storage.forget(run.id);
      strictEqual(await bench.storage.readRun(run.id), undefined);
    }
    deepStrictEqual((await bench.storage.listRuns()).runs, []);
  });

  test("makes, opens and tells a run for the holder of another only while that holds it", async (bench) => {
    const { claim } = await bench.started("parent", "s1");
    const child = bench.newRun("child", { parent: { run: "parent", place: 0 } });
    strictEqual((await bench.storage.startRun(child, undefined, claim)).created, true);
    strictEqual(await bench.storage.send("child", { kind: "cancel" }, claim), true);
    await bench.storage.commit(bench.release(claim, false));
    await bench.sessions(["s2"]);
    const next = await bench.storage.claimRun("parent", "s2");
    ok(next.kind === "claimed");
    const ended = await bench.storage.claimRun("child", "s2");
    ok(ended.kind === "claimed");
    await bench.storage.commit(bench.end(ended.claimed.claim, bench.t0, "FAILED"));
    const late = [claim, { ...next.claimed.claim, fence: claim.fence }, { ...claim, fence: next.claimed.claim.fence }];
    for (const held of late) {
      const calls = [
        () => bench.storage.startRun(bench.newRun("another"), undefined, held),
        () => bench.storage.send("parent", { kind: "cancel" }, held),
        () => bench.storage.reopen("child", bench.t0, held),
      ];
      for (const call of calls) await rejects(call, (error) => error instanceof LeaseLostError);
    }
    strictEqual(await bench.storage.readRun("another"), undefined);
    deepStrictEqual(await bench.storage.receive(next.claimed.claim), []);
    strictEqual((await bench.storage.readRun("child"))?.status, "FAILED");
    strictEqual(await bench.storage.reopen("child", bench.t0, next.claimed.claim), true);
  });
}
