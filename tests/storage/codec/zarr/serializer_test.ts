import { expect } from "@std/expect";
import fc from "fast-check";
import {
  ChunkedArray,
  ChunkedArraySerializer,
  ConfigError,
  type Dtype,
  entryOf,
  FileStorage,
  IntegrityError,
  MEMORY_PROTOCOL,
  MemoryStorage,
  openZarr,
  type ProtocolEntry,
  type Protocols,
  SerializationError,
  type TaskStorage,
} from "../../../../mod.ts";
import { DTYPES_AND_CLASSES } from "./arrays.ts";

const serializer = new ChunkedArraySerializer();

/** What an entry was asked to read and write. */
interface Traffic {
  readonly reads: { readonly name: string; readonly bytes: number }[];
  readonly writes: string[];
}

/** The files of a memory store, and what is done with them. */
function watched(): { readonly protocols: Protocols; readonly entry: ProtocolEntry; readonly traffic: Traffic } {
  const entry = entryOf(new MemoryStorage().protocols("w"));
  const traffic: Traffic = { reads: [], writes: [] };
  const watching: ProtocolEntry = {
    open: (name, range) => entry.open(name, range),
    async read(name, range) {
      const bytes = await entry.read(name, range);
      traffic.reads.push({ name, bytes: bytes.length });
      return bytes;
    },
    write(name, body) {
      traffic.writes.push(name);
      return entry.write(name, body);
    },
    remove: (name) => entry.remove(name),
  };
  return { protocols: { [MEMORY_PROTOCOL]: watching }, entry, traffic };
}

/** Noise, which no compression makes smaller, the same each time. */
function noise(shape: readonly number[], chunks: readonly number[]): ChunkedArray<"uint8"> {
  return ChunkedArray.create({ shape, chunks, dtype: "uint8" }, ({ offset, shape }) => {
    let state = offset.reduce((sum, at) => sum * 31 + at, 17);
    return Uint8Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
      state = Math.imul(state, 1103515245) + 12345 | 0;
      return state >>> 16;
    });
  });
}

async function keysOf(storage: TaskStorage): Promise<string[]> {
  return (await Array.fromAsync(storage.objects.list())).map(({ key }) => key);
}

