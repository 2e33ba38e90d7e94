/**
 * Saving an artifact: the record first, then what commits it, then what was there before goes.
 *
 * One put commits an artifact of one file: that of the file, which carries the id of its record. One put commits a folder: that of its
 * `metadata.json`. Where a path changes from one form to the other, no single put can do it, because no store lets an object be a folder
 * too; then the file is moved away for a while to where readers look last (`movedKey`), and the one step between old and new is the removal
 * of `metadata.json`, or the put of it.
 *
 * @module
 */
import type { Clock } from "../../src/clock.ts";
import { InvalidKeyError } from "../../src/errors.ts";
import type { ObjectStore } from "../object_store/object_store.ts";
import type { ArtifactOrigin, Facts } from "./entry.ts";
import { type Before, lookBefore, sweepRecords, sweepVersions } from "./before.ts";
import { metadataKey, movedKey, newSaveId, recordKey, versionPrefix, versionsPrefix } from "./layout.ts";
import { orNothing, pointerOf, pointerTo, readFolder } from "./locate.ts";
import { type Prepared, type PreparedFile, type PreparedFolder, prepareFile } from "./prepare.ts";
import { FolderFiles } from "./folder_files.ts";
import { completed } from "./materializer.ts";
import { namedFailure } from "./save_failure.ts";
import { type ArtifactRecord, formatRecord, type StoredParent, summaryOf } from "./record.ts";

/** What to save. */
export interface SaveRequest {
  /** Where. */
  readonly path: string;
  /** What, and how. */
  readonly prepared: Prepared;
  /** Whether `materialize` asks for it. */
  readonly materialized: boolean;
  /** What to save with it. */
  readonly metadata: Facts | null;
  /** Where it was made. */
  readonly origin: ArtifactOrigin;
  /** What it was made of. */
  readonly parents: readonly StoredParent[];
}

/** Saves one artifact. Nobody else in this process may be at work on the path. */
export async function saveArtifact(objects: ObjectStore, clock: Clock, request: SaveRequest): Promise<void> {
  const before = await lookBefore(objects, request.path);
  const saving = new Saving(objects, clock, request, before);
  if (request.prepared.form === "file") await saving.saveFile(request.prepared);
  else await saving.saveFolder(request.prepared);
}

class Saving {
  readonly #objects: ObjectStore;
  readonly #clock: Clock;
  readonly #request: SaveRequest;
  readonly #before: Before;
  readonly #path: string;
  readonly #id: string;

  constructor(objects: ObjectStore, clock: Clock, request: SaveRequest, before: Before) {
    this.#objects = objects;
    this.#clock = clock;
    this.#request = request;
    this.#before = before;
    this.#path = request.path;
    this.#id = newSaveId(clock);
  }

