/**
 * The objects of a value that serializers keep in files of their own: pickled, brought back, removed.
 *
 * @module
 */
import {
  ConfigError,
  FusewireError,
  IntegrityError,
  NotFoundError,
  PermissionError,
  SerializationError,
  UnavailableError,
} from "../src/errors.ts";
import type { SerializerRegistry } from "./codec/serializers.ts";
import { inParallel } from "./in_parallel.ts";
import type { ObjectStore } from "./object_store/object_store.ts";
import { type Protocols, protocolsWith } from "./protocols.ts";
import type { ExternalValue, FileStamp, RecordFiles, RecordHeader } from "./result_record.ts";
import { isUnclaimed, newSaveName, taskFilesPrefix } from "./task_keys.ts";
import { damagedResult, type ResultPlace, ValueFiles } from "./value_files.ts";

/** How many objects of one value are pickled or brought back at once. */
const PARALLEL = 4;

/** Objects that were pickled for one save. */
export interface Pickled {
  /** Name of the folder of the save. */
  readonly save: string;
  /** The objects, in order. */
  readonly externals: readonly ExternalValue[];
  /** What the serializers need to find them again, in the same order. */
  readonly pids: readonly unknown[];
}

/** The header of a record that has files. */
export type WithFiles = RecordHeader & { readonly files: RecordFiles };

/** Whether a record has files. */
export function hasFiles(header: RecordHeader): header is WithFiles {
  return header.files !== undefined;
}

/** Pickles objects into files of a store, and back. */
export class ExternalValues {
  readonly #objects: ObjectStore;
  readonly #registry: SerializerRegistry;
  readonly #prefixOf: (place: ResultPlace) => string;
  /** Folders of saves that no record names yet. */
  readonly #pending = new Set<string>();

  /**
   * Takes a store and the serializers to ask.
   *
   * @param prefixOf What the keys of all files of a result begin with, ending in "/".
   */
  constructor(
    objects: ObjectStore,
    registry: SerializerRegistry,
    prefixOf: (place: ResultPlace) => string = ({ workflow, task }) => taskFilesPrefix(workflow, task),
  ) {
    this.#objects = objects;
    this.#registry = registry;
    this.#prefixOf = prefixOf;
  }

