import { expect } from "@std/expect";
import fc from "fast-check";
import { PlaceQueue } from "../../src/execution/place_queue.ts";

Deno.test("The least place comes first, in any mixture of adding and taking", () => {
  const step = fc.oneof({ weight: 3, arbitrary: fc.nat(1_000) }, {
    weight: 2,
    arbitrary: fc.constant("take" as const),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 400, size: "max" }), (steps) => {
    const queue = new PlaceQueue();
    const model: number[] = [];
    for (const step of steps) {
      if (step !== "take") {
        queue.push(step);
        model.push(step);
        continue;
      }
      model.sort((a, b) => a - b);
      expect(queue.pop()).toBe(model.shift() ?? -1);
    }
    model.sort((a, b) => a - b);
    for (const place of model) expect(queue.pop()).toBe(place);
    expect(queue.pop()).toBe(-1);
  }));
});

Deno.test("Many places added in order, and many in reverse, come out in order", () => {
  const ascending = new PlaceQueue();
  for (let i = 0; i < 10_000; i++) ascending.push(i);
  for (let i = 0; i < 10_000; i++) expect(ascending.pop()).toBe(i);
  const descending = new PlaceQueue();
  for (let i = 9_999; i >= 0; i--) descending.push(i);
  for (let i = 0; i < 10_000; i++) expect(descending.pop()).toBe(i);
});
