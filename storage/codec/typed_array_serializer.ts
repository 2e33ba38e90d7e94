/**
 * Arrays as files of NumPy.
 *
 * @module
 */
import { IntegrityError, SerializationError } from "../../src/errors.ts";
import { entryOf, type Protocols } from "../protocols.ts";
import { type Dtype, dtypeOf, TYPED_ARRAYS, type TypedArray } from "./dtype.ts";
import { NdArray } from "./ndarray.ts";
import { readNpy } from "./npy_reader.ts";
import { npyParts } from "./npy_writer.ts";
import type { ClassOf, Serializer } from "./serializers.ts";

/** What {@linkcode TypedArraySerializer} needs to find an array again. */
export interface TypedArrayPid {
  /** Name of the file. */
  readonly file: string;
  /** Length of the file in bytes. */
  readonly byteLength: number;
  /** Whether it is an `NdArray`, and not a typed array. */
  readonly isNdArray: boolean;
  /** Class of the typed array, or of the data of the `NdArray`. */
  readonly arrayClass: string;
  /** Type of the elements. */
  readonly dtype: Dtype;
  /** Length of each dimension. */
  readonly shape: readonly number[];
}

/**
 * Keeps every typed array and `NdArray` as a `.npy` file, which NumPy opens as it is. An array comes back as one of the
 * same class. Every store has it registered. It never copies an array; whether the file is what was written is for the
 * store to say, which compares every file of a result with its checksum.
 */
export class TypedArraySerializer implements Serializer<TypedArray | NdArray, TypedArrayPid> {
  /** Always `"TypedArraySerializer"`. */
  readonly name = "TypedArraySerializer";
  /** Every class of typed array, and `NdArray`. */
  readonly serializerClass: readonly ClassOf<TypedArray | NdArray>[] = [
    ...[...TYPED_ARRAYS.values()].map(({ arrayClass }) => arrayClass),
    NdArray,
  ];

  /** Writes the file. The array must not change until then. */
  async pickle(value: TypedArray | NdArray, protocols: Protocols): Promise<[name: string, pid: TypedArrayPid]> {
    const isNdArray = value instanceof NdArray;
    const data = isNdArray ? value.data : value;
    const [header, elements] = npyParts(value);
    const pid: TypedArrayPid = {
      file: `${crypto.randomUUID()}.npy`,
      byteLength: header.length + elements.length,
      isNdArray,
      arrayClass: data[Symbol.toStringTag],
      dtype: isNdArray ? value.dtype : dtypeOf(value),
      shape: isNdArray ? [...value.shape] : [value.length],
    };
    await entryOf(protocols).write(pid.file, [header, elements]);
    return [this.name, pid];
  }

  /**
   * Reads the file.
   *
   * @throws {IntegrityError} If the file is damaged or is not the one that was written.
   */
  async unpickle(pid: TypedArrayPid, protocols: Protocols): Promise<TypedArray | NdArray> {
    const { file, byteLength, isNdArray } = pid;
    const name = `The file ${JSON.stringify(file)}`;
    const found = await readNpy(await entryOf(protocols).open(file), { byteLength, name });
    if (found.dtype !== pid.dtype || found.shape.join() !== pid.shape.join()) {
      throw new IntegrityError(
        `${name} is not what was written: it holds ${found.dtype} of shape [${found.shape.join(", ")}], ` +
          `and was ${pid.dtype} of shape [${pid.shape.join(", ")}].`,
      );
    }
    const data = this.#as(pid.arrayClass, found.data);
    return isNdArray ? new NdArray(data, found.shape, found.dtype === "bool" ? { dtype: "bool" } : {}) : data;
  }

  /** Removes the file. */
  async remove({ file }: TypedArrayPid, protocols: Protocols): Promise<void> {
    await entryOf(protocols).remove(file);
  }

  #as(className: string, data: TypedArray): TypedArray {
    if (data[Symbol.toStringTag] === className) return data;
    const wanted = TYPED_ARRAYS.get(className);
    if (wanted === undefined || wanted.dtype !== dtypeOf(data) || !(data.buffer instanceof ArrayBuffer)) {
      throw new SerializationError(
        `An array of ${dtypeOf(data)} can not be a ${className}; the stored record is damaged.`,
      );
    }
    return new wanted.arrayClass(data.buffer);
  }
}
