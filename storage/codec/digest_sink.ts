/**
 * Where the canonical form of a value without cycles is written.
 *
 * @module
 */
import type { Hash } from "node:crypto";
import { newSha256 } from "../digest.ts";
import { ByteSink } from "./byte_sink.ts";
import { Tag } from "./tags.ts";

/** An object whose form has at least this many bytes is represented by its SHA-256. */
const DIGESTED = 1024;
/** Bytes of one object that are gathered before they are hashed. */
const GATHERED = 65_536;

interface OpenObject {
  start: number;
  hash: Hash | undefined;
}

/**
 * A sink that replaces each large object by its digest as soon as it is complete. So the form of any object is short,
 * whatever it holds, and an object that is met many times is hashed once and then written in 33 bytes. Whether a
 * digest is used depends on the form alone, never on sharing: equal values get equal bytes.
 */
export class DigestSink extends ByteSink {
  readonly #open: OpenObject[] = [];

  /** Everything up to the matching {@linkcode closeObject} is the form of one object. */
  openObject(): void {
    this.#open.push({ start: this.position, hash: undefined });
  }

  /** Ends the form of the object that was opened last. Gives its digest if that is what now stands for it. */
  closeObject(): Uint8Array<ArrayBuffer> | undefined {
    const object = this.#open.pop();
    if (object === undefined || (object.hash === undefined && this.position - object.start < DIGESTED)) {
      return undefined;
    }
    const digest = new Uint8Array(this.#feed(object).digest());
    this.digest(Tag.DIGEST, digest);
    return digest;
  }

  /** Writes a digest in place of what it was made from. */
  digest(tag: number, digest: Uint8Array<ArrayBuffer>): void {
    this.byte(tag);
    super.raw(digest);
  }

  override raw(source: Uint8Array<ArrayBuffer>): void {
    const object = this.#open.at(-1);
    if (object === undefined || source.length < DIGESTED) return super.raw(source);
    this.#feed(object).update(source);
  }

  #feed(object: OpenObject): Hash {
    object.hash ??= newSha256();
    object.hash.update(this.bytes.subarray(object.start, this.position));
    this.position = object.start;
    return object.hash;
  }

  protected override makeRoom(count: number): void {
    const object = this.#open.at(-1);
    if (object !== undefined && this.position - object.start >= GATHERED) this.#feed(object);
    if (this.position + count <= this.bytes.length) return;
    const written = this.bytes.subarray(0, this.position);
    this.replaceBlock(Math.max(2 * this.bytes.length, 2 * GATHERED, this.position + count));
    this.bytes.set(written);
  }
}
