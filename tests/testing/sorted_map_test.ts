import { expect } from "@std/expect";
import fc from "fast-check";
import { SortedMap } from "../../testing/sorted_map.ts";

const key = fc.integer({ min: 0, max: 400 }).map((n) => n.toString(36));
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ set: key }) },
  { weight: 3, arbitrary: fc.record({ remove: key }) },
  { weight: 1, arbitrary: fc.constant("copy" as const) },
);

/** What the range of a plain map is. */
function rangeOf(map: ReadonlyMap<string, number>, start: string, end: string, limit: number, reverse: boolean) {
  const keys = [...map.keys()].filter((key) => key >= start && key < end).sort();
  return (reverse ? keys.reverse() : keys).slice(0, limit).map((key) => map.get(key));
}

Deno.test("SortedMap has what was put into it, in order, and its copies keep what they had", () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 50, maxLength: 1200, size: "max" }),
      fc.array(fc.tuple(key, key, fc.integer({ min: 1, max: 300 }), fc.boolean()), { minLength: 5, maxLength: 10 }),
      (steps, ranges) => {
        const [map, model] = [new SortedMap<number>(), new Map<string, number>()];
        const all: [SortedMap<number>, ReadonlyMap<string, number>][] = [[map, model]];
        for (const [i, step] of steps.entries()) {
          if (step === "copy") {
            all.push([map.copy(), new Map(model)]);
          } else if ("set" in step) {
            map.set(step.set, i);
            model.set(step.set, i);
          } else {
            map.delete(step.remove);
            model.delete(step.remove);
          }
        }
        for (const [map, model] of all) {
          expect(map.range("", "~", Infinity, false)).toEqual(rangeOf(model, "", "~", Infinity, false));
          for (const [start, end, limit, reverse] of ranges) {
            expect(map.range(start, end, limit, reverse)).toEqual(rangeOf(model, start, end, limit, reverse));
            expect(map.get(start)).toBe(model.get(start));
          }
        }
      },
    ),
    { numRuns: 40 },
  );
});

Deno.test("SortedMap finds keys below those that it began with", () => {
  const map = new SortedMap<number>();
  const keys = Array.from({ length: 400 }, (_, i) => String(1000 + i));
  for (const key of keys) map.set(key, Number(key));
  for (const key of keys.slice(0, 300)) map.delete(key);
  for (const key of keys.slice(0, 300).reverse()) map.set(key, Number(key));
  expect(keys.map((key) => map.get(key))).toEqual(keys.map(Number));
  expect(map.range("", "~", Infinity, false)).toEqual(keys.map(Number));
});
