/**
 * What every object store has to do with a put that may not replace anything.
 *
 * @module
 */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { ConflictError } from "../src/errors.ts";
import type { ObjectBody } from "../storage/object_store/object_store.ts";
import { bytesOf, fails, holds, keysOf, sameBytes, type TestOnObjects } from "./object_store_fixture.ts";

/** Registers the tests of puts with `onlyIfAbsent`. */
export function testConditions(test: TestOnObjects): void {
  test("puts only where nothing is, and leaves alone what is there", async ({ store, largeBytes }) => {
    const bodies: (() => [ObjectBody, Uint8Array])[] = [
      () => [bytesOf(5), bytesOf(5)],
      () => [[bytesOf(5), bytesOf(5)], new Uint8Array([...bytesOf(5), ...bytesOf(5)])],
      () => [new Blob([bytesOf(100_000)]).stream(), bytesOf(100_000)],
      () => [bytesOf(largeBytes), bytesOf(largeBytes)],
    ];
    for (const make of bodies) {
      await store.put("d/there", bytesOf(3), { contentType: "text/plain", metadata: { a: "1" } });
      const options = { onlyIfAbsent: true, contentType: "text/x-new" };
      await fails(() => store.put("d/there", make()[0], options), ConflictError, '"d/there"');
      sameBytes(await store.get("d/there"), bytesOf(3));
      const info = await store.head("d/there");
      deepStrictEqual([info?.contentType, { ...info?.metadata }], ["text/plain", { a: "1" }]);
      const [body, bytes] = make();
      await store.put("d/new", body, options);
      sameBytes(await store.get("d/new"), bytes);
      strictEqual((await store.head("d/new"))?.contentType, "text/x-new");
      await fails(() => store.put("d/new", bytesOf(1), { onlyIfAbsent: true }), ConflictError);
      await store.deletePrefix("d/");
    }
    deepStrictEqual(await keysOf(store), []);
  });

  test("lets exactly one of ten win who put only where nothing is", async (on) => {
    const other = await on.other();
    for (const [round, size] of [10, 1000, 200_000, 10, 100_000].entries()) {
      const key = `round/${round}`;
      const puts = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => {
        const metadata = i % 3 === 0 ? {} : { metadata: { i: `${i}` } };
        return (i % 2 === 0 ? on.store : other).put(key, bytesOf(size, i + 1), { onlyIfAbsent: true, ...metadata });
      }));
      const won = puts.flatMap(({ status }, i) => status === "fulfilled" ? [i] : []);
      strictEqual(won.length, 1, `${won.length} of ten won`);
      for (const put of puts) ok(put.status === "fulfilled" || put.reason instanceof ConflictError, String(put));
      const [winner = 0] = won;
      sameBytes(await on.store.get(key), bytesOf(size, winner + 1));
      sameBytes(await other.get(key), bytesOf(size, winner + 1));
      const { metadata } = await on.store.head(key) ?? {};
      deepStrictEqual({ ...metadata }, winner % 3 === 0 ? {} : { i: `${winner}` });
    }
    strictEqual((await keysOf(on.store)).length, 5);
  });

  test("keeps the object that was put first, of many that are put and removed at once", async (on) => {
    const outcomes = await Promise.all(Array.from({ length: 10 }, async (_, i) => {
      let won = 0;
      for (let k = 0; k < 5; k++) {
        try {
          await on.store.put("a/b", bytesOf(20, i + 1), { onlyIfAbsent: true });
          won++;
          sameBytes(await on.store.get("a/b"), bytesOf(20, i + 1));
          await on.store.delete("a/b");
        } catch (error) {
          if (!(error instanceof ConflictError)) throw error;
        }
      }
      return won;
    }));
    ok(outcomes.some((won) => won > 0));
    await holds(on.store, new Map());
  });
}
