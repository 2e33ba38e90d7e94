/**
 * The catalog: what is known of all artifacts. It is nothing but the records themselves, each compared with what is stored, so that it can
 * not be out of date.
 *
 * @module
 */
import type { ListedObject, ObjectStore } from "../object_store/object_store.ts";
import { compareKeys } from "../keys.ts";
import type { ArtifactEntry, ArtifactQuery } from "./entry.ts";
import { pathOf, prefixOf, readRecordKey, RECORDS } from "./layout.ts";
import { contentOf, locate, type Location, orNothing, pointerOf, readFolder, recordOf } from "./locate.ts";
import { mapParallel } from "./parallel.ts";
import { type ArtifactRecord, originOf, parseRecord } from "./record.ts";

/** How much of each record is read with the list, in bytes; few are longer. */
const RECORD_BYTES = 4096;
/** How many requests of a search are under way at once. */
const PARALLEL = 32;

/** What the catalog has of the artifact at a path; `undefined` if there is none, or somebody else put it there. */
export async function entryAt(objects: ObjectStore, path: string): Promise<ArtifactEntry | undefined> {
  const location = await locate(objects, path);
  const record = location === undefined ? undefined : await recordOf(objects, location);
  if (location === undefined || record === undefined) return undefined;
  return entryOfRecord(objects, record, await contentOf(objects, location, record));
}

/** All entries that agree with a query, in the order of their paths. */
export async function findEntries(objects: ObjectStore, query: ArtifactQuery): Promise<ArtifactEntry[]> {
  const matches = matcher(objects, query);
  const found = new Map<string, ArtifactEntry>();
  const seen = new Set<string>();
  const known = new Set<string>();
  const take = async (page: readonly ListedObject[]): Promise<void> => {
    const entries = await mapParallel(page, PARALLEL, async (listed) => {
      seen.add(listed.key);
      const record = await readListed(objects, listed);
      if (record === undefined) return undefined;
      const entry = matches(record) ? await currentEntry(objects, record, matches) : undefined;
      if (entry !== undefined || !matches(record)) known.add(readRecordKey(listed.key).hash);
      return entry;
    });
    for (const entry of entries) {
      if (entry === undefined || (query.sha256 !== undefined && entry.sha256 !== query.sha256)) continue;
      found.set(entry.path, entry);
    }
  };
  for await (const page of objects.pages(RECORDS, { headBytes: RECORD_BYTES })) await take(page);
  // A record that was listed can be gone before it is read, because its artifact was saved again: then there is another one by now.
  for (;;) {
    const late: ListedObject[] = [];
    for await (const { key } of objects.list(RECORDS)) {
      if (!seen.has(key) && !known.has(readRecordKey(key).hash)) late.push({ key });
    }
    if (late.length === 0) break;
    await take(late);
  }
  return [...found.values()].sort((a, b) => compareKeys(a.path, b.path));
}

function matcher(objects: ObjectStore, query: ArtifactQuery): (record: ArtifactRecord) => boolean {
  const { type, run, step, project, name, sha256 } = query;
  const parent = query.parent === undefined ? undefined : pathOf(objects, query.parent);
  const prefix = prefixOf(objects, query.prefix ?? "");
  return (record) =>
    record.path.startsWith(prefix) &&
    (type === undefined || record.type === type) && (run === undefined || record.run === run) &&
    (step === undefined || record.step === step) && (project === undefined || record.project === project) &&
    (name === undefined || record.name === name) &&
    (sha256 === undefined || record.content === undefined || record.content.sha256 === sha256) &&
    (parent === undefined || record.parents.some(({ path }) => path === parent));
}

async function readListed(
  objects: ObjectStore,
  { key, size, head }: ListedObject,
): Promise<ArtifactRecord | undefined> {
  const isWhole = head !== undefined && head.length === size;
  const bytes = isWhole ? head : await orNothing(() => objects.get(key));
  return bytes === undefined ? undefined : parseRecord(bytes);
}

/** The entry of what is stored where a record is of: of another save, if there was one since the record was listed. */
async function currentEntry(
  objects: ObjectStore,
  listed: ArtifactRecord,
  matches: (record: ArtifactRecord) => boolean,
): Promise<ArtifactEntry | undefined> {
  const { path, id, form } = listed;
  if (form === "file") {
    // One request tells it, where the store keeps the metadata of objects.
    const info = await objects.head(path);
    if (info !== undefined && pointerOf(info) === id) {
      return entryOfRecord(objects, listed, await contentOf(objects, { form, path, key: path, info }, listed));
    }
  }
  const location = form === "folder" ? await folderAt(objects, path) : await locate(objects, path);
  const record = location === undefined ? undefined : await recordOf(objects, location);
  if (location === undefined || record === undefined || !matches(record)) return undefined;
  return entryOfRecord(objects, record, await contentOf(objects, location, record));
}

async function folderAt(objects: ObjectStore, path: string): Promise<Location | undefined> {
  const record = await readFolder(objects, path);
  return record === undefined ? await locate(objects, path) : { form: "folder", path, record };
}

function entryOfRecord(
  objects: ObjectStore,
  record: ArtifactRecord,
  content: { readonly size: number; readonly sha256: string },
): ArtifactEntry {
  const { path, type, serializer, format, createdAt, parents, metadata, statistics } = record;
  return {
    path,
    uri: objects.uri(path),
    type,
    materializer: serializer,
    format,
    size: content.size,
    sha256: content.sha256,
    createdAt: new Date(createdAt).toISOString(),
    ...originOf({ ...record }),
    parents: parents.map((parent) => ({ uri: objects.uri(parent.path), ...parent })),
    metadata,
    statistics,
  };
}
