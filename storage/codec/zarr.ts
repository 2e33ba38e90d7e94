/**
 * Zarr arrays that others wrote.
 *
 * @module
 */
import { ConfigError, NotFoundError } from "../../src/errors.ts";
import type { ObjectStore } from "../object_store/object_store.ts";
import { ChunkedArray } from "./chunked_array.ts";

/** Where a Zarr array is: the path of its folder on this machine, or in a store. */
export type ZarrSource = string | {
  /** The store that holds it. */
  readonly store: ObjectStore;
  /** What the keys of its files begin with, up to `/zarr.json`; `""` for an array at the root of the store. */
  readonly path: string;
};

/** Options of {@linkcode openZarr}. */
export interface OpenZarrOptions {
  /**
   * The most bytes of elements that one chunk may have, at most 2 GiB less one: no file can make more than about that be allocated.
   *
   * @default {536870912}
   */
  readonly maxChunkBytes?: number;
}

/**
 * Opens an array in the format Zarr v3, such as zarr-python 3 writes, without reading a chunk. Chunks are read when they are needed; of a
 * file that holds several, a shard, only those that are. What was never written has the array's fill value.
 *
 * It knows the codecs bytes, transpose, sharding_indexed, gzip, zstd, blosc (BloscLZ, LZ4, zlib, Zstandard) and crc32c, and both ways to
 * name chunks. Dimensions and bytes are brought into native C order, truth values become 0 and 1.
 *
 * @throws {NotFoundError} If there is no such array.
 * @throws {SerializationError} If no typed array holds its elements, or it asks for a codec or a feature that is not known; its name is in
 * the message.
 * @throws {IntegrityError} If `zarr.json` is damaged. The same later, for a chunk.
 *
 * @example An array in a store
 * ```ts
 * import { ChunkedArray, MemoryStorage, openZarr } from "@fusewire/fusewire";
 *
 * const storage = new MemoryStorage();
 * const layout = { shape: [4], chunks: [2], dtype: "int16" } as const;
 * await storage.save("climate", "grid", ChunkedArray.create(layout, ({ offset: [at = 0] }) => Int16Array.of(at, at + 1)));
 *
 * for await (const { key } of storage.objects.list()) {
 *   if (!key.endsWith("/zarr.json")) continue;
 *   const array = await openZarr({ store: storage.objects, path: key.slice(0, -"/zarr.json".length) });
 *   const { data } = await array.slice([1, 3]);
 *   if (data.join() !== "1,2") throw new Error("the numbers in the middle");
 * }
 * ```
 */
export async function openZarr(source: ZarrSource, options: OpenZarrOptions = {}): Promise<ChunkedArray> {
  const { maxChunkBytes = DEFAULT_MOST } = options;
  if (!Number.isInteger(maxChunkBytes) || maxChunkBytes < 1 || maxChunkBytes > LIMIT) {
    throw new ConfigError(`maxChunkBytes is ${maxChunkBytes}; give a whole number from 1 to ${LIMIT}.`);
  }
  const [{ ObjectFiles }, { openArray }] = await Promise.all([import("./zarr/files.ts"), import("./zarr/open.ts")]);
  const { store, path } = await placeOf(source);
  const folder = path.replace(/\/+$/, "");
  const shown = typeof source === "string" ? source : folder;
  const array = `The Zarr array ${JSON.stringify(shown)}`;
  const files = new ObjectFiles(store, folder === "" ? "" : `${folder}/`);
  const found = await openArray(files, { array, missing: "fill", maxChunkBytes });
  if (found !== undefined) {
    const { reader, shape, chunks, dtype } = found;
    return ChunkedArray.create({ shape, chunks, dtype }, (place) => reader.chunk(place));
  }
  const { unreadableArray } = await import("./zarr/errors.ts");
  for (const old of [".zarray", ".zgroup"]) {
    if (await files.size(old) === undefined) continue;
    throw unreadableArray(array, "it is of Zarr version 2, and only version 3 is known; convert it with zarr-python");
  }
  throw new NotFoundError(`There is no Zarr array ${JSON.stringify(shown)}: it has no zarr.json.`);
}

const DEFAULT_MOST = 512 * 1024 * 1024;
const LIMIT = 0x7fff_ffff;

async function placeOf(source: ZarrSource): Promise<{ readonly store: ObjectStore; readonly path: string }> {
  if (typeof source !== "string") return source;
  const { FileObjectStore } = await import("../object_store/file.ts");
  return { store: new FileObjectStore({ path: source }), path: "" };
}
