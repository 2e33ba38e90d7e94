/**
 * The XML that S3 speaks: read strictly, written with every text escaped.
 *
 * @module
 */
import { AgainError } from "../http/transport.ts";
import { parseXml, XmlElement } from "@rgrove/parse-xml";

/** The largest answer: a list of 1,000 names of 1,024 bytes, each byte as `%XX`, takes half of it. */
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * The root element of an answer's body.
 *
 * @throws {AgainError} If the body is not one whole XML document of a sensible size: it may have been cut.
 */
export async function readXml(response: Response): Promise<XmlElement> {
  const text = (await textOf(response)).trimStart();
  // Answers of S3 have no DOCTYPE, and what it can bring is nothing to be had from a server.
  if (/<!DOCTYPE/i.test(text)) throw unreadable("it has a DOCTYPE");
  let root: XmlElement | null;
  try {
    root = parseXml(text).root;
  } catch (error) {
    throw unreadable(error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error));
  }
  if (root === null) throw unreadable("it has no element");
  return root;
}

/** The children of an element that have this name. */
export function childrenOf(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child): child is XmlElement => child instanceof XmlElement && child.name === name);
}

/** The text of the child of this name; `undefined` if there is none. */
export function textOfChild(element: XmlElement, name: string): string | undefined {
  return childrenOf(element, name)[0]?.text;
}

/** A text within an element. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** Whether a text can stand in an XML document at all: some characters can not, in no form. */
export function isForXml(text: string): boolean {
  // deno-lint-ignore no-control-regex -- these are the characters that are meant
  return !/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(text) && text.isWellFormed();
}

async function textOf(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response.body ?? []) {
    size += piece.length;
    if (size > MAX_BYTES) throw unreadable(`it is larger than ${MAX_BYTES} bytes`);
    pieces.push(piece);
  }
  return await new Blob(pieces as Uint8Array<ArrayBuffer>[]).text();
}

function unreadable(why: string): AgainError {
  return new AgainError(`its answer is not the XML of S3: ${why.replace(/[.:]+$/, "")}`);
}
