import { expect } from "@std/expect";
import {
  ConfigError,
  defineWorkflow,
  type Input,
  IntegrityError,
  MemoryObjectStore,
  SerializationError,
  StepFailedError,
  task,
} from "@fusewire/fusewire";
import { onEachStorage, until } from "./storages.ts";

const MEGABYTE = 1_000_000;
const large = task((seed: number) => {
  const bytes = new Uint8Array(MEGABYTE);
  for (let i = 0, value = seed; i < bytes.length; i++) {
    value = Math.imul(value, 1_664_525) + 1_013_904_223 | 0;
    bytes[i] = value >>> 24;
  }
  return { seed, bytes, text: "é".repeat(100_000) };
}, { name: "large" });
const size = task(({ bytes, text }: { bytes: Uint8Array; text: string }) => bytes.length + text.length, {
  name: "size",
});
const both = defineWorkflow("large", { version: "1" }, (input: Input<{ seed: number }>) => {
  const made = large(input.seed);
  return [made, size(made)];
});

onEachStorage("A result of over a megabyte is kept and read back, without any object store", async (world) => {
  await using process = await world.process();
  const [made, total] = await process.runtime.run(both, { seed: 7 }, { id: "large" });
  expect([made.bytes.length, made.seed, total]).toEqual([MEGABYTE, 7, MEGABYTE + 100_000]);
  await using other = await world.process();
  const [again] = await other.runtime.attach<[typeof made, number]>("large").result();
  expect(again.seed).toBe(7);
  expect(again.text).toBe(made.text);
  expect(again.bytes.every((byte, i) => byte === made.bytes[i])).toBe(true);
});

onEachStorage(
  "Large results lie in the attached object store, are read from there, and go with their run",
  async (world) => {
    const storage = new MemoryObjectStore();
    await using process = await world.process({ storage });
    const keys = async () => (await Array.fromAsync(storage.list())).map(({ key }) => key);
    const [made] = await process.runtime.run(both, { seed: 7 }, { id: "large" });
    await process.runtime.run(both, { seed: 8 }, { id: "other" });
    expect((await keys()).length).toBe(2);
    await using other = await world.process({ storage });
    const run = other.runtime.attach<[typeof made, number]>("large");
    expect((await run.result())[0].bytes.length).toBe(MEGABYTE);
    await using without = await world.process();
    await expect(without.runtime.get("large").result()).rejects.toThrow(ConfigError);
    const [first] = (await keys()).filter((key) => key !== "");
    if (first === undefined) throw new Error("An object was expected.");
    await storage.put(first, new Uint8Array(10));
    const damaged = await Promise.allSettled(["large", "other"].map((id) => other.runtime.get(id).result()));
    const errors = damaged.flatMap((result) => result.status === "rejected" ? [result.reason] : []);
    expect(errors.length).toBe(1);
    expect(errors[0]).toBeInstanceOf(IntegrityError);
    await world.skip(10);
    expect(await other.runtime.gc({ olderThan: 0 })).toBe(2);
    expect(await keys()).toEqual([]);
  },
  { largeValueBytes: 60_000 },
);

onEachStorage("A large input is kept too", async (world) => {
  const length = task((text: string) => text.length, { name: "length" });
  const definition = defineWorkflow("input", { version: "1" }, (input: Input<{ text: string }>) => length(input.text));
  await using process = await world.process();
  const run = await process.runtime.start(definition, { text: "é".repeat(MEGABYTE) });
  await using other = await world.process();
  await other.runtime.worker([definition]).tick({ budgetMs: 30_000 });
  expect(await run.result()).toBe(MEGABYTE);
});

onEachStorage(
  "A result that can not be kept fails its step, and the message has the path of the value",
  async (world) => {
    class Thing {
      readonly name = "thing";
    }
    const bad = task(() => ({ list: [1, { deep: () => 1 }] }), { name: "bad" });
    const worse = task(() => new Map([["thing", new Thing()]]), { name: "worse" });
    const after = task((_value: unknown) => 1, { name: "after" });
    for (const [node, path] of [[bad, "list[1].deep"], [worse, "thing"]] as const) {
      const definition = defineWorkflow(`unserialisable ${path}`, { version: "1" }, () => after(node()));
      await using process = await world.process();
      const run = await process.runtime.start(definition);
      const error: unknown = await process.runtime.run(definition, undefined, { id: run.id }).catch((error: unknown) =>
        error
      );
      if (!(error instanceof StepFailedError)) throw new TypeError("a StepFailedError was expected");
      expect(error.cause).toBeInstanceOf(SerializationError);
      expect(error.message).toContain(path);
      const { status, steps } = await run.status();
      expect([status, ...steps.map(({ status }) => status)]).toEqual(["FAILED", "FAILED", "CANCELLED"]);
      expect(steps[0]?.error?.name).toBe("SerializationError");
    }
  },
);

