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
  /** Says that the bytes are no longer needed: the memory of a copy is filled again, which spares garbage of a part each. */
  release(): void;
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
  let pending: Whole = { bytes: new Uint8Array(0), release: keep };
  let start = 0;
  let index = 0;
  let isAny = false;
  for await (const whole of wholes(body, sizeOf)) {
    const part = { ...pending, start, index, isLast: false };
    pending = whole;
    if (isAny) {
      start += part.bytes.length;
      index++;
      yield part;
    }
    isAny = true;
  }
  yield { ...pending, start, index, isLast: true };
}

/** What becomes of a part. */
type Whole = Pick<BodyPart, "bytes" | "release">;

/** Releases what is not ours. */
function keep(): void {}

async function* wholes(body: ObjectBody, sizeOf: (index: number) => number): AsyncGenerator<Whole, void> {
  if (body instanceof Uint8Array && body.buffer instanceof ArrayBuffer) {
    const whole = new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
    for (let at = 0, index = 0; at < whole.length;) {
      const end = at + sizeOf(index++);
      yield { bytes: whole.subarray(at, end), release: keep };
      at = end;
    }
    return;
  }
  const spares: Uint8Array<ArrayBuffer>[] = [];
  let index = 0;
  let filling = new Filling(sizeOf(0), spares);
  for await (const piece of piecesOf(body)) {
    for (let at = 0; at < piece.length;) {
      at += filling.add(piece.subarray(at));
      if (!filling.isFull) continue;
      yield filling.whole();
      filling = new Filling(sizeOf(++index), spares);
    }
  }
  if (filling.hasAny) yield filling.whole();
}

/** How much memory the first bytes of a part take. */
const LEAST_BYTES = 64 * 1024;

/** A part that fills up: its memory grows with it, so that a short stream takes little, and a whole part takes it once. */
class Filling {
  readonly #partBytes: number;
  readonly #spares: Uint8Array<ArrayBuffer>[];
  #memory = new Uint8Array(0);
  #size = 0;

  /** @param spares Memory of parts that are done with. */
  constructor(partBytes: number, spares: Uint8Array<ArrayBuffer>[]) {
    this.#partBytes = partBytes;
    this.#spares = spares;
  }

  get isFull(): boolean {
    return this.#size === this.#partBytes;
  }

  get hasAny(): boolean {
    return this.#size > 0;
  }

  whole(): Whole {
    const memory = this.#memory;
    return { bytes: memory.subarray(0, this.#size), release: () => void this.#spares.push(memory) };
  }

  /** Copies as much as there is room for: a producer may use its buffer again. */
  add(piece: Uint8Array): number {
    const taken = piece.subarray(0, this.#partBytes - this.#size);
    const needed = this.#size + taken.length;
    if (needed > this.#memory.length) this.#grow(needed);
    this.#memory.set(taken, this.#size);
    this.#size = needed;
    return taken.length;
  }

  #grow(needed: number): void {
    let larger = this.#size === 0 ? this.#spares.pop() : undefined;
    if (larger === undefined || larger.length < needed) {
      larger = new Uint8Array(Math.min(this.#partBytes, Math.max(LEAST_BYTES, 4 * needed)));
    }
    larger.set(this.#memory.subarray(0, this.#size));
    this.#memory = larger;
  }
}
