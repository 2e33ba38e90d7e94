/**
 * Looks at stored results without decoding them.
 *
 * @module
 */
import type { ExternalValues } from "./external_values.ts";
import { decodeName, isShortened } from "./names.ts";
import type { ObjectStore } from "./object_store/object_store.ts";
import { foreignTo, HEADER_READ, readHead } from "./records.ts";
import { certainDamageOf, damageOf, type RecordHead } from "./result_record.ts";
import { StoredEntry } from "./stored_entry.ts";
import { recordKey, resultsPrefix } from "./task_keys.ts";

/** How much of small records one look keeps for the loads that follow, in bytes. */
const KEPT_BYTES = 64 * 1024 * 1024;

/** One look at the results of a store. */
export class Inspection {
  readonly #objects: ObjectStore;
  readonly #externals: ExternalValues;
  readonly #verify: boolean;
  #kept = 0;

  /** @param verify Whether to read everything and compare it with its SHA-256. */
  constructor(objects: ObjectStore, externals: ExternalValues, verify: boolean) {
    this.#objects = objects;
    this.#externals = externals;
    this.#verify = verify;
  }

  /** All results of a workflow, by name, in the order of their keys. */
  async workflow(workflow: string): Promise<Map<string, StoredEntry>> {
    const prefix = resultsPrefix(workflow);
    const entries = new Map<string, StoredEntry>();
    for await (const { key, size, head } of this.#objects.list(prefix, { headBytes: HEADER_READ })) {
      const segment = key.slice(prefix.length);
      const name = decodeName(segment);
      // The name of a shortened one is in its record. What no name is encoded as is not ours.
      if (name === undefined && !isShortened(segment)) continue;
      const entry = await this.#entry(workflow, name, key, size ?? 0, head);
      entries.set(entry.name, entry);
    }
    return entries;
  }

  /** One result; `undefined` if it is not stored. */
  async task(workflow: string, task: string): Promise<StoredEntry | undefined> {
    const key = recordKey(workflow, task);
    const info = await this.#objects.head(key);
    if (info === undefined) return undefined;
    const beginning = await this.#objects.get(key, { end: HEADER_READ });
    return await this.#entry(workflow, task, key, info.size, beginning);
  }

  async #entry(
    workflow: string,
    task: string | undefined,
    key: string,
    size: number,
    beginning: Uint8Array | undefined,
  ): Promise<StoredEntry> {
    const head = await readHead(this.#objects, key, size, beginning);
    // A shortened name that can not be read stands for itself: nobody will ask for it by that name.
    if ("damaged" in head) return new StoredEntry(task ?? key.slice(key.lastIndexOf("/") + 1), size, head);
    const place = { workflow, task: task ?? head.header.task };
    const bytes = beginning?.length === size ? beginning : undefined;
    const damage = foreignTo(place, head.header) ?? (bytes === undefined ? undefined : damageOf(bytes, head)) ??
      (this.#verify ? await this.#damage(key, head) : undefined);
    if (damage !== undefined) return new StoredEntry(place.task, size, damage);
    return new StoredEntry(place.task, size, { head, bytes: this.#keep(bytes) });
  }

  async #damage(key: string, head: RecordHead): Promise<{ readonly damaged: string } | undefined> {
    const damage = certainDamageOf(await this.#objects.get(key), head);
    if (damage !== undefined) return damage;
    const damaged = await this.#externals.damageIn(head.header);
    return damaged === undefined ? undefined : { damaged };
  }

  #keep(bytes: Uint8Array | undefined): Uint8Array | undefined {
    if (bytes === undefined || this.#kept + bytes.length > KEPT_BYTES) return undefined;
    this.#kept += bytes.length;
    return bytes;
  }
}
