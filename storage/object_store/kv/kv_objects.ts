/**
 * The verbs of a KV object store; keys and options have been checked.
 *
 * @module
 */
import { ConflictError, IntegrityError, NotFoundError } from "../../../src/errors.ts";
import { sha256Hex } from "../../digest.ts";
import { joined, piecesOf } from "../body.ts";
import { streamOf } from "../object_stream.ts";
import type { ByteRange, ListedObject, ObjectBody, ObjectInfo, PutResult } from "../object_store.ts";
import type { Description } from "../put_options.ts";
import { withinSize } from "../range.ts";
import { KvAccess, type KvPlace } from "./access.ts";
import { LooseChunks } from "./loose_chunks.ts";
import { type FoundObject, foundObject, infoOf, INLINE_BYTES, type Manifest } from "./manifest.ts";
import { Placement, type PlacementRules } from "./placement.ts";
import { KvReader, readBytes } from "./reading.ts";
import { Upload } from "./upload.ts";

/** How often a read begins again because the object was replaced meanwhile. */
const MOST_READS = 100;
/** How many objects are listed at a time, with the bytes of small ones. */
const PAGE = 100;
/** How many objects are removed at once. */
const REMOVED_AT_ONCE = 100;
/** How many beginnings of large objects are read at once. */
const HEADS_AT_ONCE = 8;

/** The objects of one store. */
export class KvObjects {
  readonly #access: KvAccess;
  readonly #loose: LooseChunks;
  readonly #placement: Placement;
  readonly #mark: string;
  #puts = 0;

  /** Begins nothing. */
  constructor(options: KvPlace) {
    this.#access = new KvAccess(options);
    this.#loose = new LooseChunks(this.#access);
    this.#placement = new Placement(this.#access, this.#loose);
    this.#mark = options.clock.newId();
  }

  /** What is known of an object; `undefined` if there is none. */
  async head(key: string): Promise<ObjectInfo | undefined> {
    const found = await this.#placement.find(key);
    return found && infoOf(found);
  }

