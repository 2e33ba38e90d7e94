/**
 * Drawings in DOT, the language of Graphviz. Names are data of the user: none of them ends a string, becomes markup or a link.
 *
 * @module
 */
import type { Drawing, DrawnKind, DrawnNode, EdgeKind } from "./drawing.ts";

const NODE_STYLES: Readonly<Record<DrawnKind, string>> = {
  function: "",
  instance: 'shape=component, style=filled, fillcolor="#e8eef7"',
  method: 'style="rounded,filled", fillcolor="#e8eef7"',
  control: 'shape=hexagon, style=filled, fillcolor="#f7f2e0"',
};

const EDGE_STYLES: Readonly<Record<EdgeKind, string>> = {
  data: "",
  state: "penwidth=2.5",
  condition: "style=dashed",
  order: "style=dotted",
  optional: "style=dashed, arrowhead=empty",
  any: "style=dotted, arrowhead=empty",
  case: "arrowhead=empty",
};

/** A graph in DOT. With `quick`, Graphviz spends less time on few crossings and smooth lines. */
export function toDot({ title, nodes, edges }: Drawing, { quick }: { readonly quick: boolean }): string {
  const ids = nodes.map(({ name }) => quotedId(name));
  const lines = [
    `digraph ${quotedId(title)} {`,
    '  node [shape=box, style=rounded, fontname="Helvetica,Arial,sans-serif", fontsize=12]',
    '  edge [color="#555555", arrowsize=0.7]',
  ];
  if (quick) lines.push("  graph [nslimit=1, nslimit1=1, mclimit=0.1, splines=polyline]");
  nodes.forEach((node, place) => lines.push(`  ${ids[place]}${attributes(...nodeStyles(node))}`));
  for (const { from, to, kind, label } of edges) {
    const shown = label === "" ? "" : `label=${quotedLabel(label)}, fontsize=10`;
    lines.push(`  ${ids[from]} -> ${ids[to]}${attributes(EDGE_STYLES[kind], shown)}`);
  }
  lines.push("}", "");
  return lines.join("\n");
}

function attributes(...styles: string[]): string {
  const given = styles.filter((style) => style !== "");
  return given.length === 0 ? "" : ` [${given.join(", ")}]`;
}

function nodeStyles({ name, kind }: DrawnNode): string[] {
  // Without a label Graphviz shows the id, in which a backslash would begin an escape.
  return [/[\\\uFFFE\uFFFF]/.test(name) ? `label=${quotedLabel(name)}` : "", NODE_STYLES[kind]];
}

/**
 * A name as an id, which becomes the title of the drawn node. Graphviz reads a character reference in it, and nothing else but
 * `\"`; a backslash before the closing quote could not be written without one. It takes a leading `%` for one of its own ids, and
 * would make no-break spaces of several.
 */
function quotedId(name: string): string {
  const escaped = name.replaceAll("&", "&amp;").replaceAll("\\", "&#92;").replace(/^%/, "&#37;");
  return quoted(escaped.replace(/(?<= ) /g, "&#32;"), "\\");
}

/** A name as a label, in which Graphviz reads character references and backslash escapes. */
function quotedLabel(name: string): string {
  return quoted(name.replaceAll("&", "&amp;").replaceAll("\\", "\\\\"), "\\\\");
}

/** In quotes, with a mark in place of the two characters that no XML file may contain. */
function quoted(text: string, backslash: string): string {
  const marked = text.replace(
    /[\uFFFE\uFFFF]/g,
    (char) => `${backslash}u${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `"${marked.replaceAll('"', '\\"')}"`;
}
