/**
 * Chunked arrays as folders of Zarr.
 *
 * @module
 */
import { IntegrityError } from "../../src/errors.ts";
import { inParallel } from "../in_parallel.ts";
import { entryOf, type Protocols } from "../protocols.ts";
import { ChunkedArray } from "./chunked_array.ts";
import type { Dtype } from "./dtype.ts";
import type { ClassOf, Serializer } from "./serializers.ts";

/** What {@linkcode ChunkedArraySerializer} needs to find an array again. */
export interface ChunkedArrayPid {
  /** Name of the folder with its files. */
  readonly folder: string;
  /** Length of each dimension. */
  readonly shape: readonly number[];
  /** Length of a chunk in each dimension. */
  readonly chunks: readonly number[];
  /** Type of the elements. */
  readonly dtype: Dtype;
  /** Length in bytes of each file that holds several chunks, in the order of the grid; empty if every chunk has its own. */
  readonly shardBytes: readonly number[];
}

/**
 * Keeps every `ChunkedArray` as a Zarr array of version 3, which zarr-python opens as it is: a folder with `zarr.json` and a file for each
 * chunk, compressed by Zstandard. An array of more than 1,024 chunks gets at most so many files, shards, which hold several chunks each.
 * Every store has it registered.
 *
 * It writes a few chunks at a time, at most 16 MiB of them, unless one alone has more. What it brings back reads the chunks that are needed
 * when they are needed, and compares them with their checksums.
 */
export class ChunkedArraySerializer implements Serializer<ChunkedArray, ChunkedArrayPid> {
  /** Always `"ChunkedArraySerializer"`. */
  readonly name = "ChunkedArraySerializer";
  /** `ChunkedArray`. */
  readonly serializerClass: ClassOf<ChunkedArray> = ChunkedArray;

  /** Makes and writes all chunks. Nothing is left of them if one of them can not be made or written. */
  async pickle(value: ChunkedArray, protocols: Protocols): Promise<[name: string, pid: ChunkedArrayPid]> {
    const { writeZarr } = await import("./zarr/writer.ts");
    const { shape, chunks, dtype } = value;
    const folder = `${crypto.randomUUID()}.zarr`;
    const pid = { folder, shape: [...shape], chunks: [...chunks], dtype, shardBytes: [] };
    try {
      return [this.name, { ...pid, shardBytes: await writeZarr(value, entryOf(protocols), `${folder}/`) }];
    } catch (error) {
      // What went wrong first is what counts.
      await this.remove(pid, protocols).catch(() => {});
      throw error;
    }
  }

  /**
   * Reads what the array says of itself; its chunks are read when they are needed, also after this.
   *
   * @throws {IntegrityError} If the array is damaged or is not the one that was written. The same later, for a chunk.
   */
  async unpickle(pid: ChunkedArrayPid, protocols: Protocols): Promise<ChunkedArray> {
    const [{ storedLayout, fileName }, { EntryFiles }, { openArray }] = await Promise.all([
      import("./zarr/writer.ts"),
      import("./zarr/files.ts"),
      import("./zarr/open.ts"),
    ]);
    const { folder, shape, chunks, dtype, shardBytes } = pid;
    const array = `The chunked array ${JSON.stringify(folder)}`;
    const { files, grid } = storedLayout(shape, chunks);
    const names = shardBytes.length === 0 ? [] : [...files.indices().map(fileName)];
    const sizes = new Map(names.map((name, at) => [name, shardBytes[at] ?? 0]));
    const options = { array, missing: "lost", maxChunkBytes: Infinity } as const;
    const found = await openArray(new EntryFiles(entryOf(protocols), `${folder}/`, sizes), options);
    if (found === undefined) throw new IntegrityError(`${array} is damaged: its zarr.json is missing.`);
    const isSame = found.dtype === dtype && found.shape.join() === shape.join() &&
      found.chunks.join() === grid.chunks.join();
    if (isSame) return ChunkedArray.create({ shape, chunks, dtype }, (place) => found.reader.chunk(place));
    throw new IntegrityError(
      `${array} is not what was written: it holds ${found.dtype} of shape [${found.shape.join(", ")}] in chunks of ` +
        `[${found.chunks.join(", ")}], and was ${dtype} of shape [${shape.join(", ")}] in chunks of [${
          grid.chunks.join(", ")
        }].`,
    );
  }

  /** Removes all files, also if some are gone already. */
  async remove({ folder, shape, chunks }: ChunkedArrayPid, protocols: Protocols): Promise<void> {
    const { storedLayout, fileName } = await import("./zarr/writer.ts");
    const entry = entryOf(protocols);
    await entry.remove(`${folder}/zarr.json`);
    await inParallel(storedLayout(shape, chunks).files.indices(), REMOVERS, async (index) => {
      await entry.remove(`${folder}/${fileName(index)}`);
    });
  }
}

/** How many files are removed at once. */
const REMOVERS = 16;
