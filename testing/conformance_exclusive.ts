/**
 * What a storage has to do about exclusive keys.
 *
 * @module
 */
import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { ConfigError } from "../src/errors.ts";
import type { Bench, TestOn } from "./conformance_fixture.ts";

/** Registers the tests of runs of which there is one at a time. */
export function testExclusive(test: TestOn<Bench>): void {
  test("makes one run of starts with the same exclusive key at the same time", async (bench) => {
    const stores = [bench.storage, await bench.other()];
    const started = await Promise.all(Array.from({ length: 20 }, (_, i) => {
      return (stores[i % 2] ?? bench.storage).startRun(bench.newRun(`run-${i}`, { exclusive: "only" }));
    }));
    strictEqual(started.filter(({ created }) => created).length, 1);
    strictEqual(new Set(started.map(({ run }) => run.id)).size, 1);
    strictEqual((await bench.storage.listRuns()).runs.length, 1);
    for (const changes of [{ workflow: "other", exclusive: "only" }, { exclusive: "another" }, {}]) {
      strictEqual((await bench.storage.startRun(bench.newRun(JSON.stringify(changes), changes))).created, true);
    }
  });

  test("gives an exclusive key away once its run has ended, also after a restart", async (bench) => {
    const { claim } = await bench.started("1", "s", { exclusive: "only" });
    const again = await bench.storage.startRun(bench.newRun("2", { exclusive: "only" }), "s");
    deepStrictEqual([again.run.id, again.created, again.claimed], ["1", false, undefined]);
    strictEqual((await (await bench.restarted()).readRun("1"))?.exclusive, "only");
    await bench.storage.endSession("s");
    await bench.sessions(["t"]);
    const next = await bench.claimOne("t");
    strictEqual(next.claim.fence, claim.fence + 1n);
    await bench.storage.commit(bench.end(next.claim));
    const after = await bench.storage.startRun(bench.newRun("3", { exclusive: "only" }));
    deepStrictEqual([after.run.id, after.created], ["3", true]);
    await bench.storage.forget("1");
    strictEqual((await bench.storage.startRun(bench.newRun("4", { exclusive: "only" }))).run.id, "3");
  });

  test("counts a run that was opened again as one that has not ended", async (bench) => {
    const { claim } = await bench.started("1", "s", { exclusive: "only" });
    await bench.storage.commit(bench.end(claim, bench.t0, "FAILED"));
    strictEqual(await bench.storage.reopen("1", bench.t0), true);
    strictEqual((await bench.storage.startRun(bench.newRun("2", { exclusive: "only" }))).run.id, "1");
    const { claim: second } = await bench.claimOne("s");
    await bench.storage.commit(bench.end(second, bench.t0, "FAILED"));
    strictEqual((await bench.storage.startRun(bench.newRun("3", { exclusive: "only" }))).created, true);
    await rejects(
      bench.storage.reopen("1", bench.t0),
      (error) => error instanceof ConfigError && /\b3\b/.test(error.message),
    );
    strictEqual((await bench.storage.readRun("1"))?.status, "FAILED");
  });
}
