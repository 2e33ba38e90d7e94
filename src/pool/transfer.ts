/**
 * The one place that says which arrays are moved between threads, and which are copied.
 *
 * Moving (transferring) a buffer costs nothing and takes it away from the sender, so it is done only where it is certain that the
 * sender does not need it any more:
 *
 * - A result is moved if its task says `transfer: true`: its function keeps no reference to what it returns. Nothing else can
 *   prove that: JavaScript does not tell whether a module, a cache or an object still refers to an array.
 * - The result of the last call of a run is moved, because its worker makes no call after it; not if it may be repeated.
 * - An argument is moved if all of this holds: the buffer came from a worker, as (part of) the result of a node of the same run,
 *   so that nobody else has it; this call is the last reader of that result, which is no target; no storage may still be writing
 *   it; no policy, plugin or condition has seen it; and the call can not be repeated by a retry or a policy.
 *
 * Everything else is copied. A small buffer is copied by the structured clone itself, a large one right before: it is copied once,
 * by the sender, and the copy is moved, where a structured clone copies on both threads.
 *
 * @module
 */
import type { Memory } from "./survey.ts";

/** From this many bytes on, copying before costs less than copying on both threads. */
const LARGE = 65_536;

/** What became of the buffers of a value. */
export interface MovedArrays {
  /** Copies in place of buffers and views. */
  readonly arrays: Map<object, object>;
  /** Buffers to be moved. */
  readonly transfer: readonly ArrayBuffer[];
  /** All buffers that the receiver gets. */
  readonly buffers: readonly ArrayBuffer[];
}

/** Decides about each buffer of a value, and makes the copies. */
export function copyArrays(
  views: ReadonlyMap<ArrayBuffer, readonly Memory[]>,
  mayMove: (buffer: ArrayBuffer) => boolean,
): MovedArrays {
  const arrays = new Map<object, object>();
  const transfer: ArrayBuffer[] = [];
  const buffers: ArrayBuffer[] = [];
  for (const [buffer, memory] of views) {
    if (buffer.detached) continue;
    if (mayMove(buffer)) transfer.push(buffer);
    else if (buffer.byteLength >= LARGE && !buffer.resizable) {
      const copy = copyOf(buffer, memory, arrays);
      transfer.push(copy);
      buffers.push(copy);
      continue;
    }
    buffers.push(buffer);
  }
  return { arrays, transfer, buffers };
}

/** Copies a buffer, or only what its one view sees of it. */
function copyOf(buffer: ArrayBuffer, memory: readonly Memory[], arrays: Map<object, object>): ArrayBuffer {
  const [only] = memory;
  if (memory.length === 1 && ArrayBuffer.isView(only)) {
    const copy = buffer.slice(only.byteOffset, only.byteOffset + only.byteLength);
    arrays.set(only, viewLike(only, copy, 0));
    return copy;
  }
  const copy = buffer.slice(0);
  for (const each of memory) {
    arrays.set(each, ArrayBuffer.isView(each) ? viewLike(each, copy, each.byteOffset) : copy);
  }
  return copy;
}

const CLASSES = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float16Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const;

/** A view of the same kind and length. A class of one's own, like Node's `Buffer`, becomes the one that is built in. */
function viewLike(view: ArrayBufferView, buffer: ArrayBuffer, offset: number): ArrayBufferView {
  for (const Class of CLASSES) {
    if (view instanceof Class) return new Class(buffer, offset, view.length);
  }
  return new DataView(buffer, offset, view.byteLength);
}
