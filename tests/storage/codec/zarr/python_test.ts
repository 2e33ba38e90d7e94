/**
 * NumPy and zarr-python open what Fusewire writes, and Fusewire opens what they write: dtype, shape and every bit.
 *
 * @module
 */
import { expect } from "@std/expect";
import {
  type ArrayOf,
  ChunkedArray,
  ChunkedArraySerializer,
  type Dtype,
  FileStorage,
  NdArray,
  openZarr,
  readNpy,
  writeNpy,
} from "../../../../mod.ts";
import { runPython, withoutPython } from "../../../integration/servers/python.ts";
import { DTYPES_AND_CLASSES } from "./arrays.ts";

const ignore = withoutPython;

interface Written {
  readonly name: string;
  readonly format: "npy" | "zarr";
  readonly dtype: string;
  readonly shape: readonly number[];
}

async function script(name: string): Promise<string> {
  return await Deno.readTextFile(new URL(name, import.meta.url));
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array => {
  return new Uint8Array(buffer, byteOffset, byteLength);
};

Deno.test({
  name:
    "openZarr and readNpy read what zarr-python and NumPy write: every dtype, order, codec, shard, separator and fill value",
  ignore,
  async fn(t) {
    const folder = await Deno.makeTempDir();
    try {
      const manifest: Written[] = JSON.parse(await runPython(await script("write_arrays.py"), [folder]));
      expect(manifest.length).toBeGreaterThan(500);
      for (const group of Map.groupBy(manifest, ({ name }) => name.split("-")[0] ?? "").entries()) {
        await t.step(`${group[0]}: ${group[1].length} arrays`, async () => {
          for (const { name, format, dtype, shape } of group[1]) {
            const path = `${folder}/${name}`;
            const array = format === "npy"
              ? await readNpy(await Deno.readFile(path))
              : await (await openZarr(path)).slice();
            expect({ name, dtype: array.dtype, shape: array.shape }).toEqual({ name, dtype, shape });
            const expected = await Deno.readFile(`${path}.bin`);
            if (Deno.inspect(bytesOf(array.data).toHex()) !== Deno.inspect(expected.toHex())) {
              throw new Error(`The elements of ${name} differ.`);
            }
          }
        });
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name:
    "zarr-python and NumPy open what ChunkedArraySerializer and writeNpy write: every dtype, 0 to 4 dimensions, with and without shards",
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const manifest: Written[] = [];
      const storage = new FileStorage({ path: folder });
      const serializer = new ChunkedArraySerializer();
      const shapes: [shape: number[], chunks: number[]][] = [
        [[], []],
        [[0], [3]],
        [[3, 0], [2, 2]],
        [[11], [4]],
        [[5, 7], [2, 9]],
        [[4, 3, 5], [3, 2, 2]],
        [[3, 2, 4, 3], [2, 1, 3, 2]],
        [[1030], [1]],
      ];
      for (const [dtype, arrayClass] of DTYPES_AND_CLASSES) {
        for (const [at, [shape, chunks]] of shapes.entries()) {
          // zarr-python takes a second for so many chunks: one type of each size will do.
          if (shape[0] === 1030 && !["bool", "int16", "float32", "uint64"].includes(dtype)) continue;
          const elements = randomElements(dtype, arrayClass, shape);
          const note = async (name: string, format: Written["format"]): Promise<void> => {
            await Deno.writeFile(`${folder}/${name}.bin`, bytesOf(elements.data));
            manifest.push({ name, format, dtype, shape });
          };
          const npy = `${dtype}-${at}.npy`;
          await Deno.writeFile(`${folder}/${npy}`, writeNpy(elements));
          await note(npy, "npy");
          const [, pid] = await serializer.pickle(chunked(elements, chunks), storage.protocols("w"));
          for await (const { key } of storage.objects.list()) {
            if (key.endsWith(`${pid.folder}/zarr.json`)) await note(key.slice(0, -"/zarr.json".length), "zarr");
          }
        }
      }
      await Deno.writeTextFile(`${folder}/manifest.json`, JSON.stringify(manifest));
      expect(manifest.length).toBe(2 * (12 * 7 + 4));
      expect(await runPython(await script("read_arrays.py"), [folder])).toBe(`${manifest.length}\n`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

function randomElements<D extends Dtype>(
  dtype: D,
  arrayClass: new (buffer: ArrayBuffer) => ArrayOf<D>,
  shape: readonly number[],
): NdArray<ArrayOf<D>> {
  const count = shape.reduce((product, each) => product * each, 1);
  const size = new arrayClass(new ArrayBuffer(0)).BYTES_PER_ELEMENT;
  const bytes = Uint8Array.from({ length: count * size }, () => Math.random() * (dtype === "bool" ? 2 : 256));
  return new NdArray(new arrayClass(bytes.buffer), shape, dtype === "bool" ? { dtype: "bool" } : {});
}

function chunked<D extends Dtype>(array: NdArray<ArrayOf<D>>, chunks: readonly number[]): ChunkedArray {
  const whole = ChunkedArray.create(
    { shape: array.shape, chunks: array.shape.map((length) => Math.max(1, length)), dtype: array.dtype },
    () => array.data,
  );
  return ChunkedArray.create(
    { shape: array.shape, chunks, dtype: array.dtype },
    async ({ offset, shape }) => {
      const { data } = await whole.slice(...offset.map((at, axis) => [at, at + (shape[axis] ?? 0)] as const));
      return data;
    },
  );
}
