import { expect } from "@std/expect";
import fc from "fast-check";
import { shrink } from "../../testing/mod.ts";

Deno.test("shrink() finds exactly those that are to blame", async () => {
  await fc.assert(fc.asyncProperty(
    fc.nat(60),
    fc.uniqueArray(fc.nat(59), { maxLength: 5 }),
    async (length, blamed) => {
      const guilty = blamed.filter((i) => i < length).sort((a, b) => a - b);
      const { decisions } = await shrink(
        Array.from({ length }, (_, i) => i),
        (tried) => guilty.every((i) => tried.includes(i)),
      );
      expect(decisions).toEqual(guilty);
    },
  ));
});

Deno.test("shrink() simplifies what is left", async () => {
  const { decisions } = await shrink([100, 7, 64], (tried) => tried.some((n) => n >= 10), {
    simpler: (n) => n > 0 ? [0, Math.floor(n / 2)] : [],
  });
  expect(decisions).toEqual([16]);
});

Deno.test("shrink() stops after maxRuns, with a list that fails", async () => {
  let calls = 0;
  const { decisions, runs } = await shrink(Array.from({ length: 100 }, (_, i) => i), (tried) => {
    calls++;
    return Promise.resolve(tried.includes(1) && tried.includes(99));
  }, { maxRuns: 10 });
  expect([calls, runs]).toEqual([10, 10]);
  expect(decisions).toEqual(expect.arrayContaining([1, 99]));
});
