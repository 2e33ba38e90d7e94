import { deepStrictEqual, ok, rejects } from "node:assert/strict";
import { LeaseLostError } from "../src/errors.ts";
import type { EngineStorage } from "../storage/runtime/engine_storage.ts";
import type { ResultCache } from "../storage/runtime/result_cache.ts";
import type { CachedResult, StoredValue } from "../storage/runtime/records.ts";
import { type Bench, bytes, bytesOf, sameValue, step, type TestOn } from "./conformance_fixture.ts";

/** A storage that keeps results for other runs. */
type Keeping = EngineStorage & ResultCache;

function keeps(storage: EngineStorage): storage is Keeping {
  return storage.readCached !== undefined && storage.cachedBefore !== undefined && storage.dropCached !== undefined;
}

const keyOf = (n: number): string => n.toString(16).padStart(64, "0");

function result(n: number, value: StoredValue, keptAt: number): CachedResult {
  return { key: keyOf(n), value, ...(n % 2 === 0 ? { content: `content ${n}` } : {}), check: `check ${n}`, keptAt };
}

/** Registers the tests of results that are kept for other runs; a storage that keeps none passes. */
export function testCached(test: TestOn<Bench>): void {
  test("keeps results for other runs with the commit of the run that made them", async (bench) => {
    const { claim } = await bench.started("1", "s");
    const object = { kind: "object", key: "cached/1", size: 77, sha256: "ff" } as const;
    const cached = [bytes(""), bytes("one"), object].map((value, n) => result(n, value, bench.t0 + n));
    await bench.storage.commit({
      claim,
      steps: [{ place: 0, record: step("SUCCEEDED"), value: bytes("one") }],
      cached,
    });
    const after = await bench.restarted();
    if (!keeps(after)) return;
    deepStrictEqual(await after.readCached([2, 7, 0, 1, 0].map(keyOf)), [
      cached[2],
      undefined,
      cached[0],
      cached[1],
      cached[0],
    ]);
    deepStrictEqual(await after.readCached([]), []);
  });

  test("keeps results of any size, also when the run that made them is forgotten", async (bench) => {
    const { claim } = await bench.started("1", "s");
    const sizes = [59_999, 60_000, 60_001, 65_537, 2_000_000];
    const cached = sizes.map((size, n) => result(n, bytesOf(size, n), bench.t0));
    await bench.storage.commit({ claim, steps: [], cached });
    await bench.storage.commit(bench.end(claim));
    await bench.storage.forget("1");
    const after = await bench.restarted();
    if (!keeps(after)) return;
    for (const [n, found] of (await after.readCached(sizes.map((_, n) => keyOf(n)))).entries()) {
      ok(found !== undefined && !(found instanceof Error));
      sameValue(found.value, bytesOf(sizes[n]!, n));
    }
  });

  test("keeps thousands of results of one commit, and no result of a run that was taken over", async (bench) => {
    const { claim } = await bench.started("1", "s");
    const many = Array.from({ length: 3_000 }, (_, n) => result(n, bytes(`value ${n}`), bench.t0));
    await bench.storage.commit({ claim, steps: [], cached: many });
    const late = result(9_999, bytes("late"), bench.t0);
    const stale = { ...claim, fence: claim.fence - 1n };
    await rejects(bench.storage.commit({ claim: stale, steps: [], cached: [late] }), LeaseLostError);
    const after = await bench.restarted();
    if (!keeps(after)) return;
    deepStrictEqual(await after.readCached(many.map(({ key }) => key)), many);
    deepStrictEqual(await after.readCached([late.key]), [undefined]);
  });

  test("lists results in the order of their keys, where it can", async (bench) => {
    const { storage, t0 } = bench;
    const { claim } = await bench.started("1", "s");
    const all = [5, 1, 3, 2, 4].map((n) => result(n, bytesOf(n === 3 ? 300_000 : 10, n), t0));
    await storage.commit({ claim, steps: [], cached: all });
    if (storage.listCached === undefined) return;
    const sorted = all.toSorted((a, b) => a.key < b.key ? -1 : 1);
    const listed = (results: readonly CachedResult[]) =>
      results.map((result) => result.key === keyOf(3) ? { key: result.key } : { key: result.key, result });
    deepStrictEqual(await storage.listCached(keyOf(0), keyOf(9), 10), listed(sorted));
    deepStrictEqual(await storage.listCached(keyOf(2), keyOf(4), 10), listed(sorted.slice(1, 3)));
    deepStrictEqual(await storage.listCached(keyOf(2), keyOf(9), 2), listed(sorted.slice(1, 3)));
    deepStrictEqual(await storage.listCached(keyOf(6), keyOf(9), 2), []);
  });

  test("drops the results that were not kept again", async (bench) => {
    const { storage, t0 } = bench;
    const { claim } = await bench.started("1", "s");
    const first = [0, 1, 2, 3].map((n) => result(n, bytesOf(n === 3 ? 200_000 : 10, n), t0 + 10 * n));
    await storage.commit({ claim, steps: [], cached: first });
    const again = result(1, bytesOf(10, 5), t0 + 500);
    await storage.commit({ claim, steps: [], cached: [again] });
    if (!keeps(storage)) return;
    const all = [0, 1, 2, 3].map(keyOf);
    deepStrictEqual(await storage.cachedBefore(t0, 10), []);
    const old = new Set<string>();
    for (;;) {
      const keys = await storage.cachedBefore(t0 + 100, 1);
      if (keys.length === 0) break;
      for (const key of keys) old.add(key);
      await storage.dropCached([...keys, keyOf(77), keyOf(1)], t0 + 100);
    }
    deepStrictEqual([...old].sort(), [0, 2, 3].map(keyOf));
    deepStrictEqual(await storage.readCached(all), [undefined, again, undefined, undefined]);
    deepStrictEqual(await storage.cachedBefore(t0 + 501, 10), [keyOf(1)]);
    await storage.dropCached(all, t0 + 501);
    deepStrictEqual(await storage.readCached(all), [undefined, undefined, undefined, undefined]);
    deepStrictEqual(await storage.cachedBefore(Infinity, 10), []);
  });
}
