import { expect } from "@std/expect";
import fc from "fast-check";
import { NO_TURNS, TurnsInMemory, waitForTurn, withTurn } from "../../../storage/runtime/rate_limit.ts";

Deno.test("No interval has more turns than the limit, and who waits as told gets one", () => {
  const steps = fc.array(fc.nat({ max: 50 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 120 }), steps, (limit, interval, steps) => {
      const rate = { key: "k", limit, interval };
      const given: number[] = [];
      let [taken, now] = [NO_TURNS, 1_000];
      for (const step of steps) {
        now += step;
        const wait = waitForTurn(taken, rate, now);
        expect(wait >= 0 && wait <= interval).toBe(true);
        expect(waitForTurn(taken, rate, now + wait)).toBe(0);
        if (wait > 0) continue;
        taken = withTurn(taken, rate, now);
        given.push(now);
      }
      for (const [i, at] of given.entries()) {
        const later = given[i + limit];
        if (later !== undefined) expect(later - at).toBeGreaterThanOrEqual(interval);
      }
    }),
  );
});

Deno.test("A limit of many turns is kept in a bounded list, and is never exceeded", () => {
  const rate = { key: "k", limit: 2_500, interval: 1_000 };
  const given: number[] = [];
  let taken = NO_TURNS;
  for (let now = 0; now < 3_000; now++) {
    for (let asked = 0; asked < 5; asked++) {
      if (waitForTurn(taken, rate, now) > 0) continue;
      taken = withTurn(taken, rate, now);
      given.push(now);
    }
  }
  expect(taken.at.length).toBeLessThanOrEqual(1_000);
  expect(given.length).toBeGreaterThan(7_000);
  for (const [i, at] of given.entries()) {
    const later = given[i + rate.limit];
    if (later !== undefined) expect(later - at).toBeGreaterThanOrEqual(rate.interval);
  }
});

Deno.test("A turn that was taken by a clock that is ahead holds nobody up for longer than the interval", () => {
  const rate = { key: "k", limit: 1, interval: 100 };
  const taken = withTurn(NO_TURNS, rate, 1_000_000);
  expect(waitForTurn(taken, rate, 500)).toBe(100);
});

Deno.test("Keys that hold nobody up are forgotten, and the others are not", () => {
  const turns = new TurnsInMemory();
  expect(turns.take({ key: "long", limit: 1, interval: 1e9 }, 0)).toBe(0);
  for (let i = 0; i < 5_000; i++) expect(turns.take({ key: String(i), limit: 1, interval: 10 }, 100 * i)).toBe(0);
  expect(turns.take({ key: "long", limit: 1, interval: 1e9 }, 600_000)).toBeGreaterThan(0);
});
