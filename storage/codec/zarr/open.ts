/**
 * Opens Zarr arrays.
 *
 * @module
 */
import type { Dtype } from "../dtype.ts";
import { damagedArray } from "./errors.ts";
import type { ZarrFiles } from "./files.ts";
import { parseMetadata } from "./metadata.ts";
import { type ReaderOptions, ZarrReader } from "./reader.ts";

/** The most bytes of `zarr.json`, attributes included. */
const MOST_METADATA_BYTES = 16 * 1024 * 1024;

/** What is known of an array before a chunk of it was read. */
export interface OpenArray {
  /** Length of each dimension. */
  readonly shape: readonly number[];
  /** Length in each dimension of the smallest chunk that is read by itself. */
  readonly chunks: readonly number[];
  /** Element type. */
  readonly dtype: Dtype;
  /** Reads its chunks. */
  readonly reader: ZarrReader<Dtype>;
}

/**
 * Reads `zarr.json`.
 *
 * @returns `undefined` if there is none.
 * @throws {IntegrityError} If it is damaged.
 * @throws {SerializationError} If the array can not be read.
 */
export async function openArray(files: ZarrFiles, options: ReaderOptions): Promise<OpenArray | undefined> {
  const bytes = await files.read("zarr.json", { start: 0, end: MOST_METADATA_BYTES + 1 });
  if (bytes === undefined) return undefined;
  if (bytes.length > MOST_METADATA_BYTES) {
    throw damagedArray(options.array, `its zarr.json has more than ${MOST_METADATA_BYTES} bytes`);
  }
  const layout = parseMetadata(bytes, options.array);
  const reader = new ZarrReader(files, layout, options);
  return { shape: layout.shape, chunks: reader.chunks, dtype: layout.dtype, reader };
}