  async saveFile(prepared: PreparedFile): Promise<void> {
    const before = this.#before;
    if (before.hasArtifactsBelow) throw this.#isFolder();
    const { file, content, body } = await this.#materialize(() => prepareFile(prepared));
    const { type, format, statistics, contentType } = file;
    const about = { form: "file", type, format, statistics, serializer: prepared.name } as const;
    const record = this.#record({ ...about, ...(content === undefined ? {} : { content }) });
    const options = { contentType, metadata: pointerTo(this.#id) };
    const measured = await this.#commit(record, () => this.#fileIsThere(), async () => {
      if (before.folder !== undefined) {
        const put = await this.#objects.put(movedKey(this.#path), body, { ...options, apart: true });
        await this.#objects.delete(metadataKey(this.#path));
        return put;
      }
      if (before.hasVersions) await this.#objects.deletePrefix(versionsPrefix(this.#path));
      return await this.#objects.put(this.#path, body, options);
    });
    await this.#afterwards(async () => {
      // A stream that is too large to be looked at first has its SHA-256 noted now.
      if (content === undefined && measured !== undefined) {
        const { size, sha256 } = measured;
        await this.#putRecord({ ...record, content: { size, sha256 } });
      }
      if (before.folder !== undefined) {
        await this.#objects.deletePrefix(versionsPrefix(this.#path));
        await this.#objects.copy(movedKey(this.#path), this.#path);
      }
      if (before.folder !== undefined || before.moved !== undefined) await this.#objects.delete(movedKey(this.#path));
    });
  }

  async saveFolder({ materializer, value }: PreparedFolder): Promise<void> {
    const { file } = this.#before;
    if (file !== undefined) await this.#moveAway();
    const files = new FolderFiles(this.#objects, this.#path, this.#id);
    let record: ArtifactRecord | undefined;
    try {
      const said = completed(await this.#materialize(() => materializer.save(value, files)), value, materializer.name);
      await files.keepPlace();
      const summary = summaryOf(files.files);
      record = this.#record({ form: "folder", ...said, serializer: materializer.name, content: summary.content });
      const metadata = formatRecord(record, summary.files);
      await this.#commit(record, () => this.#folderIsThere(), async () => {
        await this.#objects.sync();
        await this.#objects.put(metadataKey(this.#path), metadata, { apart: true });
      });
    } catch (error) {
      if (!(error instanceof Uncertain)) await this.#afterwards(() => this.#undoFolder(), false);
      throw error instanceof Uncertain ? error.cause : error;
    }
    await this.#afterwards(async () => {
      if (file !== undefined || this.#before.moved !== undefined) await this.#objects.delete(movedKey(this.#path));
      await sweepVersions(this.#objects, this.#path, this.#id, this.#before.folder?.id, this.#clock.now());
    });
  }

  /**
   * Writes the record, then does what commits it. If that fails, it is looked up whether it took effect nevertheless, as it does where only
   * the answer was lost: then it counts as done. Where this can not be found out, the record stays, because the artifact may need it.
   */
  async #commit<T>(
    record: ArtifactRecord,
    isThere: () => Promise<boolean>,
    write: () => Promise<T>,
  ): Promise<T | undefined> {
    try {
      await this.#putRecord(record);
    } catch (error) {
      await this.#afterwards(() => this.#objects.delete(recordKey(this.#path, this.#id)), false);
      throw error;
    }
    try {
      return await write();
    } catch (error) {
      let isDone: boolean;
      try {
        isDone = await isThere();
      } catch {
        throw record.form === "folder" ? new Uncertain(error) : error;
      }
      if (isDone) return undefined;
      await this.#afterwards(async () => {
        if (record.form === "file" && this.#before.folder !== undefined) {
          await this.#objects.delete(movedKey(this.#path));
        }
        await this.#objects.delete(recordKey(this.#path, this.#id));
      }, false);
      throw error;
    }
  }

  /** Whether the file that this save writes is what a reader finds. Throws if that can not be told. */
  async #fileIsThere(): Promise<boolean> {
    if (this.#before.folder !== undefined) return await this.#objects.head(metadataKey(this.#path)) === undefined;
    const info = await this.#objects.head(this.#path);
    const id = pointerOf(info);
    if (info !== undefined && id === undefined) throw new Error("The object has no metadata that would tell.");
    return id === this.#id;
  }

  async #folderIsThere(): Promise<boolean> {
    return (await readFolder(this.#objects, this.#path))?.id === this.#id;
  }

  /** Moves the file of the path to where readers look last, so that the path can become a folder. */
  async #moveAway(): Promise<void> {
    try {
      await this.#objects.copy(this.#path, movedKey(this.#path));
      await this.#objects.delete(this.#path);
    } catch (error) {
      await this.#afterwards(() => this.#moveBack(), false);
      throw error;
    }
  }

  async #moveBack(): Promise<void> {
    const isGone = await this.#objects.head(this.#path) === undefined;
    if (isGone) await orNothing(() => this.#objects.copy(movedKey(this.#path), this.#path));
    await this.#objects.delete(movedKey(this.#path));
  }

  async #undoFolder(): Promise<void> {
    await this.#objects.deletePrefix(versionPrefix(this.#path, this.#id));
    if (this.#before.file !== undefined) await this.#moveBack();
  }

  /** Removes what belongs to nobody any more. Whatever happens, the artifact is stored, or is not; the next save or removal tidies up. */
  async #afterwards(work: () => Promise<void>, isStored = true): Promise<void> {
    try {
      await work();
      if (isStored) {
        await sweepRecords(this.#objects, this.#path, this.#before, this.#id, this.#clock.now());
      }
    } catch {
      // What is left is never seen by a reader.
    }
  }

  /** A record has no content type: a store of files would keep it in one more file, which takes five times as long. */
  async #putRecord(record: ArtifactRecord): Promise<void> {
    await this.#objects.put(recordKey(this.#path, this.#id), formatRecord(record), { apart: true });
  }

  #record(
    about: Pick<ArtifactRecord, "form" | "type" | "format" | "statistics" | "serializer" | "content">,
  ): ArtifactRecord {
    const { path, materialized, metadata, origin, parents } = this.#request;
    return { id: this.#id, path, materialized, createdAt: this.#clock.now(), parents, metadata, ...origin, ...about };
  }

  async #materialize<T>(save: () => Promise<T>): Promise<T> {
    try {
      return await save();
    } catch (error) {
      throw namedFailure(this.#path, error);
    }
  }

  #isFolder(): InvalidKeyError {
    return new InvalidKeyError(
      `The path ${
        JSON.stringify(this.#path)
      } is refused: there are artifacts below it, and a file can not be a folder too.`,
    );
  }
}

/** That nobody knows whether a save took effect. */
class Uncertain extends Error {
  constructor(cause: unknown) {
    super("It can not be told whether the save took effect.", { cause });
  }
}
