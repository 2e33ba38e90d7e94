/**
 * The one moment in which an object appears, is replaced or goes: a commit, on condition that all is as it was looked at.
 *
 * @module
 */
import { ConflictError, UnavailableError } from "../../../src/errors.ts";
import { KeyLocks } from "../../key_locks.ts";
import { aboveObjects, belowObject } from "../../keys.ts";
import { LEAST_CHECKS } from "../../kv/batch.ts";
import { Unit } from "../../kv/unit.ts";
import type { KvAccess } from "./access.ts";
import type { LooseChunks } from "./loose_chunks.ts";
import { chunkCount, type FoundObject, foundObject, type Manifest, manifestBytes } from "./manifest.ts";
import type { Upload } from "./upload.ts";

/** How often an object that others keep changing is tried again. */
const MOST_TRIES = 200;
/** So many folders of a key are a condition of the commit, beside the object and its chunks; the others are looked at once more after it. */
const FOLDERS_CHECKED = LEAST_CHECKS - 2;

/** Under which conditions an object is put. */
export interface PlacementRules {
  /** See `PutOptions`. */
  readonly onlyIfAbsent: boolean;
  /** See `PutOptions`. */
  readonly apart: boolean;
}

/** What an object that is to be put meets. */
interface Surroundings {
  /** The object that is there. */
  readonly found: FoundObject | undefined;
  /** Whether the entry of the chunks is as the upload left it. */
  readonly isLoose: boolean;
}

/** Puts manifests in their place, and removes them. */
export class Placement {
  readonly #access: KvAccess;
  readonly #loose: LooseChunks;
  /** Others of this process wait in order, instead of breaking each other's conditions. */
  readonly #locks = new KeyLocks();

  /** In the store behind `access`. */
  constructor(access: KvAccess, loose: LooseChunks) {
    this.#access = access;
    this.#loose = loose;
  }

  /** The object of a key. */
  async find(key: string): Promise<FoundObject | undefined> {
    const [entry] = await this.#access.read([this.#access.keys.object(key)]);
    return entry && foundObject(key, entry);
  }

  /**
   * Looks whether a put would be refused, so that nothing is written for nothing.
   *
   * @throws {InvalidKeyError} If an object is a folder, or would be.
   * @throws {ConflictError} If the object is there, and must not be.
   */
  async check(key: string, rules: PlacementRules): Promise<void> {
    await this.#look(key, rules, undefined, undefined);
  }

