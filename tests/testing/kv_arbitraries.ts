import fc from "fast-check";
import type { KvKey, KvListOptions, KvListSelector } from "../../testing/mod.ts";

/** Any part of a key: all types, with what is special in each. */
const anyPart = fc.oneof(
  fc.uint8Array({ maxLength: 4 }),
  fc.string({ unit: "binary", maxLength: 4 }),
  fc.constantFrom("", "a", "a\0", "\0", "\xff", "é", "\uffff", "\u{1f600}", "\ud800", "a\udc00b"),
  fc.double(),
  fc.integer(),
  fc.constantFrom(0, -0, NaN, Infinity, -Infinity, Number.MAX_SAFE_INTEGER, 5e-324),
  fc.bigInt({ min: -(2n ** 90n), max: 2n ** 90n }),
  fc.bigInt({ min: -300n, max: 300n }),
  fc.boolean(),
);

/** Parts of keys that meet often. */
const commonPart = fc.constantFrom<KvKey[number]>("a", "b", "", 0, 1, -1, 1n, 0n, true, false, new Uint8Array([1]));

/** Any key, also the empty one. */
export const anyKey: fc.Arbitrary<KvKey> = fc.array(anyPart, { maxLength: 4 });

/** Keys that meet often. */
export const commonKey: fc.Arbitrary<KvKey> = fc.oneof(
  { weight: 10, arbitrary: fc.array(commonPart, { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.array(commonPart, { maxLength: 3 }) },
);

/** Values that have a structured clone. */
export const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.anything({ withDate: true, withMap: true, withSet: true, withBigInt: true, withTypedArray: true }),
  fc.uint8Array(),
  fc.constantFrom<unknown>(undefined, null, -0, NaN, "\ud800", [, 1], { 1: "index", a: undefined }),
);

/** Selectors, most of them right, over keys that meet often. */
export const anySelector: fc.Arbitrary<KvListSelector> = fc.oneof(
  commonKey.map((prefix) => ({ prefix })),
  fc.constant({ prefix: [] }),
  fc.tuple(commonKey, commonKey).map(([prefix, more]) => ({ prefix, start: [...prefix, ...more] })),
  fc.tuple(commonKey, commonKey).map(([prefix, more]) => ({ prefix, end: [...prefix, ...more] })),
  fc.record({ prefix: commonKey, start: commonKey }),
  fc.record({ prefix: commonKey, end: commonKey }),
  fc.record({ start: commonKey, end: commonKey }),
);

/** Options of lists without a cursor, most of them right. */
export const anyListOptions: fc.Arbitrary<KvListOptions> = fc.record({
  limit: fc.integer({ min: 0, max: 6 }),
  batchSize: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 5 }) }, fc.constantFrom(0, 1.5, 1001)),
  reverse: fc.boolean(),
  consistency: fc.constantFrom("strong", "eventual"),
}, { requiredKeys: [] });
