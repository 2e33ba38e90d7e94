import { ChunkedArraySerializer } from "./codec/chunked_array_serializer.ts";
import type { External } from "./codec/external.ts";
import { type Serializer, SerializerRegistry } from "./codec/serializers.ts";
import { TypedArraySerializer } from "./codec/typed_array_serializer.ts";
import { ExternalValues, hasFiles } from "./external_values.ts";
import { Inspection } from "./inspection.ts";
import { compareKeys } from "./keys.ts";
import { decodeName, isShortened } from "./names.ts";
import type { ObjectStore } from "./object_store/object_store.ts";
import { compilePattern } from "./pattern.ts";
import { PreparedResult, type WriteOptions } from "./prepared_result.ts";
import { FolderEntry, type Protocols, protocolsWith } from "./protocols.ts";
import { RecordChanges } from "./record_changes.ts";
import { missingResult, readRecord, readStoredHeader } from "./records.ts";
import { buildRecord, type RecordHeader } from "./result_record.ts";
import { decodePids, decodeValue, encodePids, encodeValue, inspectValue } from "./result_value.ts";
import { StoredEntry } from "./stored_entry.ts";
import { filesPrefix, recordKey, resultsPrefix } from "./task_keys.ts";
import type { ResultPlace } from "./value_files.ts";

export { PreparedResult, type WriteOptions } from "./prepared_result.ts";
export { StoredEntry } from "./stored_entry.ts";

/** Which tasks to remove: one by name, or all that match a pattern. */
export type TaskSelection =
  | {
    /** The name of a task that is stored. */
    readonly taskName: string;
  }
  | {
    /** A glob or a `RegExp` for the whole name. */
    readonly pattern: string | RegExp;
  };

/** How closely to look at stored results. */
export interface InspectOptions {
  /**
   * Whether to read everything, the files of serializers included, and compare it with its SHA-256.
   *
   * @default {false}
   */
  readonly verify?: boolean;
}

/** A stored value, and what was stored with it. */
export interface LoadedResult {
  /** The value. */
  readonly value: unknown;
  /** What was given to `prepare` beside it. */
  readonly meta: Readonly<Record<string, unknown>>;
}

/** How many results are removed at once. */
const REMOVERS = 16;

/**
 * Results of tasks by workflow and task name, over any object store.
 *
 * A name is 1 to 255 UTF-8 bytes without control characters; whatever else is in it, it is kept and listed unchanged on every store.
 * Any other name is an `InvalidKeyError`.
 *
 * @example Keep and read results
 * ```ts
 * import { MemoryStorage } from "@fusewire/fusewire";
 *
 * const storage = new MemoryStorage();
 * await storage.save("etl", "load/1", { rows: [1, 2, 3] });
 * await storage.readTask("etl", "load/1"); // { rows: [1, 2, 3] }
 * await storage.listTasks("etl", "load*"); // ["load/1"]
 * await storage.removeTask("etl", { taskName: "load/1" });
 * ```
 */
export class TaskStorage {
  /**
   * Whether a workflow gives readers of a result the value as read back from the store instead of the one that was returned.
   *
   * @default {false}
   */
  alwaysRead = false;
  /** Where the bytes are. */
  readonly objects: ObjectStore;
  readonly #registry = new SerializerRegistry();
  readonly #externals: ExternalValues;
  readonly #changes: RecordChanges;

  /** Takes the object store to keep results in. */
  constructor(objects: ObjectStore) {
    this.objects = objects;
    this.#registry.register(new TypedArraySerializer(), new ChunkedArraySerializer());
    this.#externals = new ExternalValues(objects, this.#registry);
    this.#changes = new RecordChanges(objects, this.#externals);
  }

  /** Adds serializers, which are found by the exact class of an object at any depth of a value. */
  registerPersistentSerializers(...serializers: Serializer[]): void {
    this.#registry.register(...serializers);
  }

  /** Where the files of a workflow are, as serializers see it. */
  protocols(workflow: string): Protocols {
    const folder = filesPrefix(workflow);
    return protocolsWith(this.objects, folder, new FolderEntry(this.objects, folder));
  }

  /**
   * Makes ready for a workflow: refuses a name that can not be one, and a store that can not be read. Results that are there stay.
   *
   * @throws {InvalidKeyError} If the name can not be one.
   * @throws {ConfigError} If the store can not be used.
   */
  async newWorkflow(workflow: string): Promise<void> {
    await this.objects.head(recordKey(workflow, "-"));
  }

  /**
   * Stores a value in place of the one before. It is durable when the promise resolves; if it is rejected, nothing has changed.
   *
   * @throws {SerializationError} If a part of the value can not be kept; the message has its path.
   * @throws {ConfigError} If the store is full or denies access.
   */
  async save(workflow: string, task: string, value: unknown): Promise<void> {
    const prepared = await this.prepare(workflow, task, value);
    await prepared.write();
  }

