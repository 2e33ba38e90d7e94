import type { Protocols } from "../protocols.ts";
import type { TypedArray } from "./dtype.ts";
import type { NdArray } from "./ndarray.ts";
import type { ClassOf, Serializer } from "./serializers.ts";

export interface TypedArrayPid {
  readonly file: string;
}

/** Keeps every typed array and `NdArray` as a `.npy` file. */
export class TypedArraySerializer implements Serializer<TypedArray | NdArray, TypedArrayPid> {
  readonly name = "TypedArray";
  readonly serializerClass: readonly ClassOf<TypedArray | NdArray>[] = [];
  pickle(_value: TypedArray | NdArray, _protocols: Protocols): Promise<[name: string, pid: TypedArrayPid]> {
    throw new Error("not written yet");
  }
  unpickle(_pid: TypedArrayPid, _protocols: Protocols): Promise<TypedArray | NdArray> {
    throw new Error("not written yet");
  }
  remove(_pid: TypedArrayPid, _protocols: Protocols): Promise<void> {
    throw new Error("not written yet");
  }
}
