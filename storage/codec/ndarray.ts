import type { Dtype, TypedArray } from "./dtype.ts";

export interface NdArrayOptions {
  /** `"bool"` marks a `Uint8Array` of 0 and 1 as truth values. */
  readonly dtype?: "bool";
}

export class NdArray<D extends TypedArray = TypedArray> {
  readonly data: D;
  readonly shape: readonly number[];
  constructor(data: D, shape: readonly number[], _options: NdArrayOptions = {}) {
    this.data = data;
    this.shape = shape;
  }
  get dtype(): Dtype {
    throw new Error("not written yet");
  }
  get size(): number {
    return this.data.length;
  }
  get(..._index: number[]): D[number] {
    throw new Error("not written yet");
  }
}
