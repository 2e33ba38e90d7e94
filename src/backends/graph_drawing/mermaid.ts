/**
 * Drawings in Mermaid, which Markdown pages on many sites show. Names are data of the user: none of them ends a string or becomes
 * markup, a link or an icon.
 *
 * @module
 */
import type { Drawing, DrawnKind, EdgeKind } from "./drawing.ts";

const SHAPES: Readonly<Record<DrawnKind, readonly [open: string, close: string]>> = {
  function: ['["', '"]'],
  instance: ['[["', '"]]'],
  method: ['("', '")'],
  control: ['{{"', '"}}'],
};

const ARROWS: Readonly<Record<EdgeKind, string>> = {
  data: "-->",
  state: "==>",
  condition: "-.->",
  order: "-.->",
  optional: "-.-o",
  any: "--o",
  case: "-->",
};

/** A graph in Mermaid. Mermaid itself draws 500 edges and 50,000 characters unless it is told to draw more. */
export function toMermaid({ nodes, edges }: Drawing): string {
  const lines = ["flowchart TD"];
  nodes.forEach(({ name, kind }, place) => {
    const [open, close] = SHAPES[kind];
    lines.push(`  n${place}${open}${escaped(name)}${close}`);
  });
  for (const { from, to, kind, label } of edges) {
    lines.push(`  n${from} ${ARROWS[kind]}${label === "" ? "" : `|"${escaped(label)}"|`} n${to}`);
  }
  lines.push("");
  return lines.join("\n");
}

/**
 * What is not text in a label, or might not be. Plain are ASCII letters and digits; a space, underscore or dot between two of
 * them, which can not be Markdown there (but for the dot of `www.`, which makes a link); and what is beyond Latin-1, but for
 * general punctuation, which has line ends in it, and `\uFB02`, with which Mermaid marks character references inside.
 */
const SPECIAL =
  /(?![A-Za-z0-9]|(?<=[A-Za-z0-9])(?:[ _]|(?<![Ww]{3})\.)(?=[A-Za-z0-9])|[^\0-\u00FF\u2000-\u206F\uFB02\uFFFE\uFFFF])./gsu;

/**
 * A name as the text of a label. Browsers make one space of many and drop those at the ends, unless they are no-break ones.
 * Mermaid replaces its own marks once more after it has read all references; what is of no width between two keeps them apart.
 */
function escaped(name: string): string {
  return name.replace(/[\uFB02\u00B6]/g, "$&\u200C")
    .replace(SPECIAL, (char) => `#${char === " " ? 160 : char.codePointAt(0)};`);
}