  /** Reads an object, or a part of it. */
  async get(key: string, range: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
    let before: FoundObject | undefined;
    for (let reads = 1;; reads++) {
      const found = await this.#existing(key);
      const { start, end } = withinSize(range, found.manifest.size);
      const bytes = new Uint8Array(end - start);
      if (await readBytes(this.#access, found.manifest, bytes, start)) return bytes;
      if (before?.versionstamp === found.versionstamp) throw damaged(key);
      if (reads === MOST_READS) throw changing(key);
      before = found;
    }
  }

  /** Opens an object. */
  async open(key: string): Promise<KvReader> {
    return new KvReader(this.#access, await this.#existing(key));
  }

  /** Stores an object. */
  async put(key: string, body: ObjectBody, description: Description, rules: PlacementRules): Promise<PutResult> {
    const version = `${this.#mark}-${++this.#puts}`;
    const pieces = piecesOf(body);
    const beginning: Uint8Array[] = [];
    let size = 0;
    try {
      for (;;) {
        const next = await pieces.next();
        if (next.done) break;
        // A producer may use its buffer again.
        if (size + next.value.length > INLINE_BYTES) {
          return await this.#putLarge(key, [...beginning, next.value], pieces, version, description, rules);
        }
        beginning.push(next.value.slice());
        size += next.value.length;
      }
    } finally {
      await pieces.return();
    }
    const bytes = joined(beginning, size);
    const result = { size, sha256: sha256Hex(bytes) };
    await this.#placement.place(key, { version, ...result, ...description, bytes }, rules);
    return result;
  }

  /** Copies an object, its bytes too: they lie in the store twice then. */
  async copy(from: string, to: string): Promise<void> {
    for (let reads = 1;; reads++) {
      const found = await this.#existing(from);
      if (from === to) return;
      const { size, contentType, metadata } = found.manifest;
      const description = {
        ...(contentType === undefined ? {} : { contentType }),
        ...(metadata === undefined ? {} : { metadata }),
      };
      try {
        const bytes = streamOf(new KvReader(this.#access, found), 0, size);
        await this.put(to, bytes, description, { onlyIfAbsent: false, apart: false });
        return;
      } catch (error) {
        if (!(error instanceof ConflictError) || reads === MOST_READS) throw error;
      }
    }
  }

  /** Removes many objects. */
  async remove(keys: Iterable<string> | AsyncIterable<string>): Promise<void> {
    let batch = new Set<string>();
    for await (const key of keys) {
      batch.add(key);
      if (batch.size < REMOVED_AT_ONCE) continue;
      await this.#removeBatch([...batch]);
      batch = new Set();
    }
    await this.#removeBatch([...batch]);
  }

  /** Removes every object whose key begins with a text. */
  async removeAll(beginning: string): Promise<void> {
    for await (const page of this.#pages(beginning)) {
      await Promise.all(page.map((found) => this.#placement.remove(found)));
    }
  }

  /** Lists the objects whose keys begin with a text, in pages. */
  async *list(beginning: string, headBytes: number): AsyncGenerator<readonly ListedObject[], void> {
    await this.#loose.sweep();
    for await (const page of this.#pages(beginning)) {
      if (headBytes === 0) {
        yield page.map(({ key, manifest: { size } }) => ({ key, size }));
        continue;
      }
      const heads: ListedObject[] = [];
      for (let at = 0; at < page.length; at += HEADS_AT_ONCE) {
        const some = page.slice(at, at + HEADS_AT_ONCE).map((found) => this.#beginning(found, headBytes));
        for (const head of await Promise.all(some)) if (head !== undefined) heads.push(head);
      }
      yield heads;
    }
  }

  async *#pages(beginning: string): AsyncGenerator<FoundObject[], void> {
    let page: FoundObject[] = [];
    for await (const entry of this.#access.list(this.#access.keys.objects(beginning), { batchSize: PAGE })) {
      const found = foundObject(String(entry.key.at(-1)), entry);
      if (found !== undefined && page.push(found) === PAGE) {
        yield page;
        page = [];
      }
    }
    yield page;
  }

  /** The beginning of an object as it is by now; `undefined` if it is gone. */
  async #beginning(listed: FoundObject, headBytes: number): Promise<ListedObject | undefined> {
    const { key } = listed;
    let found: FoundObject | undefined = listed;
    for (let reads = 0; found !== undefined; reads++) {
      const { size } = found.manifest;
      const head = new Uint8Array(Math.min(headBytes, size));
      if (await readBytes(this.#access, found.manifest, head, 0)) return { key, size, head };
      const now = await this.#placement.find(key);
      if (now?.versionstamp === found.versionstamp) throw damaged(key);
      if (reads === MOST_READS) throw changing(key);
      found = now;
    }
    return undefined;
  }

  async #putLarge(
    key: string,
    beginning: readonly Uint8Array[],
    pieces: AsyncGenerator<Uint8Array, void>,
    version: string,
    description: Description,
    rules: PlacementRules,
  ): Promise<PutResult> {
    await this.#loose.sweep();
    await this.#placement.check(key, rules);
    const upload = await Upload.begin(this.#access, this.#loose, key, version);
    try {
      for (const piece of beginning) await upload.write(piece);
      for await (const piece of pieces) await upload.write(piece);
      const result = await upload.finish();
      const manifest: Manifest = { version, ...result, ...description };
      await this.#placement.place(key, manifest, rules, upload);
      return result;
    } catch (error) {
      await upload.abandon();
      throw error;
    }
  }

  async #removeBatch(keys: readonly string[]): Promise<void> {
    const entries = await this.#access.read(keys.map((key) => this.#access.keys.object(key)));
    await Promise.all(entries.map(async (entry, i) => {
      const found = foundObject(keys[i] ?? "", entry);
      if (found !== undefined) await this.#placement.remove(found);
    }));
  }

  async #existing(key: string): Promise<FoundObject> {
    const found = await this.#placement.find(key);
    if (found === undefined) throw new NotFoundError(`There is no object ${JSON.stringify(key)} in the KV.`);
    return found;
  }
}

function damaged(key: string): IntegrityError {
  return new IntegrityError(
    `The object ${JSON.stringify(key)} in the KV is damaged: chunks of it are missing. Put it again.`,
  );
}

function changing(key: string): ConflictError {
  return new ConflictError(
    `The object ${JSON.stringify(key)} in the KV was replaced each of ${MOST_READS} times that it was read. Try again.`,
  );
}