  /** Pickles objects. Nothing is left of them if one of them can not be pickled. */
  async pickle(place: ResultPlace, values: readonly object[]): Promise<Pickled> {
    const save = newSaveName();
    this.#pending.add(save);
    const externals: ExternalValue[] = new Array(values.length);
    const pids: unknown[] = new Array(values.length);
    try {
      await inParallel(values.entries(), PARALLEL, async ([i, value]) => {
        const folder = this.#folder(place, save, i);
        const files = new ValueFiles(this.#objects, folder, place);
        const protocols = protocolsWith(this.#objects, folder, files);
        const [serializer, pid] = await this.#pickleOne(value, protocols, place);
        externals[i] = { serializer, files: files.stamps };
        pids[i] = pid;
      });
    } catch (error) {
      await this.discard(place, save);
      throw error;
    }
    return { save, externals, pids };
  }

  /** Says that a record now names the files of a save. */
  settle(save: string): void {
    this.#pending.delete(save);
  }

  /** Removes the files of a save that no record will name. */
  async discard(place: ResultPlace, save: string): Promise<void> {
    try {
      await this.#objects.deletePrefix(`${this.#prefixOf(place)}${save}/`);
    } finally {
      this.#pending.delete(save);
    }
  }

  /** Brings back the objects of a record. */
  async unpickle({ files: { save, externals }, ...place }: WithFiles, pids: readonly unknown[]): Promise<unknown[]> {
    const values: unknown[] = new Array(externals.length);
    await inParallel(externals.entries(), PARALLEL, async ([i, { serializer: name, files }]) => {
      const serializer = this.#registry.findByName(name);
      if (serializer === undefined) throw unregistered(place, name);
      const protocols = this.#protocolsOf(place, save, i, files);
      try {
        values[i] = await serializer.unpickle(pids[i], protocols);
      } catch (error) {
        throw named(place, `the serializer ${JSON.stringify(name)} could not read an object of it back`, error);
      }
    });
    return values;
  }

  /** Removes the objects of a record, by their serializers where these are registered, and their files in any case. */
  async remove({ files: { save, externals }, ...place }: WithFiles, pids: readonly unknown[]): Promise<void> {
    try {
      await inParallel(externals.entries(), PARALLEL, async ([i, { serializer: name, files }]) => {
        const protocols = this.#protocolsOf(place, save, i, files);
        await this.#registry.findByName(name)?.remove(pids[i], protocols);
      });
    } finally {
      await this.#objects.deletePrefix(`${this.#prefixOf(place)}${save}/`);
    }
  }

  /**
   * Removes the files of a task that belong to no record: what a crash, or another process, left behind.
   *
   * @param keep Name of the save that the task's record names; without a record, every save but those under way here goes.
   */
  async sweep(place: ResultPlace, keep: string | undefined): Promise<void> {
    const prefix = this.#prefixOf(place);
    const left: string[] = [];
    for await (const { key } of this.#objects.list(prefix)) {
      const save = key.slice(prefix.length, key.indexOf("/", prefix.length));
      if (save === keep || this.#pending.has(save)) continue;
      if (keep === undefined || isUnclaimed(save)) left.push(key);
    }
    if (left.length > 0) await this.#objects.deleteMany(left);
  }

  /** Compares every file of a record with its SHA-256; gives the first that differs, as the end of a sentence. */
  async damageIn({ files: { save, externals }, ...place }: WithFiles): Promise<string | undefined> {
    const { newSha256 } = await import("./digest.ts");
    for (const [i, { files }] of externals.entries()) {
      for (const { name, size, sha256 } of files) {
        const hash = newSha256();
        let length = 0;
        try {
          for await (const chunk of await this.#objects.stream(this.#folder(place, save, i) + name)) {
            hash.update(chunk);
            length += chunk.length;
          }
        } catch (error) {
          if (!(error instanceof NotFoundError)) throw error;
          return `its file ${JSON.stringify(name)} is missing`;
        }
        if (length !== size) return `its file ${JSON.stringify(name)} has ${length} bytes instead of ${size}`;
        if (hash.digest("hex") !== sha256) return `its file ${JSON.stringify(name)} does not agree with its SHA-256`;
      }
    }
    return undefined;
  }

  async #pickleOne(value: object, protocols: Protocols, place: ResultPlace): Promise<[name: string, pid: unknown]> {
    const serializer = this.#registry.findByValue(value);
    const shown = JSON.stringify(serializer?.name ?? "");
    let answer: readonly unknown[] | undefined;
    try {
      answer = await serializer?.pickle(value, protocols);
    } catch (error) {
      throw named(place, `the serializer ${shown} could not keep an object of it`, error);
    }
    const [name, pid] = Array.isArray(answer) ? answer : [];
    if (typeof name !== "string" || this.#registry.findByName(name) === undefined) {
      const what = `the serializer ${shown} has to give [name, pid] with the name of a registered ` +
        `serializer, and gave ${typeof name === "string" ? `the name ${JSON.stringify(name)}` : "something else"}`;
      throw failed(place, what);
    }
    return [name, pid];
  }

  #protocolsOf(place: ResultPlace, save: string, i: number, files: readonly FileStamp[]): Protocols {
    const folder = this.#folder(place, save, i);
    return protocolsWith(this.#objects, folder, new ValueFiles(this.#objects, folder, place, files));
  }

  #folder(place: ResultPlace, save: string, i: number): string {
    return `${this.#prefixOf(place)}${save}/${i}/`;
  }
}

/** The error of a serializer, with the names of the result if it has none. */
function named(place: ResultPlace, problem: string, error: unknown): unknown {
  if (error instanceof FusewireError && error.node !== undefined) return error;
  if (error instanceof IntegrityError) return damagedResult(place, error.message.replace(/\.$/, ""), error);
  // A full disk, or a bucket that can not be reached, stays what it is.
  if (error instanceof ConfigError || error instanceof PermissionError || error instanceof UnavailableError) {
    return error;
  }
  return failed(place, problem, error);
}

function unregistered(place: ResultPlace, name: string): SerializationError {
  return failed(
    place,
    `it needs the serializer ${JSON.stringify(name)}, which is not registered; ` +
      "give it to storage.registerPersistentSerializers(), or to openRuntime() in `serializers`, first",
  );
}

function failed({ workflow, task }: ResultPlace, problem: string, cause?: unknown): SerializationError {
  const detail = cause instanceof Error ? ` (${cause.message.replace(/\.$/, "")})` : "";
  return new SerializationError(
    `The result of task ${JSON.stringify(task)} of workflow ${JSON.stringify(workflow)}: ${problem}${detail}.`,
    { workflow, node: task, ...(cause === undefined ? {} : { cause }) },
  );
}
