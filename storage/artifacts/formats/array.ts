import { SerializationError } from "../../../src/errors.ts";
import { dtypeOf, TYPED_ARRAYS, type TypedArray } from "../../codec/dtype.ts";
import { NdArray } from "../../codec/ndarray.ts";
import { readNpy } from "../../codec/npy_reader.ts";
import { npyParts } from "../../codec/npy_writer.ts";
import type { MaterializedBefore } from "../materializer.ts";
import { arrayStatistics } from "../statistics.ts";
import { type EncodedFile, type FileFormat, type StoredFile, textOf } from "./file_format.ts";

/** Up to this size a file is read at once, in bytes; a larger one is streamed into the array. */
const AT_ONCE = 1024 * 1024;

/** Typed arrays and `NdArray` as `.npy`. */
export const arrayFormat: FileFormat<TypedArray | NdArray> = {
  encode(value): EncodedFile {
    const isNdArray = value instanceof NdArray;
    const data = isNdArray ? value.data : value;
    const shape = isNdArray ? value.shape : [value.length];
    const arrayClass = data[Symbol.toStringTag];
    return {
      body: npyParts(value),
      extension: ".npy",
      contentType: "application/x-npy",
      type: isNdArray ? "NdArray" : arrayClass,
      format: "npy",
      statistics: {
        ...arrayStatistics(data, shape, isNdArray ? value.dtype : dtypeOf(data)),
        ...(isNdArray ? { arrayClass } : {}),
      },
    };
  },

  async decode(file: StoredFile, before: MaterializedBefore): Promise<TypedArray | NdArray> {
    const array = await readArray(file);
    if (before.type !== "NdArray") return asClass(array.data, before.type, file);
    const data = asClass(array.data, textOf(before, "arrayClass"), file);
    return new NdArray(data, array.shape, array.dtype === "bool" ? { dtype: "bool" } : {});
  },
};

/** Reads a `.npy` file, whoever wrote it. */
export async function readArray(file: StoredFile): Promise<NdArray> {
  const source = file.size <= AT_ONCE ? await file.bytes() : await file.stream();
  return await readNpy(source, { byteLength: file.size, name: file.name });
}

function asClass(data: TypedArray, name: string | undefined, file: StoredFile): TypedArray {
  if (name === undefined || data[Symbol.toStringTag] === name) return data;
  const wanted = TYPED_ARRAYS.get(name);
  if (wanted === undefined || wanted.dtype !== dtypeOf(data) || !(data.buffer instanceof ArrayBuffer)) {
    throw new SerializationError(`${file.name} holds ${dtypeOf(data)}, which can not be the ${name} that was saved.`);
  }
  return new wanted.arrayClass(data.buffer);
}
