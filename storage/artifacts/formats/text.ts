import { SerializationError } from "../../../src/errors.ts";
import { type EncodedFile, extensionOf, type FileFormat, type StoredFile } from "./file_format.ts";

/** Media types of texts by the ending of the path. */
const TEXT_TYPES: ReadonlyMap<string, string> = new Map([
  [".css", "text/css"],
  [".csv", "text/csv"],
  [".htm", "text/html"],
  [".html", "text/html"],
  [".json", "application/json"],
  [".md", "text/markdown"],
  [".svg", "image/svg+xml"],
  [".tsv", "text/tab-separated-values"],
  [".xml", "application/xml"],
  [".yaml", "application/yaml"],
  [".yml", "application/yaml"],
]);

/** Texts in UTF-8. */
export const textFormat: FileFormat<string> = {
  encode(value, path): EncodedFile {
    return {
      body: [new TextEncoder().encode(value)],
      extension: ".txt",
      contentType: `${TEXT_TYPES.get(extensionOf(path)) ?? "text/plain"}; charset=utf-8`,
      type: "string",
      format: "text",
      statistics: { length: value.length },
    };
  },

  async decode(file: StoredFile): Promise<string> {
    const text = decodeText(await file.bytes());
    if (text === undefined) throw new SerializationError(`${file.name} is no text in UTF-8.`);
    return text;
  },
};

/** The text that bytes are in UTF-8, with a mark of byte order if there is one; `undefined` if they are none. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
