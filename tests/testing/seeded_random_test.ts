import { expect } from "@std/expect";
import { SeededRandom } from "../../testing/mod.ts";

const draw = (random: SeededRandom) =>
  Array.from({ length: 50 }, () => [random.int(-2, 3), random.bool(0.3), random.pick(["a", "b", "c"])]);

Deno.test("SeededRandom gives the same for the same seed, and other things for another", () => {
  expect(draw(new SeededRandom("7"))).toEqual(draw(new SeededRandom("7")));
  expect(draw(new SeededRandom("7"))).not.toEqual(draw(new SeededRandom("8")));
});

Deno.test("SeededRandom.fork() does not depend on what was taken before", () => {
  const random = new SeededRandom("7");
  const before = draw(random.fork("a"));
  random.next();
  expect(draw(random.fork("a"))).toEqual(before);
  expect(draw(random.fork("b"))).not.toEqual(before);
});

Deno.test("SeededRandom.int() gives every number from min to max", () => {
  const random = new SeededRandom("7");
  const numbers = new Set(Array.from({ length: 200 }, () => random.int(-1, 2)));
  expect([...numbers].sort()).toEqual([-1, 0, 1, 2]);
  expect(new SeededRandom("7").int(5, 5)).toBe(5);
});

Deno.test("SeededRandom.bool() is as often true as it is told", () => {
  const random = new SeededRandom("7");
  const count = (probability: number) =>
    Array.from({ length: 1000 }, () => random.bool(probability)).filter(Boolean).length;
  expect(count(0)).toBe(0);
  expect(count(1)).toBe(1000);
  expect(Math.abs(count(0.2) - 200)).toBeLessThan(50);
});

Deno.test("SeededRandom.pick() refuses an empty list", () => {
  expect(() => new SeededRandom("7").pick([])).toThrow("There is no item to pick from.");
});
