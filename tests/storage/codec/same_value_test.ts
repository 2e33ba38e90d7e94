import { expect } from "@std/expect";
import { assertSameValue } from "./same_value.ts";

Deno.test("assertSameValue() notices every difference that the encoding must not make", () => {
  const shared = {};
  const pairs: [unknown, unknown][] = [
    [0, -0],
    [{ a: 1 }, { a: 1, b: 1 }],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }],
    [[shared, shared], [{}, {}]],
    [[{}, {}], [shared, shared]],
    [[,], [undefined]],
    [new Array(3), new Array(4)],
    [new Date(1), new Date(2)],
    [new Map([[1, 2]]), new Map([[1, 3]])],
    [new Set([1]), new Set([2])],
    [new Uint8Array(1), new Int8Array(1)],
    [new Uint8Array(1), Uint8Array.of(1)],
    [/a/, /a/g],
    [new Error("a"), new Error("b")],
    [new Error("a", { cause: undefined }), new Error("a")],
    [Object(1), Object(2)],
    [[1], { 0: 1 }],
  ];
  for (const [a, b] of pairs) expect(() => assertSameValue(a, b)).toThrow();
});