  /**
   * Encodes a value, to be written later. Without objects for serializers it does so before it returns; with some it also writes their
   * files. What is done to the value from then on is not stored.
   *
   * @param meta Plain JSON data to be stored with the value, for `load` and `inspect`.
   * @throws {SerializationError} If a part of the value can not be kept; the message has its path, and nothing is left behind.
   */
  prepare(
    workflow: string,
    task: string,
    value: unknown,
    meta: Readonly<Record<string, unknown>> = {},
  ): PreparedResult | Promise<PreparedResult> {
    recordKey(workflow, task);
    const place = { workflow, task };
    const { objects, chunks } = inspectValue(place, value, this.#registry);
    if (objects.length > 0) return this.#prepareWithFiles(place, meta, value, objects);
    const record = buildRecord({ ...place, meta }, [], chunks);
    return new PreparedResult(
      record.length,
      this.objects,
      (options) => this.#changes.write(place, record, undefined, options),
      () => Promise.resolve(),
    );
  }

  /**
   * Reads a stored value.
   *
   * @throws {NotFoundError} If the task is not stored.
   * @throws {IntegrityError} If what is stored is damaged.
   * @throws {SerializationError} If it needs a serializer that is not registered; the message names it.
   */
  async readTask(workflow: string, task: string): Promise<unknown> {
    return (await this.load(workflow, task)).value;
  }

  /**
   * Reads a stored value, and what was stored with it. Throws like `readTask`.
   *
   * @param entry What `inspect` told of it. If that read all of the record, as it does with small ones, it is not read again.
   */
  async load(workflow: string, task: string, entry?: StoredEntry): Promise<LoadedResult> {
    const place = { workflow, task };
    const known = entry?.name === task ? StoredEntry.recordOf(entry) : undefined;
    const { bytes, head } = known ?? await readRecord(this.objects, recordKey(workflow, task), place);
    const { header, pidsAt, bodyAt, bodyEnd } = head;
    let values: readonly unknown[] = [];
    if (hasFiles(header)) {
      values = await this.#externals.unpickle(header, decodePids(place, bytes.subarray(pidsAt, bodyAt)));
    }
    return { value: decodeValue(place, bytes.subarray(bodyAt, bodyEnd), values), meta: header.meta };
  }

  /** Whether something is stored for a task, damaged or not. */
  async fileExists(workflow: string, task: string): Promise<boolean> {
    return await this.objects.head(recordKey(workflow, task)) !== undefined;
  }

  /**
   * Names of the stored tasks of a workflow, sorted by their UTF-8 bytes; none for an unknown workflow.
   *
   * @param pattern A glob or a `RegExp` for the whole name.
   * @throws {ConfigError} If the pattern can not be one.
   */
  async listTasks(workflow: string, pattern: string | RegExp = "*"): Promise<string[]> {
    const matches = compilePattern(pattern);
    const prefix = resultsPrefix(workflow);
    const names: string[] = [];
    for await (const { key } of this.objects.list(prefix)) {
      const segment = key.slice(prefix.length);
      const name = isShortened(segment) ? await this.#readName(workflow, key) : decodeName(segment);
      if (name !== undefined && matches(name)) names.push(name);
    }
    return names.sort(compareKeys);
  }

  /**
   * Removes stored results, with the files of serializers.
   *
   * @throws {NotFoundError} If the task that was named is not stored. A pattern that matches none is no error.
   */
  async removeTask(workflow: string, selection: TaskSelection): Promise<void> {
    if ("taskName" in selection) {
      const { taskName } = selection;
      if (!await this.fileExists(workflow, taskName)) throw missingResult({ workflow, task: taskName });
      return await this.#changes.remove({ workflow, task: taskName });
    }
    const tasks = await this.listTasks(workflow, selection.pattern);
    for (let at = 0; at < tasks.length; at += REMOVERS) {
      await Promise.all(tasks.slice(at, at + REMOVERS).map((task) => this.#changes.remove({ workflow, task })));
    }
  }

  /** Removes all that is stored of a workflow. An unknown workflow is no error. */
  async removeWorkflow(workflow: string): Promise<void> {
    await this.#changes.removeWorkflow(workflow);
  }

  /**
   * Looks at all results of a workflow without decoding one: whether the record is there, has its length and a sound header.
   *
   * @returns By the name of the task, in the order of keys.
   */
  async inspect(workflow: string, options: InspectOptions = {}): Promise<Map<string, StoredEntry>> {
    return await this.#inspection(options).workflow(workflow);
  }

  /** Looks at one result like `inspect`; `undefined` if the task is not stored. */
  async inspectTask(workflow: string, task: string, options: InspectOptions = {}): Promise<StoredEntry | undefined> {
    return await this.#inspection(options).task(workflow, task);
  }

  async #prepareWithFiles(
    place: ResultPlace,
    meta: RecordHeader["meta"],
    value: unknown,
    objects: readonly object[],
  ): Promise<PreparedResult> {
    this.#changes.expectFiles(place.workflow);
    const { save, externals, pids } = await this.#externals.pickle(place, objects);
    const discard = (): Promise<void> => this.#externals.discard(place, save);
    try {
      const places = objects.map((object, pid): [object, External] => {
        return [object, { serializer: externals[pid]?.serializer ?? "", pid }];
      });
      const body = encodeValue(place, value, new Map(places));
      const record = buildRecord({ ...place, meta, files: { save, externals } }, encodePids(place, pids), body);
      const write = async (options: WriteOptions): Promise<void> => {
        await this.#changes.write(place, record, save, options);
        this.#externals.settle(save);
      };
      return new PreparedResult(record.length, this.objects, write, discard);
    } catch (error) {
      await discard();
      throw error;
    }
  }

  /** The name that a record with a shortened key has; `undefined` if it can not be read. */
  async #readName(workflow: string, key: string): Promise<string | undefined> {
    return (await readStoredHeader(this.objects, key, { workflow, task: undefined }))?.header.task;
  }

  #inspection({ verify = false }: InspectOptions): Inspection {
    return new Inspection(this.objects, this.#externals, verify);
  }
}
