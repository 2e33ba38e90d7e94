import { expect } from "@std/expect";
import fc from "fast-check";
import { Minimatch } from "minimatch";
import { ConfigError } from "../../src/errors.ts";
import { compilePattern } from "../../storage/pattern.ts";

const matching = (pattern: string | RegExp, names: string[]): string[] => names.filter(compilePattern(pattern));

Deno.test("A glob matches the whole name", () => {
  const names = ["a1", "a2", "b1", "sum", "x/sum/y"];
  expect(matching("*", names)).toEqual(names);
  expect(matching("a?", names)).toEqual(["a1", "a2"]);
  expect(matching("[ab]1", names)).toEqual(["a1", "b1"]);
  expect(matching("sum", names)).toEqual(["sum"]);
  expect(matching("um", names)).toEqual([]);
  expect(matching("*sum*", names)).toEqual(["sum", "x/sum/y"]);
  expect(matching("{a,b}1", names)).toEqual(["a1", "b1"]);
  expect(matching("a{1..2}", names)).toEqual(["a1", "a2"]);
  expect(matching("!(a*)", names)).toEqual(["b1", "sum", "x/sum/y"]);
  expect(matching("@(a|b)+([0-9])", names)).toEqual(["a1", "a2", "b1"]);
});

Deno.test("A slash, a leading dot and a lone dot are characters like any other", () => {
  const names = ["a/b", ".x", ".", "..", "a//b", "/"];
  expect(matching("*", names)).toEqual(names);
  expect(matching("**", names)).toEqual(names);
  expect(matching("?", names)).toEqual([".", "/"]);
  expect(matching("a*b", names)).toEqual(["a/b", "a//b"]);
  expect(matching("a/b", names)).toEqual(["a/b"]);
  expect(matching("a[/]b", names)).toEqual(["a/b"]);
  expect(matching("a\\/b", names)).toEqual(["a/b"]);
  expect(matching("{a/b,.x}", names)).toEqual(["a/b", ".x"]);
  expect(matching("{.,?.}", names)).toEqual([".", ".."]);
});

Deno.test("There are no comments and no negation", () => {
  expect(matching("#a", ["#a", "a"])).toEqual(["#a"]);
  expect(matching("!a", ["!a", "a", "b"])).toEqual(["!a"]);
});

Deno.test("A backslash takes the next character as it is", () => {
  expect(matching("a\\*", ["a*", "ab"])).toEqual(["a*"]);
  expect(matching("m\\[3\\]", ["m[3]", "m3"])).toEqual(["m[3]"]);
  expect(matching("\\{a,b\\}", ["{a,b}", "a"])).toEqual(["{a,b}"]);
  expect(matching("{a\\\\,b}", ["a\\", "b"])).toEqual(["a\\", "b"]);
});

Deno.test("A character is a code point", () => {
  expect(matching("?", ["😀", "é", "ab"])).toEqual(["😀", "é"]);
  expect(matching("[😀é]", ["😀", "é"])).toEqual(["😀", "é"]);
  expect(matching("[[:alpha:]]", ["é", "1"])).toEqual(["é"]);
  expect(matching("[\\]a]", ["]", "a", "\\"])).toEqual(["]", "a"]);
});

Deno.test("A RegExp matches the whole name, whatever its flags", () => {
  const names = ["sum_0001", "mysum", "SUM"];
  expect(matching(/.*sum.*/, names)).toEqual(["sum_0001", "mysum"]);
  expect(matching(/sum/, names)).toEqual([]);
  expect(matching(/sum/i, names)).toEqual(["SUM"]);
  expect(matching(/a|sum_\d+/g, names)).toEqual(["sum_0001"]);
  const global = compilePattern(/sum_\d+/gy);
  expect([global("sum_0001"), global("sum_0001")]).toEqual([true, true]);
});

Deno.test("What minimatch would take for something else is refused by what is wrong", () => {
  const refused: [string, RegExp][] = [
    ["", /empty/],
    ["[", /"\[" that is not closed/],
    ["a[bc", /not closed/],
    ["[]", /not closed/],
    ["[[:alpha:]", /not closed/],
    ["[a\\]", /not closed/],
    ["{a,b", /"\{" that is not closed/],
    ["+(a", /group that is not closed/],
    ["a\\", /backslash/],
    ["a\nb", /control/],
    ["a".repeat(70_000), /longer/],
    ["+(a)".repeat(300), /groups/],
    ["{a,b}".repeat(20), /alternatives/],
    ["{1..1000000000}", /alternatives/],
  ];
  for (const [pattern, rule] of refused) {
    expect(() => compilePattern(pattern)).toThrow(ConfigError);
    expect(() => compilePattern(pattern)).toThrow(rule);
  }
  // @ts-expect-error from JavaScript anything may come
  expect(() => compilePattern(3)).toThrow(ConfigError);
});

Deno.test("Globs without a slash mean what they mean to minimatch", () => {
  const piece = fc.constantFrom(
    "a",
    "b",
    "ab",
    ".",
    "*",
    "?",
    "[ab]",
    "[!a]",
    "[a-c]",
    "{a,b}",
    "{a,}",
    "@(a|b)",
    "!(a)",
    "+(a|b)",
    "*(a)",
    "\\*",
    "#",
    "!",
  );
  const glob = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(""));
  const name = fc.string({ unit: fc.constantFrom("a", "b", "c", ".", "*", "#", "!"), minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(glob, fc.array(name, { minLength: 5, maxLength: 5 }), (pattern, names) => {
      const reference = new Minimatch(pattern, {
        dot: true,
        nocomment: true,
        nonegate: true,
        noglobstar: true,
        platform: "linux",
      });
      const matches = compilePattern(pattern);
      for (const one of names) {
        // To minimatch these two are folders.
        if (one === "." || one === "..") continue;
        expect([pattern, one, matches(one)]).toEqual([pattern, one, reference.match(one)]);
      }
    }),
    { numRuns: 3000 },
  );
});

Deno.test("A hostile glob takes no longer than any other", () => {
  const hostile = [
    `${"*a".repeat(100)}b`,
    `${"+(a|aa|a+)".repeat(20)}b`,
    `${"+(".repeat(200)}a${")".repeat(200)}b`,
    "!(a*!(a*!(a*b)))b",
    `${"!(*a)".repeat(60)}b`,
    "**/**/**a/".repeat(50),
    `${"{a,b}".repeat(9)}*b`,
    `${"*(!(*a*)|?)".repeat(80)}b`,
    "[".concat("a-".repeat(5000), "]*b"),
  ];
  const names = Array.from({ length: 20 }, (_, i) => "a".repeat(255 - i));
  const began = performance.now();
  for (const pattern of hostile) for (const one of names) compilePattern(pattern)(one);
  // Backtracking would take years; 180 compilations and matches take 0.3 s here.
  expect(performance.now() - began).toBeLessThan(20_000);
});

Deno.test("Patterns need no permission", async () => {
  const module = new URL("../../storage/pattern.ts", import.meta.url).href;
  const code = `import { compilePattern } from ${
    JSON.stringify(module)
  }; console.log(compilePattern("a{b,c}*")("acd"));`;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, code);
  const output = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", "--config", new URL("../../deno.json", import.meta.url).pathname, file],
  }).output();
  await Deno.remove(file);
  expect(new TextDecoder().decode(output.stdout).trim()).toBe("true");
});
