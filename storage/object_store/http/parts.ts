/**
 * A body in parts of one size, as uploads of many requests need it.
 *
 * @module
 */
import { joined, piecesOf } from "../body.ts";
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

/** The body in parts of `partBytes`, the last of which may be shorter; an empty body is one empty part. One part is read ahead. */
export async function* partsOf(body: ObjectBody, partBytes: number): AsyncGenerator<BodyPart, void> {
  let pending: Uint8Array<ArrayBuffer> | undefined;
  let start = 0;
  let index = 0;
  for await (const bytes of wholes(body, partBytes)) {
    if (pending !== undefined) {
      yield { bytes: pending, start, index: index++, isLast: false };
      start += pending.length;
    }
    pending = bytes;
  }
  yield { bytes: pending ?? new Uint8Array(0), start, index, isLast: true };
}

async function* wholes(body: ObjectBody, partBytes: number): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  if (body instanceof Uint8Array && body.buffer instanceof ArrayBuffer) {
    const whole = new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
    for (let at = 0; at < whole.length; at += partBytes) yield whole.subarray(at, at + partBytes);
    return;
  }
  let filling: Uint8Array[] = [];
  let size = 0;
  for await (const piece of piecesOf(body)) {
    let at = 0;
    while (at < piece.length) {
      const taken = piece.slice(at, at + partBytes - size);
      filling.push(taken);
      size += taken.length;
      at += taken.length;
      if (size === partBytes) {
        yield joined(filling, size);
        [filling, size] = [[], 0];
      }
    }
  }
  if (size > 0) yield joined(filling, size);
}