onEachStorage("An input that can not be kept is refused, and no run is made", async (world) => {
  const echo = task((value: unknown) => value, { name: "echo" });
  const definition = defineWorkflow("echo", { version: "1" }, (input: Input<{ value: unknown }>) => echo(input.value));
  await using process = await world.process();
  await expect(process.runtime.start(definition, { value: () => 1 })).rejects.toThrow(SerializationError);
  await expect(process.runtime.run(definition, { value: () => 1 })).rejects.toThrow(SerializationError);
  expect((await process.runtime.list()).runs).toEqual([]);
});

onEachStorage("What a step does to a value that it was given is not stored", async (world) => {
  const make = task(() => ({ rows: [1, 2] }), { name: "make" });
  const spoil = task(({ rows }: { rows: number[] }) => rows.push(99), { name: "spoil" });
  let fails = true;
  const read = task(({ rows }: { rows: number[] }, _after: number) => {
    if (fails) throw new RangeError("not yet");
    return rows.length;
  }, { name: "read" });
  const definition = defineWorkflow("spoil", { version: "1" }, () => {
    const made = make();
    return read(made, spoil(made));
  });
  await using process = await world.process();
  await expect(process.runtime.run(definition, undefined, { id: "spoil" })).rejects.toThrow("not yet");
  fails = false;
  await process.runtime.get("spoil").retry();
  expect(await process.runtime.run(definition, undefined, { id: "spoil" })).toBe(2);
});

onEachStorage("Every kind of value that the encoding keeps comes back from another process", async (world) => {
  const values = (): unknown[] => [
    null,
    undefined,
    -0,
    NaN,
    12n ** 30n,
    "é😀",
    new Date(5),
    /x/gi,
    new Map<unknown, unknown>([[1, new Set(["a"])]]),
    new Float32Array([1.5, -2]),
    [, 1],
  ];
  const give = task(() => values(), { name: "give" });
  const definition = defineWorkflow("values", { version: "1" }, () => give());
  await using process = await world.process();
  await process.runtime.run(definition, undefined, { id: "values" });
  await using other = await world.process();
  expect(await other.runtime.get("values").result()).toEqual(values());
});

onEachStorage("retry() from the failed step keeps what is committed, also in another process", async (world) => {
  const calls: string[] = [];
  let fails = true;
  const step = task((name: string, before: number): number => {
    calls.push(name);
    if (name === "c" && fails) throw new RangeError("boom");
    return before + 1;
  }, { name: "step" });
  const definition = defineWorkflow("retried", { version: "1" }, () => {
    const b = step("b", step("a", 0));
    return [step("d", step("c", b)), step("e", b)];
  });
  await using process = await world.process();
  await expect(process.runtime.run(definition, undefined, { id: "retried" })).rejects.toThrow("boom");
  expect(calls.toSorted()).toEqual(["a", "b", "c", "e"]);
  fails = false;
  calls.length = 0;
  await using other = await world.process();
  await other.runtime.get("retried").retry();
  await other.runtime.worker([definition]).tick({ budgetMs: 30_000 });
  expect(await process.runtime.get("retried").result()).toEqual([4, 3]);
  expect(calls).toEqual(["c", "d"]);
  const { status, steps } = await process.runtime.get("retried").status();
  expect(status).toBe("SUCCEEDED");
  expect(steps.every(({ status, attempt, error }) => status === "SUCCEEDED" && attempt === 1 && error === undefined))
    .toBe(true);
});

onEachStorage("gc() forgets the runs that ended before a time, and no other", async (world) => {
  const step = task(() => 1, { name: "step" });
  const definition = defineWorkflow("gc", { version: "1" }, () => step());
  await using process = await world.process();
  const { runtime } = process;
  for (let i = 0; i < 3; i++) await runtime.run(definition, undefined, { id: `old ${i}`, idempotencyKey: `${i}` });
  await world.skip(10_000);
  await runtime.run(definition, undefined, { id: "young" });
  await runtime.start(definition, undefined, { id: "waiting" });
  expect(await runtime.gc({ olderThan: 60_000 })).toBe(0);
  expect(await runtime.gc({ olderThan: 5_000 })).toBe(3);
  expect((await runtime.list()).runs.map(({ id }) => id).toSorted()).toEqual(["waiting", "young"]);
  await expect(runtime.get("old 0").result()).rejects.toThrow("There is no run");
  expect((await runtime.start(definition, undefined, { idempotencyKey: "0" })).id).not.toBe("old 0");
  await until(async () => await runtime.gc({ olderThan: new Date(8.64e15) }) === 1);
});
