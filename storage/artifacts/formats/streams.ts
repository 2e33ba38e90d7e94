/**
 * Streams and files.
 *
 * @module
 */
import { FileArtifact } from "../file_artifact.ts";
import type { MaterializedBefore } from "../materializer.ts";
import { type EncodedFile, extensionOf, type FileFormat, type StoredFile, textOf } from "./file_format.ts";

const UNKNOWN = "application/octet-stream";

/** Streams of bytes, which come back as streams. */
export const streamFormat: FileFormat<ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>> = {
  encode(value): EncodedFile {
    return {
      body: value,
      extension: ".bin",
      contentType: UNKNOWN,
      type: "ReadableStream",
      format: "bytes",
      statistics: {},
    };
  },

  decode(file: StoredFile): Promise<ReadableStream<Uint8Array>> {
    return file.stream();
  },
};

/** `Blob` and `File`. */
export const blobFormat: FileFormat<Blob> = {
  encode(value): EncodedFile {
    const { type: mediaType } = value;
    const file = value instanceof File ? { fileName: value.name, lastModified: value.lastModified } : {};
    return {
      body: opened(() => Promise.resolve(value.stream())),
      extension: extensionOf(value instanceof File ? value.name : "") || ".bin",
      contentType: mediaTypeOr(mediaType),
      type: value instanceof File ? "File" : "Blob",
      format: "bytes",
      statistics: { mediaType, ...file },
    };
  },

  async decode(file: StoredFile, before: MaterializedBefore): Promise<Blob> {
    const bytes = await file.bytes();
    const type = textOf(before, "mediaType") ?? "";
    if (before.type !== "File") return new Blob([bytes], { type });
    return new File([bytes], textOf(before, "fileName") ?? "", {
      type,
      lastModified: Number(before.statistics["lastModified"] ?? 0),
    });
  },
};

/** {@linkcode FileArtifact}. */
export const fileFormat: FileFormat<FileArtifact> = {
  encode(value): EncodedFile {
    const { name, mediaType } = value;
    return {
      body: opened(() => value.stream()),
      extension: extensionOf(name) || ".bin",
      contentType: mediaTypeOr(mediaType),
      type: "FileArtifact",
      format: "bytes",
      statistics: { fileName: name, mediaType },
    };
  },

  decode(file: StoredFile, before: MaterializedBefore): Promise<FileArtifact> {
    const name = textOf(before, "fileName") || "file";
    const mediaType = textOf(before, "mediaType") ?? UNKNOWN;
    return Promise.resolve(FileArtifact.from(() => file.stream(), { name, mediaType }));
  },
};

/** The media type, if a store takes it. */
function mediaTypeOr(mediaType: string): string {
  return /^[!-~](?:[ -~]{0,254}[!-~])?$/.test(mediaType) ? mediaType : UNKNOWN;
}

/** A stream that is opened when it is read. */
async function* opened(open: () => Promise<ReadableStream<Uint8Array>>): AsyncGenerator<Uint8Array, void> {
  yield* await open();
}
