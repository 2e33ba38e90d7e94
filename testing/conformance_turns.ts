/**
 * What every storage for many workers has to do about rate limits.
 *
 * @module
 */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { EngineStorage } from "../storage/runtime/engine_storage.ts";
import type { Bench, TestOn } from "./conformance_fixture.ts";
import { SeededRandom } from "./seeded_random.ts";

/** Registers tests of turns. */
export function testTurns(test: TestOn<Bench>): void {
  test("gives turns until there are as many as the limit, and then tells when the next one is free", async (bench) => {
    const { storage, t0 } = bench;
    const take = (after: number, key = "api") => storage.takeTurn({ key, limit: 3, interval: 1_000 }, t0 + after);
    const told: number[] = [];
    for (const after of [0, 100, 250, 250, 900, 999, 1_000, 1_000, 1_100, 1_249, 1_250]) told.push(await take(after));
    deepStrictEqual(told, [0, 0, 0, 750, 100, 1, 0, 100, 0, 1, 0]);
    strictEqual(await take(1_250), 750);
    strictEqual(await take(1_250, "other"), 0);
    strictEqual(await take(1_250, "x".repeat(3_000)), 0);
    strictEqual(await take(60_000), 0);
  });

  test("gives many who ask at once no more turns than the limit, from two handles", async (bench) => {
    const stores: readonly [EngineStorage, EngineStorage] = [bench.storage, await bench.other()];
    const limit = { key: "burst", limit: 7, interval: 500 };
    const ask = async (now: number): Promise<readonly [given: number, waits: readonly number[]]> => {
      const told = await Promise.all(
        Array.from({ length: 40 }, (_, i) => stores[i % 2 === 0 ? 0 : 1].takeTurn(limit, now)),
      );
      return [told.filter((wait) => wait === 0).length, [...new Set(told.filter((wait) => wait > 0))]];
    };
    deepStrictEqual(await ask(bench.t0), [7, [500]]);
    deepStrictEqual(await ask(bench.t0 + 499), [0, [1]]);
    deepStrictEqual(await ask(bench.t0 + 500), [7, [500]]);
  });

  test("gives no more turns than the limit in any interval, whoever asks when, and clocks that differ", async (bench) => {
    const stores: readonly [EngineStorage, EngineStorage] = [bench.storage, await bench.other()];
    const random = new SeededRandom("turns");
    const limit = { key: "any", limit: 5, interval: 300 };
    const given: number[] = [];
    let now = bench.t0;
    for (let round = 0; round < 40; round++) {
      now += Math.floor(random.next() * 90);
      const told = await Promise.all([0, 1, 2, 3].map((i) => stores[i % 2 === 0 ? 0 : 1].takeTurn(limit, now)));
      for (const wait of told) {
        if (wait === 0) given.push(now);
        strictEqual(wait >= 0 && wait <= limit.interval, true);
      }
    }
    for (const [i, at] of given.entries()) {
      const later = given[i + limit.limit];
      if (later !== undefined) strictEqual(later - at >= limit.interval, true);
    }
    strictEqual(given.length > 20, true);
    // One whose clock is an hour ahead takes the turns; who has the right time waits for an interval, and no longer.
    while (await stores[0].takeTurn(limit, now + 3_600_000) === 0);
    strictEqual(await stores[1].takeTurn(limit, now) <= limit.interval, true);
  });

  test("keeps a limit of many turns, also when it is changed, and one of a large number", async (bench) => {
    const { storage, t0 } = bench;
    const take = (limit: number, interval: number, after: number, key = "changed") =>
      storage.takeTurn({ key, limit, interval }, t0 + after);
    for (let i = 0; i < 10; i++) strictEqual(await take(10, 1_000, i), 0);
    strictEqual(await take(10, 1_000, 10), 990);
    strictEqual(await take(2, 1_000, 10), 998);
    strictEqual(await take(11, 1_000, 10), 0);
    strictEqual(await take(5_000, 60_000, 10, "large"), 0);
  });
}
