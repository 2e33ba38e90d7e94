import { expect } from "@std/expect";
import fc from "fast-check";
import {
  decodeSteps,
  encodeSteps,
  PAGE_STEPS,
  stepsOfPages,
  UNTOUCHED,
  withStep,
} from "../../../../storage/runtime/kv/step_page.ts";
import { IntegrityError } from "../../../../src/errors.ts";

const createdAt = 1_764_169_000_000;
const near = fc.integer({ min: createdAt, max: createdAt + 1e9 });
const time = fc.oneof(fc.constant(0), near, near, fc.integer({ min: 1, max: 4e12 }), fc.double({ min: 1, max: 1e15 }));
const record = fc.record({
  status: fc.constantFrom("PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "SKIPPED"),
  attempt: fc.oneof(fc.nat(5), fc.nat(100_000)),
  losses: fc.oneof(fc.constant(0), fc.nat(1000)),
  startedAt: time,
  endedAt: time,
  wakeAt: time,
});

Deno.test("encodeSteps() keeps every record, whatever its numbers", () => {
  fc.assert(fc.property(fc.array(record, { minLength: 1, maxLength: PAGE_STEPS }), (records) => {
    expect(decodeSteps(encodeSteps(records, createdAt), createdAt)).toEqual(records);
  }));
});

Deno.test("withStep() changes one record and leaves the page before as it was", () => {
  const changes = fc.array(fc.tuple(fc.nat(6), record), { maxLength: 12 });
  fc.assert(fc.property(changes, (changes) => {
    let page: Uint8Array<ArrayBuffer> | undefined;
    const expected = new Array<typeof UNTOUCHED>(7).fill(UNTOUCHED);
    for (const [index, changed] of changes) {
      const before = page?.slice();
      const next = withStep(page, 7, index, changed, createdAt);
      expect(page).toEqual(before);
      page = next;
      expected[index] = changed;
    }
    if (page !== undefined) expect(decodeSteps(page, createdAt)).toEqual(expected);
  }));
});

Deno.test("a page takes 12 bytes a step in the common case", () => {
  const done = { ...UNTOUCHED, status: "SUCCEEDED", attempt: 1, startedAt: createdAt, endedAt: createdAt + 5 } as const;
  expect(encodeSteps(new Array(PAGE_STEPS).fill(done), createdAt).length).toBe(1 + 12 * PAGE_STEPS);
});

Deno.test("stepsOfPages() takes steps of pages that are missing for untouched", () => {
  const done = { ...UNTOUCHED, status: "FAILED" } as const;
  const steps = stepsOfPages(new Map([[2, withStep(undefined, 6, 5, done, createdAt)]]), 70, createdAt);
  expect(steps.length).toBe(70);
  expect(steps.findIndex(({ status }) => status === "FAILED")).toBe(69);
  expect(steps.filter(({ status }) => status === "PENDING").length).toBe(69);
});

Deno.test("decodeSteps() refuses what is no page", () => {
  for (const bytes of [[], [3, 0], [1, 0, 0], [2, ...new Array(35).fill(0)], [1, 7, ...new Array(11).fill(0)]]) {
    expect(() => decodeSteps(new Uint8Array(bytes), createdAt)).toThrow(IntegrityError);
  }
});
