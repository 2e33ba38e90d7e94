import { expect } from "@std/expect";
import fc from "fast-check";
import { InvalidKeyError } from "../../src/errors.ts";
import { checkKey } from "../../storage/keys.ts";
import { checkName, decodeName, encodeName, isShortened, nameProblem } from "../../storage/names.ts";

const utf8 = (text: string): number => new TextEncoder().encode(text).length;
const valid = (text: string): boolean => nameProblem(text) === undefined;

/** Names of every kind, with the pieces that file systems treat specially more often than chance would have it. */
const name = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 80 }),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 80 }),
  fc.string({
    unit: fc.constantFrom("a", "A", ".", " ", "!", "%", "~", "/", "\\", "é", "e\u0301", "É", "ß", "SS", "ı", "K", "k"),
  }),
  fc.array(fc.constantFrom("con", "CON", "nul", ".txt", "aux", "com1", "lpt9", ".", "..", "x", "%2e", "!c", "~a"), {
    minLength: 1,
    maxLength: 5,
  }).map((parts) => parts.join("")),
  fc.string({ unit: fc.constantFrom("a", "A", "é", "."), minLength: 100, maxLength: 255 }),
).filter(valid);

Deno.test("A name comes back from its segment, or is marked as shortened", () => {
  fc.assert(
    fc.property(name, (one) => {
      const segment = encodeName(one);
      if (isShortened(segment)) {
        expect(decodeName(segment)).toBe(undefined);
        expect(segment.length).toBeLessThanOrEqual(180);
      } else {
        expect(decodeName(segment)).toBe(one);
      }
    }),
    { numRuns: 3000 },
  );
});

Deno.test("A segment is a plain file name on any file system", () => {
  fc.assert(
    fc.property(name, (one) => {
      const segment = encodeName(one);
      expect(segment).toMatch(/^[a-z0-9._=[\](),@+!%~-]+$/);
      expect(segment.length).toBeLessThanOrEqual(180);
      expect(segment).not.toMatch(/^\.|\.$/);
      expect(segment).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/);
      expect(() => checkKey(segment)).not.toThrow();
    }),
    { numRuns: 3000 },
  );
});

Deno.test("Two names never meet, also where case is folded and Unicode normalised", () => {
  const folded = (text: string): string =>
    encodeName(text).normalize("NFC").toLowerCase().normalize("NFD").toUpperCase();
  fc.assert(
    fc.property(name, name, (a, b) => {
      if (a !== b) expect(folded(a)).not.toBe(folded(b));
    }),
    { numRuns: 3000 },
  );
  const close = [
    "a",
    "A",
    "é",
    "e\u0301",
    "É",
    "ß",
    "ss",
    "SS",
    "ı",
    "i",
    "I",
    "İ",
    "K",
    "K",
    "k",
    "ﬁ",
    "fi",
    "CON",
    "con",
    "Con",
  ];
  expect(new Set(close.map(folded)).size).toBe(new Set(close).size);
});

Deno.test("Names that differ only at the end of 255 bytes stay apart", () => {
  const long = "a".repeat(254);
  const segments = ["b", "c", "B", "."].map((end) => encodeName(long + end));
  expect(new Set(segments).size).toBe(4);
  for (const segment of segments) expect(segment).toMatch(/^a{100}~[a-z2-7]{52}$/);
});

Deno.test("Ordinary names stay readable", () => {
  expect(encodeName("train_0001")).toBe("train_0001");
  expect(encodeName("m_0000[3]")).toBe("m_0000[3]");
  expect(encodeName("Acc.add_0000")).toBe("!acc.add_0000");
  expect(encodeName("x/y")).toBe("x%2fy");
  expect(encodeName("../evil")).toBe("%2e.%2fevil");
  expect(encodeName(".x")).toBe("%2ex");
  expect(encodeName("x.")).toBe("x%2e");
  expect(encodeName("CON")).toBe("!c!o!n");
  expect(encodeName("nul.txt")).toBe("%6eul.txt");
  expect(encodeName(".")).toBe("%2e");
  expect(encodeName("..")).toBe("%2e%2e");
});

Deno.test("decodeName() takes only what encodeName() gives", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", "b", "A", "%", "2", "e", "!", "~", ".", "c", "o", "n") }),
      (text) => {
        const decoded = decodeName(text);
        if (decoded !== undefined) expect(encodeName(decoded)).toBe(text);
      },
    ),
    { numRuns: 3000 },
  );
  for (const foreign of ["", "CON", "con", "a.", ".a", "%41", "%zz", "%2", "!1", "!", "a b", "é", "%c3", "a%00"]) {
    expect(decodeName(foreign)).toBe(undefined);
  }
});

Deno.test("A name is 1 to 255 bytes without control characters, everything else is refused by what is wrong", () => {
  for (
    const one of ["a", "a".repeat(255), "é".repeat(127), "😀".repeat(63), "../evil", "bigdata", " ", "\u2028", "\ufeff"]
  ) {
    expect(utf8(one)).toBeLessThanOrEqual(255);
    expect(() => checkName(one, "task")).not.toThrow();
  }
  const refused: [string, RegExp][] = [
    ["", /empty/],
    ["a".repeat(256), /256 UTF-8 bytes/],
    ["é".repeat(128), /256 UTF-8 bytes/],
    ["a\nb", /control/],
    ["\0", /control/],
    ["a\x7f", /control/],
    ["a\x9f", /control/],
    ["\udc00", /surrogate/],
  ];
  for (const [one, rule] of refused) {
    expect(() => checkName(one, "task")).toThrow(InvalidKeyError);
    expect(() => checkName(one, "workflow")).toThrow(rule);
  }
});
