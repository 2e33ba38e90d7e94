import { expect } from "@std/expect";
import fc from "fast-check";
import { GraphWorkflow, namingScope, type Node, task } from "../../mod.ts";
import { nameProblem } from "../../storage/names.ts";
import { readSvg, vocabularyOf } from "./drawn_svg.ts";

/** Names with what means something to DOT, XML, HTML, Mermaid or Markdown more often than chance would have it. */
const name = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 60 }),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }),
  fc.array(
    fc.constantFrom(
      ..."\"'\\&<>#;:%`*_-~.[](){}|/ $@!+=^aN01\u00A0\u2028\uFEFF\uFFFE\uFFFF\uFB02\u00B0\u00B6\u00DF\u202E",
      ...[
        "\\N",
        "\\n",
        '\\"',
        "--",
        "->",
        "]]>",
        "-->",
        "<b>",
        "</title>",
        "<!--",
        "<br/>",
        "<script>",
        "&amp;",
        "&lt;",
      ],
      ...["&#32;", "#35;", "#quot;", "javascript:", "www.", "http://", "fa:fa-car", "%%{init:{}}%%", "%%", "  ", "1. "],
      ...["end", "graph", "node", "style:#f;", "classDef ", "n0", "\u{1F600}", "\u{1F3F3}\uFE0F\u200D\u{1F308}"],
    ),
    { minLength: 1, maxLength: 12 },
  ).map((parts) => parts.join("")),
).filter((text) => nameProblem(text) === undefined);

/** A chain of nodes with these names. */
function chain(names: readonly string[], workflowName: string): GraphWorkflow<Node<unknown>[]> {
  const pass = task((value: unknown) => value, { name: "pass" });
  return namingScope(() => {
    const nodes: Node<unknown>[] = [];
    for (const name of names) nodes.push(pass(nodes.at(-1)).setName(name));
    return new GraphWorkflow(nodes, { workflowName });
  });
}

/** A name as XML can hold it. */
const inXml = (text: string): string => text.replaceAll("\uFFFE", "\\uFFFE").replaceAll("\uFFFF", "\\uFFFF");

/** A name as it is written on a node: Graphviz keeps spaces apart by no-break ones. */
const onNode = (text: string): string => inXml(text).replace(/(?<= ) /g, "\u00A0");

/** The text of a Mermaid label as a browser shows it. */
function shown(label: string): string {
  return label.replace(/#(\d+);/g, (_, code) => String.fromCodePoint(Number(code))).replaceAll("\u00A0", " ");
}

Deno.test("Every name is the title of its node and stands on it once, and none becomes markup", async () => {
  const plain = vocabularyOf(await chain(["a", "b"], "w").toSvg());
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(name, { minLength: 1, maxLength: 12 }), name, async (names, workflowName) => {
      const svg = await chain(names, workflowName).toSvg();
      const drawn = readSvg(svg);
      const nodes = drawn.filter(({ kind }) => kind === "node");
      expect(nodes.map(({ title, texts }) => ({ title, texts }))).toEqual(
        names.map((name) => ({ title: inXml(name), texts: [onNode(name)] })),
      );
      const edges = drawn.filter(({ kind }) => kind === "edge").map(({ title }) => title);
      expect(edges.sort()).toEqual(
        names.slice(1).map((name, i) => `${inXml(names[i]!)}->${inXml(name)}`).sort(),
      );
      expect(vocabularyOf(svg).isSubsetOf(plain)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

Deno.test("Names that only differ in what is escaped stay apart", async () => {
  const names = [
    "\\",
    "\\\\",
    "&#92;",
    "&amp;",
    "&",
    "\uFFFE",
    "\\uFFFE",
    " ",
    "  ",
    "&#32;",
    "\u00A0",
    '"',
    '\\"',
    "#92;",
  ];
  const nodes = readSvg(await chain(names, "w").toSvg()).filter(({ kind }) => kind === "node");
  expect(nodes.map(({ texts }) => texts)).toEqual(names.map((name) => [onNode(name)]));
});

Deno.test("A name of 255 bytes is drawn", async () => {
  const names = ["x".repeat(255), "<".repeat(255), "\u{1F600}".repeat(63)];
  const nodes = readSvg(await chain(names, "w".repeat(255)).toSvg()).filter(({ kind }) => kind === "node");
  expect(nodes.map(({ title }) => title)).toEqual(names);
});

Deno.test("No name in Mermaid is more than text, and each is shown as it is", () => {
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 12 }), (names) => {
      const [header, ...lines] = chain(names, "w").toMermaid().trimEnd().split("\n");
      expect(header).toBe("flowchart TD");
      const labels = lines.slice(0, names.length).map((line, i) => {
        const label = line.match(/^ {2}n(\d+)\["([^"]*)"\]$/);
        expect(label?.[1]).toBe(String(i));
        return label?.[2] ?? "";
      });
      expect(lines.slice(names.length)).toEqual(names.slice(1).map((_, i) => `  n${i} --> n${i + 1}`));
      for (const [i, label] of labels.entries()) {
        const bare = label.replace(/#\d+;/g, "");
        expect(bare).toMatch(/^[A-Za-z0-9 _.\u0100-\u{10FFFF}]*$/u);
        expect(bare).not.toMatch(/[\u2000-\u206F\uFB02\uFFFE\uFFFF]|www\./i);
        expect(label).not.toMatch(/^[ _.]|[ _.]$|[ _.][ _.#]|;[ _.]/);
        expect(shown(label).replaceAll(/(?<=[\u00B6\uFB02])\u200C/g, "")).toBe(names[i]!.replaceAll("\u00A0", " "));
        // Mermaid's own marks, which it replaces once more at the end.
        expect(shown(label)).not.toMatch(/\uFB02\u00B0|\u00B6\u00DF/);
      }
    }),
    { numRuns: 500 },
  );
});
