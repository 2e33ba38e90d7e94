/**
 * Looks at stored results without decoding them.
 *
 * @module
 */
import { type ExternalValues, hasFiles } from "./external_values.ts";
import { decodeName, isShortened } from "./names.ts";
import type { ObjectStore } from "./object_store/object_store.ts";
import { type ExpectedPlace, foreignTo, HEADER_READ, readHead } from "./records.ts";
import { certainDamageOf, type Damage, damageOf, parseHead, type RecordHead } from "./result_record.ts";
import { StoredEntry } from "./stored_entry.ts";
import { recordKey, resultsPrefix } from "./task_keys.ts";

const NOTHING = new Uint8Array();
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
    for await (const page of this.#objects.pages(prefix, { headBytes: HEADER_READ })) {
      for (const { key, size = 0, head = NOTHING } of page) {
        const segment = key.slice(prefix.length);
        const task = decodeName(segment);
        // The name of a shortened one is in its record. What no name is encoded as is not ours.
        if (task === undefined && !isShortened(segment)) continue;
        const looking = this.#look({ workflow, task }, key, size, head);
        // Nearly all are whole in what was read: a promise for each would cost as much as all the rest.
        const entry = looking instanceof Promise ? await looking : looking;
        entries.set(entry.name, entry);
      }
    }
    return entries;
  }

  /** One result; `undefined` if it is not stored. */
  async task(workflow: string, task: string): Promise<StoredEntry | undefined> {
    const key = recordKey(workflow, task);
    const info = await this.#objects.head(key);
    if (info === undefined) return undefined;
    const beginning = await this.#objects.get(key, { end: HEADER_READ });
    return await this.#look({ workflow, task }, key, info.size, beginning);
  }

  #look(place: ExpectedPlace, key: string, size: number, beginning: Uint8Array): StoredEntry | Promise<StoredEntry> {
    const head = parseHead(beginning, size, place);
    if ("need" in head || this.#verify) return this.#lookCloser(place, key, size, beginning);
    return this.#entry(place, key, size, head, beginning);
  }

  async #lookCloser(place: ExpectedPlace, key: string, size: number, beginning: Uint8Array): Promise<StoredEntry> {
    const head = await readHead(this.#objects, key, place, size, beginning);
    const entry = this.#entry(place, key, size, head, beginning);
    if (!this.#verify || "damaged" in head || entry.damaged !== undefined) return entry;
    const damage = certainDamageOf(await this.#objects.get(key), head);
    const damaged = damage?.damaged ??
      (hasFiles(head.header) ? await this.#externals.damageIn(head.header) : undefined);
    return damaged === undefined ? entry : new StoredEntry(entry.name, size, { damaged });
  }

  #entry(
    { workflow, task }: ExpectedPlace,
    key: string,
    size: number,
    head: RecordHead | Damage,
    beginning: Uint8Array,
  ): StoredEntry {
    // A shortened name that can not be read stands for itself: nobody will ask for it by that name.
    if ("damaged" in head) return new StoredEntry(task ?? key.slice(key.lastIndexOf("/") + 1), size, head);
    const name = task ?? head.header.task;
    const bytes = beginning.length === size ? beginning : undefined;
    const damage = foreignTo({ workflow, task: name }, head.header) ??
      (bytes === undefined ? undefined : damageOf(bytes, head));
    return new StoredEntry(name, size, damage ?? { head, bytes: this.#keep(bytes) });
  }

  #keep(bytes: Uint8Array | undefined): Uint8Array | undefined {
    if (bytes === undefined || this.#kept + bytes.length > KEPT_BYTES) return undefined;
    this.#kept += bytes.length;
    return bytes;
  }
}