Deno.test("a chunked array is a result like any other, on files and in memory, at any depth", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const storage of [new MemoryStorage(), new FileStorage({ path: folder })]) {
      const array = noise([10, 9], [4, 4]);
      await storage.save("w", "grid", {
        rows: 10,
        arrays: [array, array.map((chunk) => chunk.map((x) => x & 1), { dtype: "bool" })],
      });
      const value = await storage.readTask("w", "grid");
      const { arrays: [first, second] } = value as { arrays: ChunkedArray[] };
      expect(first instanceof ChunkedArray).toBe(true);
      expect([first?.shape, first?.chunks, first?.dtype, second?.dtype]).toEqual([[10, 9], [4, 4], "uint8", "bool"]);
      expect(await first?.slice()).toEqual(await array.slice());
      expect([...(await second?.slice([9]))?.data ?? []]).toEqual([...(await array.slice([9])).data.map((x) => x & 1)]);
      await storage.removeTask("w", { taskName: "grid" });
      expect(await keysOf(storage)).toEqual([]);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("ChunkedArraySerializer brings back every dtype, shape and bit", async () => {
  const layouts = fc.array(fc.tuple(fc.nat(7), fc.integer({ min: 1, max: 9 })), { maxLength: 4 });
  const dtypes = fc.constantFrom(...DTYPES_AND_CLASSES);
  await fc.assert(
    fc.asyncProperty(layouts, dtypes, fc.nat(), async (layout, [dtype, arrayClass], seed) => {
      const shape = layout.map(([length]) => length);
      const chunks = layout.map(([, chunk]) => chunk);
      const array = ChunkedArray.create<Dtype>({ shape, chunks, dtype }, ({ offset, shape }) => {
        const length = shape.reduce((a, b) => a * b, 1) * new arrayClass(new ArrayBuffer(0)).BYTES_PER_ELEMENT;
        const bytes = Uint8Array.from({ length }, (_, i) => Math.imul(i + seed + offset.join().length, 40503) >>> 7);
        return new arrayClass(dtype === "bool" ? bytes.map((byte) => byte & 1).buffer : bytes.buffer);
      });
      const { protocols } = watched();
      const [, pid] = await serializer.pickle(array, protocols);
      const found = await serializer.unpickle(pid, protocols);
      expect([found.shape, found.chunks, found.dtype]).toEqual([shape, chunks, dtype]);
      const [got, wanted] = [(await found.slice()).data, (await array.slice()).data];
      expect(new Uint8Array(got.buffer)).toEqual(new Uint8Array(wanted.buffer));
      expect(got.constructor).toBe(arrayClass);
    }),
    { numRuns: 150 },
  );
});

Deno.test("ChunkedArraySerializer writes zarr.json and a file for each chunk, which openZarr reads", async () => {
  const storage = new MemoryStorage();
  const array = noise([5, 4], [2, 3]);
  await storage.save("w", "grid", array);
  const keys = await keysOf(storage);
  const root = keys.find((key) => key.endsWith("zarr.json"))?.slice(0, -"/zarr.json".length) ?? "";
  expect(keys.filter((key) => key.startsWith(root)).map((key) => key.slice(root.length))).toEqual(
    ["/c/0/0", "/c/0/1", "/c/1/0", "/c/1/1", "/c/2/0", "/c/2/1", "/zarr.json"],
  );
  const opened = await openZarr({ store: storage.objects, path: root });
  expect([opened.shape, opened.chunks]).toEqual([[5, 4], [2, 3]]);
  expect(await opened.slice()).toEqual(await array.slice());
});

Deno.test("ChunkedArraySerializer has 16 MiB of chunks at work, however large the array is", async () => {
  let alive = 0;
  let peak = 0;
  const { protocols, entry } = watched();
  const slow: ProtocolEntry = {
    ...entry,
    async write(name, body) {
      await new Promise((done) => setTimeout(done, 1));
      if (body instanceof Uint8Array) expect(body.length).toBeLessThan(3 << 20);
      if (!name.endsWith("zarr.json")) alive--;
    },
  };
  const layout = { shape: [64, 1 << 20], chunks: [2, 1 << 20], dtype: "uint8" } as const;
  const array = ChunkedArray.create(layout, () => {
    peak = Math.max(peak, ++alive);
    return new Uint8Array(2 << 20);
  });
  await serializer.pickle(array, { ...protocols, [MEMORY_PROTOCOL]: slow });
  expect(alive).toBe(0);
  expect(peak).toBe(8);
});

for (const [kind, shape, chunks] of [["chunks", [600, 600], [50, 60]], ["shards", [2100, 600], [20, 30]]] as const) {
  Deno.test(`a slice of a stored array reads its ${kind} and hardly a byte more`, async () => {
    const array = noise(shape, chunks);
    const { protocols, traffic } = watched();
    const [, pid] = await serializer.pickle(array, protocols);
    expect(pid.shardBytes.length > 0).toBe(kind === "shards");
    const found = await serializer.unpickle(pid, protocols);
    expect(traffic.reads.map(({ name }) => name)).toEqual([`${pid.folder}/zarr.json`]);
    traffic.reads.length = 0;
    expect(await found.slice([101, 138], [95, 200])).toEqual(await array.slice([101, 138], [95, 200]));
    const rows = Math.ceil(138 / chunks[0]) - Math.floor(101 / chunks[0]);
    const columns = Math.ceil(200 / chunks[1]) - Math.floor(95 / chunks[1]);
    const touched = rows * columns * chunks[0] * chunks[1];
    const read = traffic.reads.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(read).toBeGreaterThan(0.9 * touched);
    expect(read).toBeLessThan(1.1 * touched);
  });
}

Deno.test("an array of 20,000 chunks has at most 1,024 files, and all of it comes back", async () => {
  const storage = new MemoryStorage();
  const array = noise([20_000, 3], [1, 3]);
  await storage.save("w", "grid", array);
  expect((await keysOf(storage)).length).toBeLessThanOrEqual(1024 + 2);
  const found = await storage.readTask("w", "grid") as ChunkedArray;
  expect(found.chunks).toEqual([1, 3]);
  expect(await found.slice([0, 40])).toEqual(await array.slice([0, 40]));
  expect(await found.slice([-3])).toEqual(await array.slice([-3]));
  expect(await storage.inspectTask("w", "grid", { verify: true })).not.toHaveProperty("damaged");
  await storage.removeTask("w", { taskName: "grid" });
  expect(await keysOf(storage)).toEqual([]);
});

Deno.test("ChunkedArraySerializer removes what it wrote, also if some of it is gone, and if a chunk can not be made", async () => {
  const storage = new MemoryStorage();
  const protocols = storage.protocols("w");
  const [, pid] = await serializer.pickle(noise([9], [2]), protocols);
  await entryOf(protocols).remove(`${pid.folder}/c/1`);
  await entryOf(protocols).remove(`${pid.folder}/zarr.json`);
  await serializer.remove(pid, protocols);
  await serializer.remove(pid, protocols);
  expect(await keysOf(storage)).toEqual([]);

  const failing = ChunkedArray.create(
    { shape: [9], chunks: [2], dtype: "int8" },
    ({ offset: [at = 0], shape: [length = 0] }) => {
      if (at === 6) throw new RangeError("no data for 6");
      return new Int8Array(length);
    },
  );
  await expect(serializer.pickle(failing, protocols)).rejects.toThrow("no data for 6");
  await expect(storage.save("w", "failing", failing)).rejects.toThrow(
    /"failing".*"ChunkedArraySerializer".*no data for 6/,
  );
  await expect(storage.save("w", "failing", failing)).rejects.toThrow(SerializationError);
  const wrong = ChunkedArray.create({ shape: [9], chunks: [2], dtype: "int8" }, () => new Int8Array(1));
  await expect(storage.save("w", "wrong", wrong)).rejects.toThrow(ConfigError);
  expect(await keysOf(storage)).toEqual([]);
});

Deno.test("a lost or altered chunk of a stored array is an IntegrityError that names the result; the others are read", async () => {
  for (const [shape, chunks] of [[[9], [2]], [[4000], [2]]] as const) {
    const storage = new MemoryStorage();
    const array = noise(shape, chunks);
    await storage.save("w", "grid", array);
    const first = (await keysOf(storage)).find((key) => key.endsWith("/c/0")) ?? "";
    const found = await storage.readTask("w", "grid") as ChunkedArray;
    const bytes = await storage.objects.get(first);
    // The first element, after what a frame of Zstandard begins with.
    bytes[9] = (bytes[9] ?? 0) ^ 4;
    await storage.objects.put(first, bytes);
    await expect(found.slice([0, 2])).rejects.toThrow(IntegrityError);
    await storage.objects.put(first, bytes.subarray(0, 7));
    await expect(found.slice([0, 2])).rejects.toThrow(IntegrityError);
    await storage.objects.delete(first);
    await expect(found.slice([0, 2])).rejects.toThrow(
      /task "grid" of workflow "w" is damaged: its file ".*c\/0" is missing/,
    );
    expect(await found.slice([-1])).toEqual(await array.slice([-1]));
  }
});

Deno.test("ChunkedArraySerializer refuses an array that is not the one that was written, or lost its chunks", async () => {
  const { protocols, entry } = watched();
  const [, pid] = await serializer.pickle(noise([9], [2]), protocols);
  const [, other] = await serializer.pickle(noise([9], [3]), protocols);
  await entry.write(`${pid.folder}/zarr.json`, await entry.read(`${other.folder}/zarr.json`));
  await expect(serializer.unpickle(pid, protocols)).rejects.toThrow(
    /is not what was written: it holds uint8 of shape \[9\] in chunks of \[3\]/,
  );
  await entry.remove(`${pid.folder}/zarr.json`);
  await expect(serializer.unpickle(pid, protocols)).rejects.toThrow(/its zarr\.json is missing/);
  await entry.remove(`${other.folder}/c/1`);
  const found = await serializer.unpickle(other, protocols);
  await expect(found.slice()).rejects.toThrow(/is damaged: its chunk "c\/1" is missing/);
});

Deno.test("a task storage loads nothing that reads or writes Zarr before an array in chunks is stored", async () => {
  const loaded = new Set<string>();
  const follow = async (module: URL): Promise<void> => {
    if (loaded.has(module.href)) return;
    loaded.add(module.href);
    const text = await Deno.readTextFile(module);
    for (const [, isType, name] of text.matchAll(/^(?:import|export) (type )?[^;"]*?from "(\.[^"]+)"/gm)) {
      if (isType === undefined && name !== undefined) await follow(new URL(name, module));
    }
  };
  await follow(new URL("../../../../mod.ts", import.meta.url));
  const ours = [...loaded].filter((href) => /chunked_array|zarr/.test(href)).map((href) => href.split("/codec/")[1])
    .sort();
  expect(ours).toEqual([
    "chunked_array.ts",
    "chunked_array_serializer.ts",
    "zarr.ts",
    "zarr/block.ts",
    "zarr/parallel.ts",
  ]);
});
