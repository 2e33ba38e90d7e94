import { parseXml, XmlElement } from "@rgrove/parse-xml";

/** A node or an edge in an SVG file, as one reads it. */
export interface DrawnElement {
  readonly kind: "node" | "edge";
  /** What its title says. */
  readonly title: string;
  /** What is written on it. */
  readonly texts: readonly string[];
  /** Dashes of its line, if any. */
  readonly dashes: string | undefined;
}

/** All nodes and edges of an SVG file; throws if it is not well-formed XML. */
export function readSvg(svg: string): DrawnElement[] {
  const found: DrawnElement[] = [];
  for (const group of elementsOf(parseXml(svg).root, "g")) {
    const kind = group.attributes["class"];
    if (kind !== "node" && kind !== "edge") continue;
    found.push({
      kind,
      title: elementsOf(group, "title").map(({ text }) => text).join("|"),
      texts: elementsOf(group, "text").map(({ text }) => text),
      dashes: elementsOf(group, "path").map(({ attributes }) => attributes["stroke-dasharray"])[0],
    });
  }
  return found;
}

/** Names of all elements and attributes of an SVG file. */
export function vocabularyOf(svg: string): Set<string> {
  const names = new Set<string>();
  for (const { name, attributes } of elementsOf(parseXml(svg).root)) {
    names.add(name);
    for (const attribute of Object.keys(attributes)) names.add(`@${attribute}`);
  }
  return names;
}

function elementsOf(root: XmlElement | null, name?: string): XmlElement[] {
  const found: XmlElement[] = [];
  const open = root === null ? [] : [root];
  for (let element = open.pop(); element !== undefined; element = open.pop()) {
    if (name === undefined || element.name === name) found.push(element);
    for (const child of element.children.toReversed()) if (child instanceof XmlElement) open.push(child);
  }
  return found;
}
