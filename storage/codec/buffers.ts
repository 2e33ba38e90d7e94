/**
 * Buffers and views of them, by the number under which each class is stored.
 *
 * @module
 */
import { TYPED_ARRAYS } from "./dtype.ts";
import { bufferClass } from "./platform.ts";

/** A class of buffers or views. */
export interface BufferClass {
  /** Name of the class. */
  readonly name: string;
  /** What its instances inherit from. */
  readonly prototype: () => object;
  /** Its length in bytes is a multiple of this. */
  readonly elementSize: number;
  /** Makes one that owns the given bytes. */
  readonly make: (bytes: ArrayBuffer) => object;
}

/** The position of a class in this list is stored: append only. */
export const BUFFER_CLASSES: readonly BufferClass[] = [
  { name: "ArrayBuffer", prototype: () => ArrayBuffer.prototype, elementSize: 1, make: (bytes) => bytes },
  { name: "DataView", prototype: () => DataView.prototype, elementSize: 1, make: (bytes) => new DataView(bytes) },
  {
    name: "Buffer",
    prototype: () => bufferClass().prototype,
    elementSize: 1,
    make: (bytes) => bufferClass().from(bytes),
  },
  ...[...TYPED_ARRAYS.values()].map(({ arrayClass }) => ({
    name: arrayClass.name,
    prototype: () => arrayClass.prototype,
    elementSize: arrayClass.BYTES_PER_ELEMENT,
    make: (bytes: ArrayBuffer) => new arrayClass(bytes),
  })),
];

let classNumbers: ReadonlyMap<object | null, number> | undefined;

/** Position in {@linkcode BUFFER_CLASSES} of the class with this prototype. */
export function bufferClassOf(prototype: object | null): number | undefined {
  classNumbers ??= new Map(BUFFER_CLASSES.map((each, number) => [each.prototype(), number]));
  return classNumbers.get(prototype);
}

/** Why the bytes of a buffer can not be kept, or the bytes. A buffer that can change its length is copied. */
export function storableBytes(value: ArrayBuffer | ArrayBufferView): Uint8Array<ArrayBuffer> | string {
  const isView = ArrayBuffer.isView(value);
  const buffer = isView ? value.buffer : value;
  if (!(buffer instanceof ArrayBuffer)) return "memory shared between threads; store a copy of it";
  if (buffer.detached) return "a detached buffer, which has no bytes any more";
  if (!isView && buffer.resizable) return "a resizable ArrayBuffer; store `buffer.slice()`";
  const bytes = isView ? new Uint8Array(buffer, value.byteOffset, value.byteLength) : new Uint8Array(buffer);
  return buffer.resizable ? bytes.slice() : bytes;
}
