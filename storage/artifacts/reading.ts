/**
 * Reading artifacts back.
 *
 * @module
 */
import { ConflictError, FusewireError, IntegrityError, NotFoundError, SerializationError } from "../../src/errors.ts";
import type { ObjectStore } from "../object_store/object_store.ts";
import { isBuiltIn } from "./built_in.ts";
import { readChecked, streamChecked } from "./checked_file.ts";
import { FolderFiles } from "./folder_files.ts";
import { decodeForeign } from "./foreign.ts";
import type { StoredFile } from "./formats/file_format.ts";
import { formatNamed } from "./formats/formats.ts";
import { materializerNamed } from "./formats/value.ts";
import { identityOf, locate, locateExisting, type Location, recordOf } from "./locate.ts";
import { damagedArtifact, type FolderRecord } from "./record.ts";

/** How often a reader begins anew because what it was reading was replaced. */
const ATTEMPTS = 10;

/** Reads what is stored at a path. */
export function loadArtifact(objects: ObjectStore, path: string): Promise<unknown> {
  return reading(objects, path, async (location) => {
    if (location.form === "folder") return await loadFolder(objects, path, location.record);
    const record = await recordOf(objects, location);
    const file = storedFile(objects, location, record?.content);
    if (record === undefined) return await decodeForeign(file, path);
    const { serializer, type, format, statistics } = record;
    if (!isBuiltIn(serializer) || serializer === "chunked-array") {
      throw new SerializationError(`It was kept by ${JSON.stringify(serializer)}, which keeps nothing in one file.`);
    }
    return await formatNamed(serializer).decode(file, { type, format, statistics });
  });
}

/** Streams the file of an artifact. */
export function streamArtifact(objects: ObjectStore, path: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  return reading(objects, path, async (location) => {
    if (location.form === "file") {
      return await storedFile(objects, location, (await recordOf(objects, location))?.content).stream();
    }
    const { id, files } = location.record;
    const [file, ...more] = files;
    if (file === undefined || more.length > 0) {
      throw new SerializationError(
        `The artifact ${JSON.stringify(path)} can not be streamed: it has ${files.length} files, and not one; load it.`,
      );
    }
    return await new FolderFiles(objects, path, id, files).open(file.name);
  });
}

/** Calls `read` with what is stored at a path, and again with what is stored then if it was replaced meanwhile. */
async function reading<T>(objects: ObjectStore, path: string, read: (location: Location) => Promise<T>): Promise<T> {
  let location = await locateExisting(objects, path);
  for (let attempt = 1;; attempt++) {
    try {
      return await read(location);
    } catch (error) {
      const isStale = error instanceof NotFoundError || error instanceof IntegrityError ||
        error instanceof ConflictError;
      if (!isStale) throw named(path, error);
      const now = await locate(objects, path);
      const isSame = identityOf(now) === identityOf(location) && keyIn(now) === keyIn(location);
      if (now !== undefined && isSame) throw named(path, error);
      if (attempt === ATTEMPTS) throw error;
      // Gone for good, or replaced by another.
      location = now ?? await locateExisting(objects, path);
    }
  }
}

async function loadFolder(objects: ObjectStore, path: string, record: FolderRecord): Promise<unknown> {
  const { id, files, serializer, type, format, statistics } = record;
  const folder = new FolderFiles(objects, path, id, files);
  return await materializerNamed(serializer).load(folder, { type, format, statistics });
}

function storedFile(
  objects: ObjectStore,
  { path, key, info }: Location & { readonly form: "file" },
  expected: { readonly size: number; readonly sha256: string } | undefined,
): StoredFile {
  return {
    name: `The artifact ${JSON.stringify(path)}`,
    size: expected?.size ?? info.size,
    bytes: () => readChecked(objects, key, expected, path, "it"),
    stream: () => streamChecked(objects, key, expected, path, "it"),
  };
}

function keyIn(location: Location | undefined): string | undefined {
  return location?.form === "file" ? location.key : undefined;
}

/** The error with the path of the artifact, if it has none. */
function named(path: string, error: unknown): unknown {
  if (!(error instanceof FusewireError) || error.message.includes(JSON.stringify(path))) return error;
  const problem = error.message.replace(/\.$/, "");
  if (error instanceof IntegrityError) return damagedArtifact(path, problem, error);
  if (!(error instanceof SerializationError)) return error;
  return new SerializationError(`The artifact ${JSON.stringify(path)} can not be loaded: ${problem}.`, {
    cause: error,
  });
}
