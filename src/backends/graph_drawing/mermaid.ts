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
};

const ARROWS: Readonly<Record<EdgeKind, string>> = { data: "-->", state: "==>", condition: "-.->", order: "-.->" };

/** A graph in Mermaid. Mermaid itself draws 500 edges and 50,000 characters unless it is told to draw more. */
export function toMermaid({ nodes, edges }: Drawing): string {
  const lines = ["flowchart TD"];
  nodes.forEach(({ name, kind }, place) => {
    const [open, close] = SHAPES[kind];
    lines.push(`  n${place}${open}${escaped(name)}${close}`);
  });
  for (const { from, to, kind } of edges) lines.push(`  n${from} ${ARROWS[kind]} n${to}`);
  lines.push("");
  return lines.join("\n");
}

/**
 * What stands in a label for itself: ASCII letters and digits; a space, underscore or dot between two of them, since neither can be
 * Markdown there (but for the dot of `www.`, which makes a link); and everything beyond Latin-1 but `ﬂ`, with which Mermaid marks
 * character references inside.
 */
const PLAIN = /[A-Za-z0-9]|(?<=[A-Za-z0-9])(?:[ _]|(?<!www)\.)(?=[A-Za-z0-9])|[^\0-\u00FF\uFB02\uFFFE\uFFFF]/iu;

/** A name as the text of a label: what may mean something to Mermaid, to Markdown or to HTML is a character reference. */
function escaped(name: string): string {
  let text = "";
  for (const { 0: char, index } of name.matchAll(/./gsu)) {
    text += plainAt(name, index) ? char : reference(char);
  }
  return text;
}

/** Browsers make one space of many and drop those at the ends, unless they are no-break ones. */
function reference(char: string): string {
  return `#${char === " " ? 160 : char.codePointAt(0)};`;
}
