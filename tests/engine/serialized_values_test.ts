import {
  ChunkedArray,
  defineWorkflow,
  FileObjectStore,
  type Input,
  MemoryObjectStore,
  NdArray,
  SerializationError,
  StepFailedError,
  task,
} from "@fusewire/fusewire";
import { expect } from "@std/expect";
import { Big, BigSerializer } from "../storage/big.ts";
import { onEachStorage } from "./storages.ts";

const squares = task(
  (length: number) =>
    ChunkedArray.create(
      { shape: [length], chunks: [100], dtype: "float64" },
      ({ offset: [start = 0], shape: [count = 0] }) => Float64Array.from({ length: count }, (_, i) => (start + i) ** 2),
    ),
  { name: "squares" },
);
const middle = task(async (array: ChunkedArray<"float64">) => (await array.slice([499, 502])).data, { name: "middle" });
const chunked = defineWorkflow("chunked", { version: "1" }, (input: Input<{ length: number }>) => {
  const array = squares(input.length);
  return [array, middle(array)];
});

const grow = task(
  (by: number) => ({ parts: [new Big(by), new Big(2 * by)], table: new NdArray(new Int8Array(4), [2, 2]) }),
  {
    name: "grow",
  },
);
const total = task(({ parts }: { parts: Big[] }) => parts.reduce((sum, { value }) => sum + value, 0), {
  name: "total",
});
const grown = defineWorkflow("grown", { version: "1" }, (input: Input<{ by: number }>) => {
  const made = grow(input.by);
  return [made, total(made)];
});

async function keysOf(store: MemoryObjectStore): Promise<string[]> {
  return (await Array.fromAsync(store.list())).map(({ key }) => key);
}

onEachStorage(
  "A chunked array of a durable run lies in the attached store, and another process reads its chunks",
  async (world) => {
    const storage = new MemoryObjectStore();
    await using process = await world.process({ storage });
    const [, part] = await process.runtime.run(chunked, { length: 1000 }, { id: "squares" });
    expect(part).toEqual(Float64Array.of(499 ** 2, 500 ** 2, 501 ** 2));
    expect((await keysOf(storage)).filter((key) => key.endsWith("zarr.json")).length).toBe(1);

    await using other = await world.process({ storage });
    const [array] = await other.runtime.attach<[ChunkedArray<"float64">, Float64Array]>("squares").result();
    expect(array.shape).toEqual([1000]);
    expect((await array.slice([998])).data).toEqual(Float64Array.of(998 ** 2, 999 ** 2));

    await world.skip(10);
    expect(await other.runtime.gc({ olderThan: 0 })).toBe(1);
    expect(await keysOf(storage)).toEqual([]);
  },
);

onEachStorage(
  "An object of a class comes back by its serializer, which the runtime is given, at any depth",
  async (world) => {
    const storage = new MemoryObjectStore();
    await using process = await world.process({ storage, serializers: [new BigSerializer()] });
    await process.runtime.run(grown, { by: 7 }, { id: "grown" });
    await using other = await world.process({ storage, serializers: [new BigSerializer()] });
    const [made, sum] = await other.runtime.attach<[{ parts: Big[]; table: NdArray }, number]>("grown").result();
    expect(made.parts).toEqual([new Big(7), new Big(14)]);
    expect(made.table.shape).toEqual([2, 2]);
    expect(sum).toBe(21);

    await using without = await world.process({ storage });
    const reading = without.runtime.get("grown").result();
    await expect(reading).rejects.toThrow(SerializationError);
    await expect(reading).rejects.toThrow('"big", which is not registered');
    await expect(reading).rejects.toThrow('task "grow_0000" of workflow "grown"');
  },
);

onEachStorage("A result that needs files fails its step where the runtime has no store for them", async (world) => {
  await using process = await world.process();
  const running = process.runtime.run(chunked, { length: 10 });
  await expect(running).rejects.toThrow(StepFailedError);
  const { cause } = await running.catch((error) => error);
  expect(cause).toBeInstanceOf(SerializationError);
  expect(cause.message).toContain("holds a ChunkedArray, which is kept in files: open the runtime with a `storage`");
});

onEachStorage("A worker that is lent a step reads and writes what serializers keep", async (world) => {
  const storage = new MemoryObjectStore();
  await using first = await world.process({ storage });
  await using second = await world.process({ storage });
  const wide = defineWorkflow("wide", { version: "1" }, () => {
    const array = squares(1000);
    return Array.from({ length: 12 }, () => middle(array));
  });
  const run = await first.runtime.start(wide, undefined);
  const stop = new AbortController();
  const workers = [first, second].map(({ runtime }) =>
    runtime.worker([wide], { concurrency: 2 }).run({ signal: stop.signal })
  );
  const parts = await run.result();
  stop.abort();
  await Promise.all(workers);
  expect(parts).toEqual(Array(12).fill(Float64Array.of(499 ** 2, 500 ** 2, 501 ** 2)));
});

Deno.test("A damaged file of a durable result is an IntegrityError that names it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { openRuntime } = await import("@fusewire/fusewire");
    const storage = new FileObjectStore({ path: folder });
    await using runtime = await openRuntime({ kv: ":memory:", storage });
    await runtime.run(chunked, { length: 1000 }, { id: "squares" });
    const keys = (await Array.fromAsync(storage.list())).map(({ key }) => key);
    await storage.put(keys.find((key) => key.endsWith("zarr.json"))!, new Uint8Array(9));
    const reading = runtime.get("squares").result();
    await expect(reading).rejects.toThrow('task "squares_0000" of workflow "chunked"');
    await expect(reading).rejects.toMatchObject({ code: "INTEGRITY" });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
