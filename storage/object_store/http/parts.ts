/**
 * A body in parts of one size, as uploads of many requests need it.
 *
 * @module
 */
import { piecesOf } from "../body.ts";
import type { ObjectBody } from "../object_store.ts";

/** One part of a body. */
export interface BodyPart {
  /** The bytes: of what was given at once a view, of a stream a copy. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Place of the first byte in the body. */
  readonly start: number;
  /** Its number, from 0. */
  readonly index: number;
  /** Whether no other follows. */
  readonly isLast: boolean;
}

/**
 * The body in parts of `partBytes`, the last of which may be shorter; an empty body is one empty part. One part is read ahead.
 *
 * @param partBytes Size of the parts in bytes, or of the part with a number.
 */
export async function* partsOf(
  body: ObjectBody,
  partBytes: number | ((index: number) => number),
): AsyncGenerator<BodyPart, void> {
  const sizeOf = typeof partBytes === "number" ? () => partBytes : partBytes;
  let pending: Uint8Array<ArrayBuffer> | undefined;
  let start = 0;
  let index = 0;
  for await (const bytes of wholes(body, sizeOf)) {
    if (pending !== undefined) {
      const part = { bytes: pending, start, index: index++, isLast: false };
      start += pending.length;
      pending = bytes;
      yield part;
    } else {
      pending = bytes;
    }
  }
  yield { bytes: pending ?? new Uint8Array(0), start, index, isLast: true };
}

async function* wholes(
  body: ObjectBody,
  sizeOf: (index: number) => number,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  if (body instanceof Uint8Array && body.buffer instanceof ArrayBuffer) {
    const whole = new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
    for (let at = 0, index = 0; at < whole.length;) {
      const end = at + sizeOf(index++);
      yield whole.subarray(at, end);
      at = end;
    }
    return;
  }
  let filling = new Filling(sizeOf(0));
  let index = 0;
  for await (const piece of piecesOf(body)) {
    for (let at = 0; at < piece.length;) {
      at += filling.add(piece.subarray(at));
      if (!filling.isFull) continue;
      yield filling.bytes;
      filling = new Filling(sizeOf(++index));
    }
  }
  if (filling.bytes.length > 0) yield filling.bytes;
}

/** How much memory the first bytes of a part take. */
const LEAST_BYTES = 64 * 1024;

/** A part that fills up: its memory grows with it, so that a short stream takes little, and a whole part takes it once. */
class Filling {
  readonly #partBytes: number;
  #memory = new Uint8Array(0);
  #size = 0;

  constructor(partBytes: number) {
    this.#partBytes = partBytes;
  }

  get isFull(): boolean {
    return this.#size === this.#partBytes;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#memory.subarray(0, this.#size);
  }

  /** Copies as much as there is room for: a producer may use its buffer again. */
  add(piece: Uint8Array): number {
    const taken = piece.subarray(0, this.#partBytes - this.#size);
    const needed = this.#size + taken.length;
    if (needed > this.#memory.length) {
      const larger = new Uint8Array(Math.min(this.#partBytes, Math.max(LEAST_BYTES, 4 * needed)));
      larger.set(this.bytes);
      this.#memory = larger;
    }
    this.#memory.set(taken, this.#size);
    this.#size = needed;
    return taken.length;
  }
}
