/**
 * What is at a path before something is saved there, and what of it goes afterwards.
 *
 * @module
 */
import type { ObjectInfo, ObjectStore } from "../object_store/object_store.ts";
import {
  classify,
  isAbandoned,
  metadataKey,
  movedKey,
  readRecordKey,
  recordKey,
  recordsPrefix,
  versionOf,
  versionPrefix,
  versionsPrefix,
} from "./layout.ts";
import { pointerOf, readFolder } from "./locate.ts";
import type { FolderRecord } from "./record.ts";

/** What is at a path, and around it. */
export interface Before {
  /** The file of the path. */
  readonly file: ObjectInfo | undefined;
  /** The folder of the path. */
  readonly folder: FolderRecord | undefined;
  /** The file that was moved away and is still there. */
  readonly moved: ObjectInfo | undefined;
  /** Whether there are files of versions, also of none that was committed. */
  readonly hasVersions: boolean;
  /** Whether other artifacts, or objects of others, lie below the path. */
  readonly hasArtifactsBelow: boolean;
  /** Ids of all its saves that have a record, also of none that was committed. */
  readonly records: readonly string[];
}

/** Looks at a path, in one round. */
export async function lookBefore(objects: ObjectStore, path: string): Promise<Before> {
  const [file, moved, records, below] = await Promise.all([
    objects.head(path),
    objects.head(movedKey(path)),
    Array.fromAsync(objects.list(recordsPrefix(path)), ({ key }) => readRecordKey(key).id),
    lookBelow(objects, path),
  ]);
  const folder = below.hasMetadata ? await readFolder(objects, path) : undefined;
  // Somebody else's file of that name is an object like any other.
  const hasArtifactsBelow = below.hasOthers || (below.hasMetadata && folder === undefined);
  return { file, moved, records, folder, hasVersions: below.hasVersions, hasArtifactsBelow };
}

/**
 * Removes records of saves before this one: the one that it replaces, and those that were given up. That of a save which may still be at
 * work stays.
 */
export async function sweepRecords(
  objects: ObjectStore,
  path: string,
  before: Before,
  id: string,
  now: number,
): Promise<void> {
  const replaced = [pointerOf(before.file), pointerOf(before.moved), before.folder?.id];
  const old = before.records.filter((each) => each !== id && (replaced.includes(each) || isAbandoned(each, now)));
  if (old.length > 0) await objects.deleteMany(old.map((each) => recordKey(path, each)));
}

/** Removes the files of versions other than this one: those of the one that it replaces, and of saves that were given up. */
export async function sweepVersions(
  objects: ObjectStore,
  path: string,
  id: string,
  replaced: string | undefined,
  now: number,
): Promise<void> {
  const others = new Set<string>();
  for await (const { key } of objects.list(versionsPrefix(path))) {
    const version = versionOf(path, key);
    if (version !== id && (version === replaced || isAbandoned(version, now))) others.add(version);
  }
  for (const version of others) await objects.deletePrefix(versionPrefix(path, version));
}

async function lookBelow(objects: ObjectStore, path: string): Promise<{
  readonly hasMetadata: boolean;
  readonly hasVersions: boolean;
  readonly hasOthers: boolean;
}> {
  const found = { hasMetadata: false, hasVersions: false, hasOthers: false };
  for await (const { key } of objects.list(`${path}/`)) {
    const { kind, versionOf } = classify(key);
    if (key === metadataKey(path)) found.hasMetadata = true;
    else if (kind === "internal" && versionOf === path) {
      found.hasVersions = true;
      // Files of versions come last but for what would be sorted after them; a version may have any number of them.
      if (found.hasOthers) break;
    } else found.hasOthers = true;
  }
  return found;
}
