import { expect } from "@std/expect";
import { parse, parseAll, stringify } from "@std/yaml";
import fc from "fast-check";

Deno.test("@std/yaml reads back what it wrote", () => {
  const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.string({ unit: "grapheme" }));
  const tree = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, scalar, fc.array(tie("value")), fc.dictionary(fc.string(), tie("value"))),
  })).value;
  fc.assert(fc.property(tree, (value) => expect(parse(stringify(value))).toEqual(value)));
});

Deno.test("@std/yaml sorts keys, and writes flow and width, as asked", () => {
  expect(stringify({ b: 1, a: [2] }, { sortKeys: true })).toBe("a:\n  - 2\nb: 1\n");
  expect(stringify({ b: 1, a: 2 }, { sortKeys: (x, y) => x < y ? -1 : 1 })).toBe("a: 2\nb: 1\n");
  expect(stringify({ a: [1, 2] }, { flowLevel: 1, condenseFlow: true })).toBe("a: [1,2]\n");
  expect(stringify({ a: [1] }, { arrayIndent: false, indent: 4 })).toBe("a:\n- 1\n");
  expect(stringify("a ".repeat(60).trim(), { lineWidth: -1 }).trimEnd().split("\n")).toHaveLength(1);
  expect(stringify("a ".repeat(60).trim()).trimEnd().split("\n").length).toBeGreaterThan(1);
});

Deno.test("@std/yaml writes a shared object once, and twice without anchors", () => {
  const shared = { x: 1 };
  expect(stringify([shared, shared])).toMatch(/&ref_0/);
  expect(stringify([shared, shared], { useAnchors: false })).not.toMatch(/&/);
});

Deno.test("@std/yaml refuses or leaves out what has no YAML form", () => {
  expect(() => stringify({ a: () => 1 })).toThrow(TypeError);
  expect(stringify({ a: () => 1, b: 2 }, { skipInvalid: true })).toBe("b: 2\n");
});

Deno.test("@std/yaml refuses a document that is not valid", () => {
  expect(() => parse("a: [1")).toThrow(SyntaxError);
  expect(() => parse("a: 1\na: 2")).toThrow(SyntaxError);
  expect(() => parse("a: 1\n---\nb: 2")).toThrow(SyntaxError);
  expect(parse("a: 1\na: 2", { allowDuplicateKeys: true })).toEqual({ a: 2 });
});

Deno.test("@std/yaml reads as the schema says", () => {
  expect(parse("n: 1")).toEqual({ n: 1 });
  expect(parse("n: 1", { schema: "failsafe" })).toEqual({ n: "1" });
  expect(parse("")).toBeNull();
  expect(parseAll("a: 1\n---\n2")).toEqual([{ a: 1 }, 2]);
  const warnings: string[] = [];
  parse("%A b\n---\n1", { onWarning: (error) => warnings.push(error.message) });
  expect(warnings).toHaveLength(1);
});
