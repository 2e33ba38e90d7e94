/**
 * The materializers that are built in: which of them keeps a value. What they do is loaded when the first value is kept.
 *
 * @module
 */
import { ChunkedArray } from "../codec/chunked_array.ts";
import { NdArray } from "../codec/ndarray.ts";
import { FileArtifact } from "./file_artifact.ts";
import { ImageArtifact, imageTypeOf } from "./image_artifact.ts";
import { isExactJson } from "./json_value.ts";
import type { ArtifactFolder, Materialized, MaterializedBefore, Materializer } from "./materializer.ts";

/** Names of the materializers that keep a value in one file. */
export type FileFormatName = "array" | "blob" | "bytes" | "file" | "image" | "json" | "stream" | "text" | "value";

/** Names of all that are built in. */
export type BuiltInName = FileFormatName | "chunked-array";

const BUILT_IN: Readonly<Record<BuiltInName, true>> = {
  array: true,
  blob: true,
  bytes: true,
  "chunked-array": true,
  file: true,
  image: true,
  json: true,
  stream: true,
  text: true,
  value: true,
};

/** Names of all that are built in. */
export const BUILT_IN_NAMES: ReadonlySet<string> = new Set(Object.keys(BUILT_IN));

/** The one that keeps a value which no registered materializer keeps. */
export function builtInNameOf(value: unknown): BuiltInName {
  // A text with half of a surrogate pair has no UTF-8 form.
  if (typeof value === "string") return value.isWellFormed() ? "text" : "value";
  if (value instanceof Uint8Array && imageTypeOf(value) !== undefined) return isPlainBytes(value) ? "bytes" : "value";
  if (value instanceof NdArray || isTypedArray(value)) return "array";
  if (value instanceof ChunkedArray) return "chunked-array";
  if (value instanceof ImageArtifact) return "image";
  if (value instanceof FileArtifact) return "file";
  if (value instanceof Blob) return "blob";
  if (value instanceof ReadableStream) return "stream";
  return isExactJson(value) ? "json" : "value";
}

/** Whether it is a `Uint8Array` and of no other class, such as Node's `Buffer`. */
export function isPlainBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && Object.getPrototypeOf(value) === Uint8Array.prototype;
}

/** The materializer that is built in for a value. */
export function builtInFor(value: unknown): Materializer {
  return builtIn(builtInNameOf(value));
}

/** The materializer that is built in under a name. */
export function builtIn(name: BuiltInName): Materializer {
  return {
    name,
    handles: (value: unknown): boolean => builtInNameOf(value) === name,
    async save(value: unknown, dir: ArtifactFolder): Promise<Materialized> {
      const { folderFormat } = await import("./formats/formats.ts");
      return await folderFormat(name).save(value, dir);
    },
    async load(dir: ArtifactFolder, before: MaterializedBefore): Promise<unknown> {
      const { folderFormat } = await import("./formats/formats.ts");
      return await folderFormat(name).load(dir, before);
    },
  };
}

/** Whether a name is that of one that is built in. */
export function isBuiltIn(name: string): name is BuiltInName {
  return BUILT_IN_NAMES.has(name);
}

/** Whether it is a typed array of one of the platform's own classes. */
function isTypedArray(value: unknown): boolean {
  if (!ArrayBuffer.isView(value) || value instanceof DataView) return false;
  // A class of someone's own, as Node's Buffer, would come back as another.
  return Object.getPrototypeOf(Object.getPrototypeOf(value)) === Object.getPrototypeOf(Uint8Array.prototype);
}