  /** Makes a manifest the object of a key; chunks of the object before are removed. */
  place(key: string, manifest: Manifest, rules: PlacementRules, upload?: Upload): Promise<void> {
    return this.#locks.run(key, async () => {
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const around = await this.#look(key, rules, upload, manifest.version);
        const { found } = around;
        // A commit whose reply was lost took effect, and may have been followed by another.
        if (found?.manifest.version === manifest.version) return await this.#settle(found, undefined, rules);
        if (found?.manifest.replaced === manifest.version) return;
        if (upload !== undefined && !around.isLoose) {
          if (tries === 0 || upload.isOverdue) throw upload.tooLate();
          return;
        }
        const next = found === undefined ? manifest : { ...manifest, replaced: found.manifest.version };
        const versionstamp = await this.#access.submit(this.#unitOf(key, next, found, rules, upload));
        if (versionstamp === undefined) continue;
        return await this.#settle({ key, manifest: next, versionstamp }, found, rules);
      }
      throw new UnavailableError(
        `The object ${
          JSON.stringify(key)
        } was changed by others each of ${MOST_TRIES} times that it was put. Try again.`,
      );
    });
  }

  /** Removes an object, if it is still the one that was found. Its chunks are loose then, and are removed. */
  async remove(found: FoundObject): Promise<void> {
    const { key, manifest, versionstamp } = found;
    const unit = new Unit();
    unit.guards.push(key);
    unit.check(this.#access.keys.object(key), versionstamp);
    unit.delete(this.#access.keys.object(key));
    const count = chunkCount(manifest);
    if (count > 0) this.#loose.mark(unit, manifest.version);
    // Where it is another by now, the one that was found is gone, as it was to be.
    if (await this.#access.submit(unit) !== undefined && count > 0) await this.#clean(manifest);
  }

  #unitOf(
    key: string,
    manifest: Manifest,
    found: FoundObject | undefined,
    { apart }: PlacementRules,
    upload: Upload | undefined,
  ): Unit {
    const { keys } = this.#access;
    const unit = new Unit();
    unit.guards.push(key);
    unit.check(keys.object(key), found?.versionstamp ?? null);
    if (upload !== undefined) {
      unit.checks.push(upload.condition);
      unit.delete(upload.condition.key);
    }
    if (!apart) {
      for (const folder of foldersOf(key).slice(0, FOLDERS_CHECKED)) {
        unit.share(folder);
        unit.check(keys.object(folder), null);
      }
    }
    unit.set(keys.object(key), manifest, manifestBytes(manifest));
    if (found !== undefined && chunkCount(found.manifest) > 0) this.#loose.mark(unit, found.manifest.version);
    return unit;
  }

  async #look(
    key: string,
    { onlyIfAbsent, apart }: PlacementRules,
    upload: Upload | undefined,
    version: string | undefined,
  ): Promise<Surroundings> {
    const { keys } = this.#access;
    const folders = apart ? [] : foldersOf(key);
    const [object, ...others] = await this.#access.read([
      keys.object(key),
      ...folders.map((folder) => keys.object(folder)),
      ...(upload === undefined ? [] : [upload.condition.key]),
    ]);
    const above = others.slice(0, folders.length);
    const found = object && foundObject(key, object);
    const isOwn = version !== undefined &&
      (found?.manifest.version === version || found?.manifest.replaced === version);
    if (!isOwn) {
      if (above.some(({ versionstamp }) => versionstamp !== null)) throw belowObject(key);
      if (onlyIfAbsent && found !== undefined) throw present(key);
      if (found === undefined && !apart && await this.#hasBelow(key)) throw aboveObjects(key);
    }
    return { found, isLoose: others[folders.length]?.versionstamp === upload?.condition.versionstamp };
  }

  /** Ends a put that took effect. */
  async #settle(placed: FoundObject, before: FoundObject | undefined, { apart }: PlacementRules): Promise<void> {
    if (before !== undefined) return await this.#clean(before.manifest);
    if (apart) return;
    // What could not be a condition: that nothing came below a new object, or took the place of a folder far up, between look and commit.
    const { key } = placed;
    if (await this.#hasBelow(key)) {
      await this.remove(placed);
      throw aboveObjects(key);
    }
    const farUp = foldersOf(key).slice(FOLDERS_CHECKED).map((folder) => this.#access.keys.object(folder));
    if ((await this.#access.read(farUp)).some(({ versionstamp }) => versionstamp !== null)) {
      await this.remove(placed);
      throw belowObject(key);
    }
  }

  /** Removes the chunks of an object that is no more. What can not be removed now is left over. */
  async #clean(manifest: Manifest): Promise<void> {
    const count = chunkCount(manifest);
    if (count > 0) await this.#loose.remove(manifest.version, count).catch(() => {});
  }

  async #hasBelow(key: string): Promise<boolean> {
    const below = this.#access.list(this.#access.keys.objects(`${key}/`), { limit: 1, batchSize: 1 });
    for await (const _ of below) return true;
    return false;
  }
}

/** The folders that a key lies in, the nearest first: those are the most likely to be anything else. */
function foldersOf(key: string): string[] {
  const folders: string[] = [];
  for (let at = key.lastIndexOf("/"); at !== -1; at = key.lastIndexOf("/", at - 1)) folders.push(key.slice(0, at));
  return folders;
}

function present(key: string): ConflictError {
  return new ConflictError(`There is an object ${JSON.stringify(key)} in the KV already.`);
}
