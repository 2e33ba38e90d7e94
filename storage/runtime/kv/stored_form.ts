/**
 * Values as they lie in the store: small ones as they are, large ones in pieces under their hash.
 *
 * A value of the store has at most 65,536 bytes, so what is larger is cut into pieces. They are written before the commit that names
 * them, under the SHA-256 of the whole, so that a value is never half visible, and one that was written and then not committed
 * harms nothing. They are removed with the run.
 *
 * @module
 */
import { type ErrorRecord, IntegrityError } from "../../../src/errors.ts";
import { sha256Hex } from "../../digest.ts";
import type { StoredValue } from "../records.ts";
import type { CommitQueue } from "../../kv/commit_queue.ts";
import { PIECE_BYTES } from "./options.ts";
import type { KvKeys } from "./keys.ts";
import type { PatientReads } from "../../kv/patient_reads.ts";
import { Unit } from "../../kv/unit.ts";

/** How many pieces wait to be written at once: a very large value is not held twice in memory. */
const PIECES_AT_ONCE = 96;

/** Bytes that lie in pieces under keys of their own. */
interface Pieces {
  /** Hash of the whole. */
  readonly sha256: string;
  /** Length of the whole. */
  readonly size: number;
  /** How many pieces. */
  readonly pieces: number;
}

/** A value as it is stored. */
export type StoredForm =
  | Uint8Array<ArrayBuffer>
  | ({ readonly k: "bytes" } & Pieces)
  | { readonly k: "object"; readonly key: string; readonly size: number; readonly sha256: string }
  | { readonly k: "error"; readonly error: ErrorRecord }
  | ({ readonly k: "large-error" } & Pieces);

/** Writes values in pieces, and reads them. */
export class StoredForms {
  readonly #kv: PatientReads;
  readonly #keys: KvKeys;
  readonly #queue: CommitQueue;

  /** Pieces are read from `kv` and written through `queue`. */
  constructor(kv: PatientReads, keys: KvKeys, queue: CommitQueue) {
    this.#kv = kv;
    this.#keys = keys;
    this.#queue = queue;
  }

  /** The form of a value that needs no pieces; `undefined` if it is over `limit`. */
  small(value: StoredValue, limit: number = PIECE_BYTES): StoredForm | undefined {
    switch (value.kind) {
      case "bytes":
        return value.bytes.length <= limit ? tight(value.bytes) : undefined;
      case "object":
        return { k: "object", key: value.key, size: value.size, sha256: value.sha256 };
      case "error":
        return errorBytes(value.error) <= limit ? { k: "error", error: value.error } : undefined;
    }
  }

  /** The form of a value of any size; its pieces are written when this resolves. */
  async any(owner: string, value: StoredValue, limit: number = PIECE_BYTES): Promise<StoredForm> {
    const small = this.small(value, limit);
    if (small !== undefined) return small;
    if (value.kind === "bytes") return { k: "bytes", ...await this.#write(owner, value.bytes) };
    if (value.kind === "error") {
      const bytes = new TextEncoder().encode(JSON.stringify(value.error));
      return { k: "large-error", ...await this.#write(owner, bytes) };
    }
    return { k: "object", key: value.key, size: value.size, sha256: value.sha256 };
  }

  /**
   * The value of a form.
   *
   * @throws {IntegrityError} If pieces of it are missing or altered.
   */
  async read(owner: string, form: StoredForm): Promise<StoredValue> {
    if (form instanceof Uint8Array) return { kind: "bytes", bytes: form };
    switch (form.k) {
      case "bytes":
        return { kind: "bytes", bytes: await this.#read(owner, form) };
      case "object":
        return { kind: "object", key: form.key, size: form.size, sha256: form.sha256 };
      case "error":
        return { kind: "error", error: form.error };
      case "large-error": {
        const error: ErrorRecord = JSON.parse(new TextDecoder().decode(await this.#read(owner, form)));
        return { kind: "error", error };
      }
    }
  }

  async #write(owner: string, bytes: Uint8Array<ArrayBuffer>): Promise<Pieces> {
    const sha256 = sha256Hex(bytes);
    const pieces = Math.ceil(bytes.length / PIECE_BYTES);
    for (let first = 0; first < pieces; first += PIECES_AT_ONCE) {
      const writes: Promise<unknown>[] = [];
      for (let i = first; i < Math.min(first + PIECES_AT_ONCE, pieces); i++) {
        const unit = new Unit();
        const piece = bytes.slice(i * PIECE_BYTES, (i + 1) * PIECE_BYTES);
        unit.set(this.#keys.blob(owner, sha256, i), piece, PIECE_BYTES);
        writes.push(this.#queue.submit(unit));
      }
      await Promise.all(writes);
    }
    return { sha256, size: bytes.length, pieces };
  }

  async #read(owner: string, { sha256, size, pieces }: Pieces): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(size);
    let at = 0;
    let found = 0;
    const selector = this.#keys.below("blob", owner, sha256);
    for await (const entry of this.#kv.list<Uint8Array>(selector, { batchSize: 50 })) {
      if (at + entry.value.length > size) break;
      bytes.set(entry.value, at);
      at += entry.value.length;
      found++;
    }
    if (found !== pieces || at !== size || sha256Hex(bytes) !== sha256) {
      throw new IntegrityError(
        `A stored value of ${JSON.stringify(owner)} is damaged: ${at} of ${size} bytes are there in ${found} of ` +
          `${pieces} pieces${at === size && found === pieces ? ", and their SHA-256 is another" : ""}.`,
      );
    }
    return bytes;
  }
}

/** About how many bytes a form takes; never less than it does. */
export function formBytes(form: StoredForm): number {
  if (form instanceof Uint8Array) return form.length + 16;
  if (form.k === "error") return errorBytes(form.error) + 16;
  return form.k === "object" ? 2 * form.key.length + 256 : 256;
}

/** About how many bytes the record of an error takes. */
function errorBytes(error: ErrorRecord | undefined): number {
  let bytes = 0;
  for (let each = error; each !== undefined; each = each.cause) {
    bytes += 64 + 2 * (each.name.length + each.message.length + (each.stack?.length ?? 0));
  }
  return bytes;
}

/** Bytes with a buffer of their own: within a record the store writes all of the buffer, not only what the view shows. */
function tight(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}
