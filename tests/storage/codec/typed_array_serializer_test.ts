import { expect } from "@std/expect";
import {
  entryOf,
  FileStorage,
  IntegrityError,
  MemoryStorage,
  NdArray,
  type Protocols,
  readNpy,
  type TypedArray,
  TypedArraySerializer,
} from "../../../mod.ts";
import { assertSameValue } from "./same_value.ts";

const serializer = new TypedArraySerializer();
const BYTES = Uint8Array.from({ length: 64 }, (_, index) => index).buffer;

const ARRAYS: (TypedArray | NdArray)[] = [
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float16Array].map(
    (type) => new type(BYTES),
  ),
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array].map((type) => new type(BYTES)),
  new Float64Array(),
  new Uint16Array(BYTES).subarray(3, 9),
  new NdArray(new Float32Array(BYTES), [4, 4]),
  new NdArray(Float64Array.of(1), []),
  new NdArray(new Int16Array(), [3, 0]),
  new NdArray(Uint8Array.of(0, 1), [2, 1], { dtype: "bool" }),
  new NdArray(Uint8ClampedArray.of(0, 255), [1, 2]),
];

function memoryProtocols(): Protocols {
  return new MemoryStorage().protocols("w");
}

Deno.test("TypedArraySerializer names every class of typed array, and NdArray", () => {
  expect(serializer.serializerClass.map(({ name }) => name).sort()).toEqual([
    ...["BigInt64Array", "BigUint64Array", "Float16Array", "Float32Array", "Float64Array", "Int16Array", "Int32Array"],
    ...["Int8Array", "NdArray", "Uint16Array", "Uint32Array", "Uint8Array", "Uint8ClampedArray"],
  ]);
});

for (const array of ARRAYS) {
  const what = array instanceof NdArray ? `NdArray [${array.shape}] of ${array.dtype}` : array.constructor.name;
  Deno.test(`TypedArraySerializer brings back a ${what} (${array instanceof NdArray ? array.size : array.length})`, async () => {
    const protocols = memoryProtocols();
    const [name, pid] = await serializer.pickle(array, protocols);
    expect(name).toBe(serializer.name);
    assertSameValue(await serializer.unpickle(pid, protocols), array);
    await serializer.remove(pid, protocols);
    await expect(entryOf(protocols).read(pid.file)).rejects.toThrow();
  });
}

Deno.test("TypedArraySerializer writes files that readNpy() and NumPy read as they are", async () => {
  const protocols = memoryProtocols();
  const [, pid] = await serializer.pickle(new NdArray(Float32Array.of(1, 2, 3, 4), [2, 2]), protocols);
  const bytes = await entryOf(protocols).read(pid.file);
  expect(pid.file).toMatch(/\.npy$/);
  expect(bytes.length).toBe(pid.byteLength);
  const read = await readNpy(bytes);
  expect([read.shape, read.data]).toEqual([[2, 2], Float32Array.of(1, 2, 3, 4)]);
});

Deno.test("TypedArraySerializer gives two arrays files of different names", async () => {
  const protocols = memoryProtocols();
  const [, one] = await serializer.pickle(Uint8Array.of(1), protocols);
  const [, other] = await serializer.pickle(Uint8Array.of(2), protocols);
  assertSameValue(await serializer.unpickle(one, protocols), Uint8Array.of(1));
  assertSameValue(await serializer.unpickle(other, protocols), Uint8Array.of(2));
});

Deno.test("TypedArraySerializer refuses a file that is cut, longer, or of another array, and names it", async () => {
  const protocols = memoryProtocols();
  const entry = entryOf(protocols);
  const [, pid] = await serializer.pickle(Float64Array.of(1, 2, 3), protocols);
  const bytes = await entry.read(pid.file);
  const [, other] = await serializer.pickle(BigInt64Array.of(1n, 2n, 3n), protocols);
  const reshaped = await serializer.pickle(new NdArray(Float64Array.of(1, 2, 3), [3, 1]), protocols);
  const damaged: [what: string, bytes: Uint8Array][] = [
    ["nothing", new Uint8Array()],
    ["half", bytes.slice(0, 140)],
    ["more", Uint8Array.of(...bytes, 0)],
    ["another type", await entry.read(other.file)],
    ["another shape", await entry.read(reshaped[1].file)],
  ];
  for (const [, body] of damaged) {
    await entry.write(pid.file, body);
    const error = await serializer.unpickle(pid, protocols).catch((error) => error);
    expect(error).toBeInstanceOf(IntegrityError);
    expect(error.message).toContain(pid.file);
  }
});

Deno.test("TypedArraySerializer refuses a record with another class", async () => {
  const protocols = memoryProtocols();
  const [, pid] = await serializer.pickle(Float64Array.of(1), protocols);
  for (const arrayClass of ["BigInt64Array", "Uint8ClampedArray", "Model"]) {
    await expect(serializer.unpickle({ ...pid, arrayClass }, protocols)).rejects.toThrow(`can not be a ${arrayClass}`);
  }
});

Deno.test("a storage keeps arrays at any depth, notices a changed byte, and removes their files", async () => {
  const path = await Deno.makeTempDir();
  try {
    const storage = new FileStorage({ path });
    const value = {
      image: Uint8ClampedArray.of(1, 2, 255),
      table: new NdArray(new Float64Array(1_000_000).fill(2), [1000, 1000]),
      list: [new Map([["w", BigInt64Array.of(-1n)]])],
    };
    await storage.save("w", "t", value);
    assertSameValue(await storage.readTask("w", "t"), value);

    const files = await filesBelow(path);
    const large = files.filter(({ name, size }) => name.endsWith(".npy") && size === 8_000_128);
    expect(files.filter(({ name }) => name.endsWith(".npy")).length).toBe(3);
    expect(large.length).toBe(1);
    using file = await Deno.open(large[0]!.name, { read: true, write: true });
    await file.seek(4_000_000, Deno.SeekMode.Start);
    await file.write(Uint8Array.of(99));
    await expect(storage.readTask("w", "t")).rejects.toThrow(IntegrityError);

    await storage.removeTask("w", { taskName: "t" });
    expect(await filesBelow(path)).toEqual([]);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});

async function filesBelow(path: string): Promise<{ name: string; size: number }[]> {
  const files: { name: string; size: number }[] = [];
  for await (const entry of Deno.readDir(path)) {
    const name = `${path}/${entry.name}`;
    if (entry.isDirectory) files.push(...await filesBelow(name));
    else files.push({ name, size: (await Deno.stat(name)).size });
  }
  return files;
}
