import { SerializationError } from "../../../src/errors.ts";
import { typeName } from "../materializer.ts";
import type { EncodedFile, FileFormat, StoredFile } from "./file_format.ts";

/** Longer texts than this are written without indentation, in UTF-16 units. */
const INDENTED = 64 * 1024;

/** Plain data that JSON keeps exactly. */
export const jsonFormat: FileFormat = {
  encode(value): EncodedFile {
    const dense = JSON.stringify(value);
    const text = dense.length <= INDENTED ? JSON.stringify(value, null, 2) : dense;
    return {
      body: [new TextEncoder().encode(`${text}\n`)],
      extension: ".json",
      contentType: "application/json",
      type: typeName(value),
      format: "json",
      statistics: Array.isArray(value) ? { length: value.length } : {},
    };
  },

  async decode(file: StoredFile): Promise<unknown> {
    try {
      return JSON.parse(new TextDecoder().decode(await file.bytes()));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new SerializationError(`${file.name} is no JSON: ${error.message}.`, { cause: error });
    }
  },
};
