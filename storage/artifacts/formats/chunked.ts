import { SerializationError } from "../../../src/errors.ts";
import { ChunkedArray } from "../../codec/chunked_array.ts";
import { ChunkedArraySerializer } from "../../codec/chunked_array_serializer.ts";
import { type Dtype, DTYPES } from "../../codec/dtype.ts";
import { MEMORY_PROTOCOL } from "../../protocols.ts";
import { writeZarr } from "../../codec/zarr/writer.ts";
import type { ArtifactFolder, Materialized, MaterializedBefore } from "../materializer.ts";

const FOLDER = "data.zarr";

/** Arrays in chunks as a folder of Zarr v3. */
export const chunkedFolder = {
  async save(value: unknown, dir: ArtifactFolder): Promise<Materialized> {
    if (!(value instanceof ChunkedArray)) throw new SerializationError("Only a ChunkedArray is kept in chunks.");
    const { shape, chunks, dtype } = value;
    const shardBytes = await writeZarr(value, dir, `${FOLDER}/`);
    return { type: "ChunkedArray", format: "zarr", statistics: { shape, chunks, dtype, shardBytes } };
  },

  async load(dir: ArtifactFolder, { statistics }: MaterializedBefore): Promise<ChunkedArray> {
    const { shape, chunks, dtype, shardBytes } = statistics;
    if (!isNumbers(shape) || !isNumbers(chunks) || !isNumbers(shardBytes) || !isDtype(dtype)) {
      throw new SerializationError("What is stored of it does not describe an array in chunks.");
    }
    // It only asks for the one entry that is there, whatever the store.
    const protocols = { [MEMORY_PROTOCOL]: dir };
    return await new ChunkedArraySerializer().unpickle({ folder: FOLDER, shape, chunks, dtype, shardBytes }, protocols);
  },
};

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}

function isDtype(value: unknown): value is Dtype {
  return typeof value === "string" && Object.hasOwn(DTYPES, value);
}
