import { expect } from "@std/expect";
import fc from "fast-check";
import { InvalidKeyError } from "../../src/errors.ts";
import { checkKey, checkPrefix, compareKeys, isKey } from "../../storage/keys.ts";

const REFUSED: [key: string, rule: RegExp][] = [
  ["", /empty/],
  ["/etc/passwd", /absolute/],
  ["C:/x", /absolute/],
  ["..", /segment "\.\."/],
  ["../evil", /segment "\.\."/],
  ["a/../b", /segment "\.\."/],
  ["a/..", /segment "\.\."/],
  [".", /segment "\."/],
  ["a/./b", /segment "\."/],
  ["a//b", /empty segment/],
  ["a/", /empty segment/],
  ["a\\b", /backslash/],
  ["a\0b", /control/],
  ["a\nb", /control/],
  ["a\x7fb", /control/],
  ["a\x85b", /control/],
  ["a\ud800", /surrogate/],
  ["x".repeat(256), /255/],
  ["é".repeat(128), /255/],
  [`${"x".repeat(255)}/${"x".repeat(255)}/${"x".repeat(255)}/x`, /768/],
  ["a/.fusewire-tmp-1", /half-written/],
  [".FUSEWIRE-TMP-1/a", /half-written/],
  [".fusewire-metadata/00/a", /kept for content types and metadata/],
  ["a/.Fusewire-Metadata", /kept for content types and metadata/],
];

Deno.test("checkKey() names the key and the rule that it breaks", () => {
  for (const [key, rule] of REFUSED) {
    expect(() => checkKey(key)).toThrow(InvalidKeyError);
    expect(() => checkKey(key)).toThrow(rule);
    if (key.length < 100) expect(() => checkKey(key)).toThrow(JSON.stringify(key));
  }
});

Deno.test("checkKey() takes every other key", () => {
  const kept = [
    "a",
    "a/b",
    ".x",
    "a/.x",
    "...",
    "a b",
    "a+b%",
    "CON",
    "é/😀",
    "x".repeat(255),
    "é".repeat(127),
    `${"x".repeat(255)}/${"x".repeat(255)}/${"x".repeat(255)}`,
    "a:b",
    "~",
  ];
  for (const key of kept) expect(() => checkKey(key)).not.toThrow();
});

Deno.test("A key that is taken never leads out of a folder", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", ".", "/", "\\", " ", "\0", "~", ":") }), (key) => {
      if (!isKey(key)) return;
      const path = new URL(`./${encodeURI(key)}`, "file:///root/folder/").pathname;
      expect(path.startsWith("/root/folder/")).toBe(true);
      expect(key.split("/").every((segment) => segment !== "")).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("checkPrefix() takes every beginning of a key and nothing else", () => {
  for (const prefix of ["", "a", "a/", "a/.", "a/..", "a/b", ".", "a/.fusewire"]) {
    expect(() => checkPrefix(prefix)).not.toThrow();
  }
  for (const prefix of ["/", "//", "a//", "../", "a/../b", "\\", "a\0", "./"]) {
    expect(() => checkPrefix(prefix)).toThrow(InvalidKeyError);
  }
});

Deno.test("compareKeys() orders keys by their UTF-8 bytes", () => {
  const bytes = (text: string): number[] => [...new TextEncoder().encode(text)];
  const compareBytes = (a: number[], b: number[]): number => {
    for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return (a[i] ?? 0) - (b[i] ?? 0);
    return a.length - b.length;
  };
  const text = fc.string({ unit: fc.constantFrom("a", "b", "/", "é", "\uffff", "\ue000", "😀", "𐀀", "퟿") });
  fc.assert(fc.property(text, text, (a, b) => {
    expect(Math.sign(compareKeys(a, b))).toBe(Math.sign(compareBytes(bytes(a), bytes(b))));
  }));
  expect(["😀", "\uffff", "b", "a"].sort(compareKeys)).toEqual(["a", "b", "\uffff", "😀"]);
});
