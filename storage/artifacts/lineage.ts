/**
 * What artifacts were made of, and what was made of them.
 *
 * @module
 */
import { ConfigError } from "../../src/errors.ts";
import type { ObjectStore } from "../object_store/object_store.ts";
import { entryAt, findEntries } from "./catalog.ts";
import type { ArtifactEntry, LineageOptions, LineageStep } from "./entry.ts";
import { contentOf, locate, locateExisting, recordOf } from "./locate.ts";
import { mapParallel } from "./parallel.ts";
import { missingArtifact, type StoredParent } from "./record.ts";

const PARALLEL = 16;

/** Artifacts as parents, each with the SHA-256 that it has now. Throws `NotFoundError` if there is no such artifact. */
export async function parentsAt(objects: ObjectStore, paths: readonly string[]): Promise<StoredParent[]> {
  return await mapParallel([...new Set(paths)], PARALLEL, async (path) => {
    const sha256 = await sha256At(objects, path);
    if (sha256 === undefined) throw missingArtifact(path, `${objects.place}, so it can not be a parent`);
    return { path, sha256 };
  });
}

/** The artifacts around one, the nearest first, each once. */
export async function lineageOf(
  objects: ObjectStore,
  path: string,
  { direction = "ancestors", depth = Infinity }: LineageOptions,
): Promise<LineageStep[]> {
  if (!(depth >= 0)) throw new ConfigError(`The depth ${depth} of a lineage is refused: it is a number from 0 on.`);
  await locateExisting(objects, path);
  const next = direction === "ancestors" ? ancestors(objects) : await descendants(objects);
  const steps: LineageStep[] = [];
  const seen = new Set([path]);
  let level = [path];
  for (let distance = 1; distance <= depth && level.length > 0; distance++) {
    const found = (await mapParallel(level, PARALLEL, async (from) => {
      return (await next(from)).map((step) => ({ ...step, from: objects.uri(from), depth: distance }));
    })).flat().filter((step) => !seen.has(step.path) && seen.add(step.path));
    steps.push(...found);
    // What a replaced artifact was made of then is not known any more.
    const goesOn = found.filter(({ state }) => direction === "descendants" || state === "unchanged");
    level = goesOn.map((step) => step.path);
  }
  return steps;
}

type Found = Omit<LineageStep, "from" | "depth">;
type Neighbours = (path: string) => Promise<Found[]>;

function ancestors(objects: ObjectStore): Neighbours {
  return async (path) => {
    const entry = await entryAt(objects, path);
    return await mapParallel(entry?.parents ?? [], PARALLEL, async (parent) => {
      const found = await entryAt(objects, parent.path);
      const sha256 = found?.sha256 ?? await sha256At(objects, parent.path);
      return { uri: parent.uri, path: parent.path, state: stateOf(parent.sha256, sha256), entry: found ?? null };
    });
  };
}

async function descendants(objects: ObjectStore): Promise<Neighbours> {
  const children = new Map<string, { readonly child: ArtifactEntry; readonly sha256: string }[]>();
  const now = new Map<string, string>();
  for (const child of await findEntries(objects, {})) {
    now.set(child.path, child.sha256);
    for (const { path, sha256 } of child.parents) {
      const known = children.get(path);
      if (known === undefined) children.set(path, [{ child, sha256 }]);
      else known.push({ child, sha256 });
    }
  }
  return async (path) => {
    const found = children.get(path) ?? [];
    if (found.length === 0) return [];
    const current = now.get(path) ?? await sha256At(objects, path);
    return found.map(({ child, sha256 }) => {
      return { uri: child.uri, path: child.path, state: stateOf(sha256, current), entry: child };
    });
  };
}

function stateOf(then: string, now: string | undefined): LineageStep["state"] {
  if (now === undefined) return "missing";
  return now === then ? "unchanged" : "replaced";
}

async function sha256At(objects: ObjectStore, path: string): Promise<string | undefined> {
  const location = await locate(objects, path);
  if (location === undefined) return undefined;
  return (await contentOf(objects, location, await recordOf(objects, location))).sha256;
}
