/**
 * The bytes of a run bundle, inside gzip: a line that says what it is, and entries.
 *
 * ```text
 * fusewire-bundle/1\n
 * entry:  length of the header, u32, big-endian
 *         header: JSON with `n` (0, 1, 2, …), `kind`, `size` (bytes of the body) and what the kind has
 *         body
 *         SHA-256 of header and body, 32 bytes
 * ```
 *
 * In this order: `run` (definition, run, input's redacted paths), `steps`, any number of `events`, one `value` for the input (place −1) and
 * one for each step that has one, each with a `file` for every file that a serializer keeps of it, and `end`. `docs/forks-and-bundles.md`
 * describes the fields.
 *
 * @module
 */
import { newSha256 } from "../../../storage/digest.ts";

/** What a bundle begins with, without the number of its version. */
export const MAGIC = "fusewire-bundle/";
/** The version that is written, and read. */
export const FORMAT = 1;
/** The longest header of an entry, in bytes. */
export const MOST_HEADER_BYTES = 4096;
/** The place of the input among the values. */
export const INPUT_PLACE = -1;
/** Length of a SHA-256. */
export const HASH_BYTES = 32;

/** How the body of a value is to be read. */
export type ValueForm = "bytes" | "record" | "error";

/** What a header says beside its number and size. */
export type EntryHead =
  | { readonly kind: "run" | "steps" | "events" | "file" | "end" }
  | { readonly kind: "value"; readonly place: number; readonly form: ValueForm };

/** Chunks of about so many bytes are handed on. */
const CHUNK_BYTES = 65_536;

const encoder = new TextEncoder();

/** Puts entries together, and hands them on in chunks. */
export class EntryWriter {
  #entries = 0;
  #waiting: Uint8Array[] = [];
  #bytes = 0;

  /** Begins with the line that says what it is. */
  constructor() {
    this.#push(encoder.encode(`${MAGIC}${FORMAT}\n`));
  }

  /** Whether there is enough for a chunk. */
  get isFull(): boolean {
    return this.#bytes >= CHUNK_BYTES;
  }

  /** What is there, as one chunk. */
  take(): Uint8Array<ArrayBuffer> {
    const chunk = new Uint8Array(this.#bytes);
    let at = 0;
    for (const piece of this.#waiting) {
      chunk.set(piece, at);
      at += piece.length;
    }
    this.#waiting = [];
    this.#bytes = 0;
    return chunk;
  }

  /** Adds an entry whose body is there. */
  add(head: EntryHead, body: Uint8Array): void {
    const header = this.#header(head, body.length);
    this.#push(body);
    this.#push(newSha256().update(header).update(body).digest());
  }

  /** Adds an entry whose body is JSON. */
  addJson(head: EntryHead, value: unknown): void {
    this.add(head, encoder.encode(JSON.stringify(value)));
  }

  /** Adds an entry whose body of `size` bytes comes in pieces, which are handed on as they come. */
  async *stream(
    head: EntryHead,
    size: number,
    body: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const hash = newSha256().update(this.#header(head, size));
    for await (const piece of body) {
      hash.update(piece);
      this.#push(piece);
      if (this.isFull) yield this.take();
    }
    this.#push(hash.digest());
  }

  #header(head: EntryHead, size: number): Uint8Array {
    const header = encoder.encode(JSON.stringify({ n: this.#entries++, size, ...head }));
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, header.length);
    this.#push(length);
    this.#push(header);
    return header;
  }

  #push(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
  }
}
