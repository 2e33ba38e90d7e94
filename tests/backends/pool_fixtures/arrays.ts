/** Tasks that make, keep, read and change arrays. */
import { NdArray, task } from "@fusewire/fusewire";

const LARGE = 1 << 20;
let kept: Float64Array | undefined;

function makeKept(length: number): Float64Array {
  return kept = new Float64Array(length).fill(1);
}

/** Makes an array and keeps a reference to it in its module, as a cache does. */
export const makeAndKeep = task(makeKept);
/** The same, but its task promises what is not so: whoever keeps the array sees that it was moved. */
export const makeAndGive = task(makeKept, { name: "makeAndGive", transfer: true });
/** Bytes of what the module of this worker has kept. */
export const keptBytes = task(function keptBytes(_after?: unknown): number {
  return kept?.byteLength ?? -1;
});

export const ones = task(function ones(length: number): Float64Array {
  return new Float64Array(length).fill(1);
});
export const sum = task(function sum(array: Float64Array): number {
  return array.reduce((total, each) => total + each, 0);
});
/** Changes its own array. */
export const spoil = task(function spoil(array: Float64Array): number {
  array.fill(-1);
  return array.length;
});
export const echo = task(function echo<T>(value: T): T {
  return value;
});
/** Two views of one buffer, and the buffer. */
export const views = task(function views() {
  const buffer = new ArrayBuffer(LARGE);
  const head = new Uint8Array(buffer, 0, 16).fill(3);
  const tail = new Float64Array(buffer, LARGE - 16, 2);
  return { head, tail, buffer };
}, { transfer: true });
/** A small part of something large. */
export const part = task(function part(): Uint8Array {
  return new Uint8Array(LARGE).fill(9).subarray(100, 200);
});
export const wasm = task(function wasm(): Uint8Array {
  const memory = new WebAssembly.Memory({ initial: 2 });
  return new Uint8Array(memory.buffer).fill(5);
}, { transfer: true });
export const resizable = task(function resizable(): Uint8Array {
  return new Uint8Array(new ArrayBuffer(LARGE, { maxByteLength: 2 * LARGE })).fill(2);
});
export const table = task(function table(): NdArray<Float64Array> {
  return new NdArray(new Float64Array(LARGE / 8).fill(4), [2, LARGE / 16]);
});
export const tableSum = task(function tableSum(of: NdArray<Float64Array>): number {
  return of.data.reduce((total, each) => total + each, 0);
});

/** Gives out its own array each time. */
class Buffered {
  readonly #array = new Float64Array(LARGE);
  add(n: number): Float64Array {
    for (let i = 0; i < this.#array.length; i++) this.#array[i]! += n;
    return this.#array;
  }
}
export const makeBuffered = task(Buffered);
