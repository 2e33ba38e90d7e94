/**
 * Metadata and sizes.
 *
 * @module
 */
import type { ObjectStore } from "../object_store/object_store.ts";
import type { Facts } from "./entry.ts";
import { listPaths } from "./listing.ts";
import { locate, type Location, recordOf } from "./locate.ts";
import { mapParallel } from "./parallel.ts";

const PARALLEL = 16;

/**
 * What was saved with the artifact at a path; of one that `materialize` made, also what its materializer says of it. `null` if there is
 * neither.
 */
export async function metadataAt(objects: ObjectStore, path: string): Promise<Facts | null> {
  const location = await locate(objects, path);
  const record = location === undefined ? undefined : await recordOf(objects, location);
  if (record === undefined) return null;
  const { materialized, type, serializer, format, statistics, metadata } = record;
  if (!materialized) return metadata;
  const files = location?.form === "folder" ? location.record.files : [];
  return { type, serializer, format, files, ...statistics, ...metadata };
}

/** Bytes of all files of the artifact at a path, or of all artifacts below it; 0 if there are none. */
export async function sizeAt(objects: ObjectStore, path: string): Promise<number> {
  const own = sizeOf(await locate(objects, path));
  const below = await mapParallel(await listPaths(objects, `${path}/`), PARALLEL, async (each) => {
    return sizeOf(await locate(objects, each));
  });
  return below.reduce((sum, size) => sum + size, own);
}

function sizeOf(location: Location | undefined): number {
  if (location === undefined) return 0;
  if (location.form === "file") return location.info.size;
  return location.record.files.reduce((sum, { size }) => sum + size, 0);
}
