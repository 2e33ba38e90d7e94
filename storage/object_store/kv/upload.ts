/**
 * Writes the bytes of a large object in chunks, before there is an object.
 *
 * @module
 */
import { UnavailableError } from "../../../src/errors.ts";
import { newSha256 } from "../../digest.ts";
import type { KvCheck } from "../../kv/kv_like.ts";
import { Unit } from "../../kv/unit.ts";
import type { PutResult } from "../object_store.ts";
import type { KvAccess } from "./access.ts";
import { isSwept, LEFT_OVER_AFTER, type LooseChunks } from "./loose_chunks.ts";
import { CHUNK_BYTES } from "./manifest.ts";

/** How many chunks are given to the KV together. While they are on their way, the next are made. */
const WINDOW = 24;
/** How often the writer gives a sign of life, in ms. */
const SIGN_EVERY = LEFT_OVER_AFTER / 6;

/** Chunks that are being written. */
export class Upload {
  /** Under which they lie. */
  readonly version: string;
  readonly #key: string;
  readonly #access: KvAccess;
  readonly #loose: LooseChunks;
  readonly #hash = newSha256();
  #size = 0;
  #chunk = new Uint8Array(CHUNK_BYTES);
  #filled = 0;
  #count = 0;
  #window: Promise<void>[] = [];
  #onTheWay: Promise<unknown> = Promise.resolve();
  #check: KvCheck;
  #signedAt: number;

  private constructor(access: KvAccess, loose: LooseChunks, key: string, version: string, check: KvCheck) {
    this.#access = access;
    this.#loose = loose;
    this.#key = key;
    this.version = version;
    this.#check = check;
    this.#signedAt = access.clock.now();
  }

  /** Begins to write chunks, which are loose. */
  static async begin(access: KvAccess, loose: LooseChunks, key: string, version: string): Promise<Upload> {
    const unit = new Unit();
    loose.mark(unit, version);
    const versionstamp = await access.submit(unit) ?? null;
    return new Upload(access, loose, key, version, { key: access.keys.loose(version), versionstamp });
  }

  /** What holds as long as nobody has taken the chunks for left over. */
  get condition(): KvCheck {
    return this.#check;
  }

  /** Whether others may take the chunks for left over. */
  get isOverdue(): boolean {
    return this.#access.clock.now() - this.#signedAt > LEFT_OVER_AFTER;
  }

  /** Writes a piece, of which nothing is kept. */
  async write(piece: Uint8Array): Promise<void> {
    if (this.#access.clock.now() - this.#signedAt >= SIGN_EVERY) await this.#giveSign();
    this.#hash.update(piece);
    this.#size += piece.length;
    for (let at = 0; at < piece.length;) {
      const part = piece.subarray(at, at + CHUNK_BYTES - this.#filled);
      this.#chunk.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled < CHUNK_BYTES) return;
      this.#send(this.#chunk);
      this.#chunk = new Uint8Array(CHUNK_BYTES);
      this.#filled = 0;
      if (this.#window.length === WINDOW) await this.#nextWindow();
    }
  }

  /** Writes what is left. */
  async finish(): Promise<PutResult> {
    if (this.#filled > 0) this.#send(this.#chunk.slice(0, this.#filled));
    await this.#nextWindow();
    await this.#onTheWay;
    return { size: this.#size, sha256: this.#hash.digest("hex") };
  }

  /** Removes what was written, if it has not become an object. What can not be removed now is left over. */
  async abandon(): Promise<void> {
    await Promise.allSettled([...this.#window, this.#onTheWay]);
    try {
      if (await this.#loose.claim(this.#check, this.#signedAt)) await this.#loose.remove(this.version, this.#count);
    } catch {
      // The error that led here is the one to tell.
    }
  }

  /** That others took the chunks for left over. */
  tooLate(): UnavailableError {
    return new UnavailableError(
      `The put of the object ${
        JSON.stringify(this.#key)
      } stood still for more than an hour, so that what it had written ` +
        "was removed as left over. Put it again.",
    );
  }

  async #nextWindow(): Promise<void> {
    const window = Promise.all(this.#window);
    // It is waited for with the next window; should that be too late, it is nobody's concern.
    window.catch(() => {});
    this.#window = [];
    await this.#onTheWay;
    this.#onTheWay = window;
  }

  async #giveSign(): Promise<void> {
    // What is on its way has the entry as it is as a condition.
    await this.#nextWindow();
    await this.#onTheWay;
    const unit = new Unit();
    unit.checks.push(this.#check);
    this.#loose.mark(unit, this.version);
    const now = this.#access.clock.now();
    let versionstamp = await this.#access.submit(unit) ?? null;
    if (versionstamp === null) {
      // Only this writer and a sweep write the entry: if it was no sweep, the reply to the sign was lost.
      const [entry] = await this.#access.read([this.#check.key]);
      versionstamp = entry?.versionstamp ?? null;
      if (versionstamp === null || isSwept(entry?.value)) throw this.tooLate();
    }
    this.#check = { key: this.#check.key, versionstamp };
    this.#signedAt = now;
  }

  #send(chunk: Uint8Array): void {
    const unit = new Unit();
    unit.checks.push(this.#check);
    unit.set(this.#access.keys.chunk(this.version, this.#count++), chunk, chunk.length + 16);
    const sending = this.#access.submit(unit).then((outcome) => {
      if (outcome === undefined) throw this.tooLate();
    });
    sending.catch(() => {});
    this.#window.push(sending);
  }
}
