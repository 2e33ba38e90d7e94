/**
 * Reads the entries of a bundle one after another, and trusts nothing: no length is believed before its bytes have come, and every entry is
 * compared with its SHA-256.
 *
 * @module
 */
import { newSha256 } from "../../../storage/digest.ts";
import { ConfigError } from "../../errors.ts";
import { damagedBundle } from "./damage.ts";
import { Fields } from "./fields.ts";
import { type EntryHead, FORMAT, HASH_BYTES, MAGIC, MOST_HEADER_BYTES } from "./format.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });
const KINDS: readonly EntryHead["kind"][] = ["run", "steps", "events", "value", "file", "end"];

/** An entry whose body is still to be read. */
export interface Entry {
  /** What it is. */
  readonly kind: EntryHead["kind"];
  /** Length of the body. */
  readonly size: number;
  /** What else the header says. */
  readonly head: Fields;
  /** The body, in pieces; it has to be read to its end. Only at the end is it known to be whole. */
  pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>>;
  /** The body. */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /** The body as JSON. */
  json(): Promise<unknown>;
}

/** Reads entries from bytes that come in pieces. */
export class EntryReader {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #most: number;
  #chunk: Uint8Array = new Uint8Array(0);
  #total = 0;
  #entries = 0;

  /** Reads what was unpacked, `most` bytes of it at most. */
  constructor(source: AsyncIterable<Uint8Array>, most: number) {
    this.#source = source[Symbol.asyncIterator]();
    this.#most = most;
  }

  /**
   * Reads the line that says what it is.
   *
   * @throws {ConfigError} If it was written by a later version.
   */
  async begin(): Promise<void> {
    const line = `${MAGIC}${FORMAT}\n`;
    const found = await this.#take(line.length, true);
    const text = new TextDecoder().decode(found);
    if (text === line) return;
    const version = text.startsWith(MAGIC) ? /^[1-9]\d*(?=\n?$)/.exec(text.slice(MAGIC.length))?.[0] : undefined;
    if (version === undefined) throw damagedBundle("it is no bundle that export() wrote");
    throw new ConfigError(
      `The bundle has version ${version}, and this release reads version ` +
        `${FORMAT}: import it with a later release.`,
    );
  }

  /** The next entry. */
  async next(): Promise<Entry> {
    const number = this.#entries++;
    const what = `entry ${number}`;
    const prefix = await this.#take(4);
    const length = new DataView(prefix.buffer, prefix.byteOffset).getUint32(0);
    if (length > MOST_HEADER_BYTES) throw damagedBundle(`the header of ${what} would have ${length} bytes`);
    const header = await this.#take(length);
    const head = new Fields(parse(header, `the header of ${what}`), `the header of ${what}`);
    if (head.count("n") !== number) throw damagedBundle(`${what} is not where it belongs`);
    const size = head.count("size");
    const kind = head.oneOf("kind", KINDS);
    if (kind !== "value") head.end();
    const pieces = () => this.#pieces(header, size, what);
    const bytes = async (): Promise<Uint8Array<ArrayBuffer>> => {
      const parts: Uint8Array<ArrayBuffer>[] = [];
      for await (const piece of pieces()) parts.push(piece);
      return parts.length === 1 ? parts[0]! : joined(parts);
    };
    return { kind, size, head, pieces, bytes, json: async () => parse(await bytes(), what) };
  }

  /** Says that nothing may come any more. */
  async end(): Promise<void> {
    if (await this.#more()) throw damagedBundle("something follows its end");
  }

  /** Lets go of the source. */
  async close(): Promise<void> {
    await this.#source.return?.().catch(() => {});
  }

  async *#pieces(header: Uint8Array, size: number, what: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const hash = newSha256().update(header);
    for (let left = size; left > 0;) {
      if (!await this.#more()) throw cutOff();
      const piece = this.#chunk.slice(0, left);
      this.#chunk = this.#chunk.subarray(piece.length);
      left -= piece.length;
      hash.update(piece);
      yield piece;
    }
    const expected = await this.#take(HASH_BYTES);
    if (hash.digest("hex") !== expected.toHex()) throw damagedBundle(`${what} does not agree with its SHA-256`);
  }

  /** The next bytes; fewer only if `orFewer`, and at the end. */
  async #take(size: number, orFewer = false): Promise<Uint8Array<ArrayBuffer>> {
    const parts: Uint8Array[] = [];
    for (let left = size; left > 0;) {
      if (!await this.#more()) {
        if (orFewer) break;
        throw cutOff();
      }
      const part = this.#chunk.subarray(0, left);
      this.#chunk = this.#chunk.subarray(part.length);
      left -= part.length;
      parts.push(part);
    }
    return joined(parts);
  }

  /** Whether there is a byte to be read. */
  async #more(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const next = await this.#source.next();
      if (next.done === true) return false;
      this.#chunk = next.value;
      this.#total += next.value.length;
      if (this.#total > this.#most) {
        throw damagedBundle(`it has more than ${this.#most} bytes when it is unpacked; \`maxBytes\` allows more`);
      }
    }
    return true;
  }
}

function cutOff(): Error {
  return damagedBundle("it is cut off");
}

function parse(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (error) {
    throw damagedBundle(`${what} can not be read`, error);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
