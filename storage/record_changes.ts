import { type ExternalValues, hasFiles } from "./external_values.ts";
import { KeyLocks } from "./key_locks.ts";
import type { ObjectStore } from "./object_store/object_store.ts";
import type { WriteOptions } from "./prepared_result.ts";
import { readStoredHeader, type StoredHeader } from "./records.ts";
import { filesPrefix, recordKey, resultsPrefix, workflowPrefix } from "./task_keys.ts";
import type { ResultPlace } from "./value_files.ts";

/**
 * Writes and removes records, and with each the files of the record that was there before.
 *
 * A record is in place before the files of the one before it go, and its own files are there before it is. So whoever reads finds a whole
 * result, and a crash leaves at most files that no record names: those go with the next save of the task that has files, or its removal.
 */
export class RecordChanges {
  readonly #objects: ObjectStore;
  readonly #externals: ExternalValues;
  readonly #locks = new KeyLocks();
  /** By workflow: whether there are, or may be, files of serializers. */
  readonly #hasFiles = new Map<string, Promise<boolean> | true>();

  /** Takes the store of the records, and of their files. */
  constructor(objects: ObjectStore, externals: ExternalValues) {
    this.#objects = objects;
    this.#externals = externals;
  }

  /** Says that there will be files. */
  expectFiles(workflow: string): void {
    this.#hasFiles.set(workflow, true);
  }

  /** Writes a record. If it fails, the one before is still there. */
  async write(
    place: ResultPlace,
    record: Uint8Array,
    save: string | undefined,
    { syncLater = false }: WriteOptions,
  ): Promise<void> {
    const key = recordKey(place.workflow, place.task);
    const mayHaveFiles = await this.#mayHaveFiles(place.workflow);
    await this.#locks.run(key, async () => {
      const before = mayHaveFiles ? await readStoredHeader(this.#objects, key, place) : undefined;
      // The files of the record before do not go before this one is there to stay.
      await this.#objects.put(key, record, {
        syncLater: syncLater && before?.header.files === undefined,
        // A record is never a folder, nor below one.
        apart: true,
      });
      try {
        await this.#removeFiles(before);
        if (save !== undefined) await this.#externals.sweep(place, save);
      } catch {
        // The result is stored; what is left of the one before it is swept later.
      }
    });
  }

  /** Removes a record and all files of its task. */
  async remove(place: ResultPlace): Promise<void> {
    const key = recordKey(place.workflow, place.task);
    const mayHaveFiles = await this.#mayHaveFiles(place.workflow);
    await this.#locks.run(key, async () => {
      const before = mayHaveFiles ? await readStoredHeader(this.#objects, key, place) : undefined;
      await this.#objects.delete(key);
      await this.#removeFiles(before);
      if (mayHaveFiles) await this.#externals.sweep(place, undefined);
    });
  }

  /** Removes all records and files of a workflow. */
  async removeWorkflow(workflow: string): Promise<void> {
    if (await this.#mayHaveFiles(workflow)) {
      for await (const { key } of this.#objects.list(resultsPrefix(workflow))) {
        const stored = await readStoredHeader(this.#objects, key, { workflow, task: undefined });
        await this.#removeFiles(stored);
      }
    }
    await this.#objects.deletePrefix(workflowPrefix(workflow));
  }

  async #removeFiles(stored: StoredHeader | undefined): Promise<void> {
    if (stored !== undefined && hasFiles(stored.header)) await this.#externals.remove(stored.header, stored.pids);
  }

  /** Asked of the store once a workflow: to look for the files of each task would slow down every small save. */
  #mayHaveFiles(workflow: string): Promise<boolean> | true {
    let answer = this.#hasFiles.get(workflow);
    if (answer === undefined) {
      answer = this.#hasAny(filesPrefix(workflow));
      answer.catch(() => this.#hasFiles.delete(workflow));
      this.#hasFiles.set(workflow, answer);
    }
    return answer;
  }

  async #hasAny(prefix: string): Promise<boolean> {
    for await (const _ of this.#objects.list(prefix)) return true;
    return false;
  }
}
