/**
 * Which artifacts there are, and removing them.
 *
 * @module
 */
import { compareKeys } from "../keys.ts";
import type { ObjectStore } from "../object_store/object_store.ts";
import {
  classify,
  folderOfMetadata,
  hashOf,
  isMetadata,
  METADATA_FILE,
  movedPrefix,
  movedWith,
  pathOfMoved,
  readRecordKey,
  RECORDS,
  recordsPrefix,
  versionsPrefix,
} from "./layout.ts";
import { readFolder } from "./locate.ts";

/** How many artifacts are asked for their records one by one; for more, all records are listed. */
const FEW = 32;

/** Paths of all artifacts that begin with a prefix, sorted. */
export async function listPaths(objects: ObjectStore, prefix: string): Promise<string[]> {
  const { artifacts } = await look(objects, prefix);
  return [...artifacts].filter((path) => path.startsWith(prefix)).sort(compareKeys);
}

/** Whether there is an artifact below a path. */
export async function hasAnyBelow(objects: ObjectStore, path: string): Promise<boolean> {
  for await (const { key } of objects.list(`${path}/`)) if (classify(key).kind !== "internal") return true;
  for await (const _ of objects.list(movedPrefix(path))) return true;
  return false;
}

/**
 * Removes what is stored at a path, and all artifacts below it. What makes each of them an artifact goes first, so that none is ever seen
 * in part.
 *
 * @throws {InvalidKeyError} If it is the file that makes its folder an artifact.
 */
export async function removeAll(objects: ObjectStore, path: string): Promise<void> {
  const isNamedSo = classify(path).kind === "metadata";
  if (isNamedSo && await readFolder(objects, folderOfMetadata(path)) !== undefined) throw isMetadata(path);
  const { artifacts, commits } = await look(objects, `${path}/`);
  await objects.deletePrefix(movedPrefix(path));
  await objects.deleteMany([path, ...commits]);
  // What is left are files of versions, also of saves that a crash cut short.
  await objects.deletePrefix(`${path}/`);
  await removeRecords(objects, [path, ...artifacts]);
}

/** The artifacts whose keys begin with a prefix, and the objects that make them artifacts. */
async function look(objects: ObjectStore, prefix: string): Promise<{
  readonly artifacts: ReadonlySet<string>;
  readonly commits: readonly string[];
}> {
  const commits: string[] = [];
  const withVersions = new Set<string>();
  for await (const page of objects.pages(prefix)) {
    for (const { key } of page) {
      const { kind, versionOf } = classify(key);
      if (versionOf !== undefined) withVersions.add(versionOf);
      if (kind !== "internal") commits.push(key);
    }
  }
  const artifacts = new Set<string>();
  for (const key of commits) artifacts.add(await artifactOf(objects, key, prefix, withVersions));
  for await (const { key } of objects.list(movedWith(prefix))) artifacts.add(pathOfMoved(key));
  return { artifacts, commits };
}

/** The artifact that an object makes: a folder if it has versions beside it, else itself. */
async function artifactOf(
  objects: ObjectStore,
  key: string,
  prefix: string,
  withVersions: ReadonlySet<string>,
): Promise<string> {
  if (classify(key).kind !== "metadata") return key;
  const folder = folderOfMetadata(key);
  if (withVersions.has(folder)) return folder;
  // A prefix that ends within the name of the file leaves the versions beside it out.
  const isCut = prefix.length > folder.length + 1 && prefix.length <= folder.length + 1 + METADATA_FILE.length;
  if (isCut) { for await (const _ of objects.list(versionsPrefix(folder))) return folder; }
  return key;
}

async function removeRecords(objects: ObjectStore, paths: readonly string[]): Promise<void> {
  if (paths.length <= FEW) {
    const found = await Promise.all(paths.map((path) => Array.fromAsync(objects.list(recordsPrefix(path)))));
    const keys = found.flat().map(({ key }) => key);
    if (keys.length > 0) await objects.deleteMany(keys);
    return;
  }
  const hashes = new Set(paths.map(hashOf));
  const keys: string[] = [];
  for await (const { key } of objects.list(RECORDS)) if (hashes.has(readRecordKey(key).hash)) keys.push(key);
  await objects.deleteMany(keys);
}
