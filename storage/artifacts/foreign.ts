/**
 * Objects that somebody else put into the store: read by what they are.
 *
 * @module
 */
import { decode } from "../codec/structured.ts";
import { MAGIC } from "../codec/tags.ts";
import { readArray } from "./formats/array.ts";
import { extensionOf, type StoredFile } from "./formats/file_format.ts";
import { decodeText } from "./formats/text.ts";
import { ImageArtifact, imageTypeOf, isSvg } from "./image_artifact.ts";

/** Endings of texts. */
const TEXTS = new Set([
  ".csv",
  ".htm",
  ".html",
  ".json",
  ".log",
  ".md",
  ".text",
  ".tsv",
  ".txt",
  ".xml",
  ".yaml",
  ".yml",
]);

/**
 * Reads an object that has no record. What its name promises is tried, and it is given as bytes where it does not hold; only an array
 * that begins as one and is none is an error.
 */
export async function decodeForeign(file: StoredFile, path: string): Promise<unknown> {
  const extension = extensionOf(path);
  const bytes = await file.bytes();
  if (begins(bytes, [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59])) {
    return await readArray({
      ...file,
      bytes: () => Promise.resolve(bytes),
    });
  }
  if (begins(bytes, MAGIC)) {
    try {
      return decode(bytes);
    } catch {
      return bytes;
    }
  }
  if (imageTypeOf(bytes) !== undefined || (extension === ".svg" && isSvg(bytes))) return new ImageArtifact(bytes);
  const text = TEXTS.has(extension) || extension === ".svg" ? decodeText(bytes) : undefined;
  if (text === undefined) return bytes;
  if (extension !== ".json") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function begins(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}
