import { expect } from "@std/expect";
import * as fc from "fast-check";
import { concatChunks, decode, encode } from "../../../storage/codec/structured.ts";
import { anyGraph, anyTree } from "./any_value.ts";
import { assertSameValue } from "./same_value.ts";

function roundTrip(value: unknown): unknown {
  return decode(concatChunks(encode(value)));
}

Deno.test("decode() gives back any value that encode() took", () => {
  fc.assert(fc.property(anyTree, (value) => assertSameValue(roundTrip(value), value)), { numRuns: 2000 });
});

Deno.test("decode() gives back any graph with the same cycles and the same shared objects", () => {
  fc.assert(fc.property(anyGraph, (value) => assertSameValue(roundTrip(value), value)), { numRuns: 1000 });
});

Deno.test("encode() gives the same bytes for a value that was decoded", () => {
  fc.assert(
    fc.property(anyTree, (value) => {
      const bytes = concatChunks(encode(value));
      expect(concatChunks(encode(decode(bytes))).toHex()).toBe(bytes.toHex());
    }),
    { numRuns: 500 },
  );
});
