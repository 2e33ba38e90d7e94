import { imageTypeOf } from "../image_artifact.ts";
import type { EncodedFile, FileFormat, StoredFile } from "./file_format.ts";

/** What the names of pictures end in. */
export const IMAGE_EXTENSIONS = {
  "image/png": ".png",
  "image/jpeg": ".jpg",
  "image/gif": ".gif",
  "image/webp": ".webp",
  "image/svg+xml": ".svg",
} as const;

/** Bytes as they are. */
export const bytesFormat: FileFormat<Uint8Array> = {
  encode(value): EncodedFile {
    const image = imageTypeOf(value);
    return {
      body: [value],
      extension: image === undefined ? ".bin" : IMAGE_EXTENSIONS[image],
      contentType: image ?? "application/octet-stream",
      type: "Uint8Array",
      format: image === undefined ? "bytes" : IMAGE_EXTENSIONS[image].slice(1),
      statistics: {},
    };
  },

  decode(file: StoredFile): Promise<Uint8Array> {
    return file.bytes();
  },
};
