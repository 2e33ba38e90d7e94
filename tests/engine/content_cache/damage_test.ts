import { expect } from "@std/expect";
import {
  defineWorkflow,
  type Input,
  KvRuntimeStorage,
  MemoryObjectStore,
  openRuntime,
  type RunEvent,
  type Runtime,
  task,
} from "@fusewire/fusewire";
import { MemoryKv } from "@fusewire/fusewire/testing";

let made = 0;
const make = task((size: number) => {
  made++;
  return "x".repeat(size);
}, { name: "make" });
const damaged = defineWorkflow(
  "damaged",
  { version: "1", cache: "content" },
  (input: Input<{ size: number }>) => make(input.size),
);

/** A result of so many characters, the warnings of its run, and whether the step was run. */
async function run(runtime: Runtime, size: number): Promise<{ warnings: string[]; called: boolean }> {
  made = 0;
  const id = crypto.randomUUID();
  expect(await runtime.run(damaged, { size }, { id })).toBe("x".repeat(size));
  const events: RunEvent[] = await Array.fromAsync(runtime.get(id).events());
  return { warnings: events.flatMap((event) => event.event === "warning" ? event.message : []), called: made > 0 };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** Changes the entry of the one result that is kept. */
async function alter(kv: MemoryKv, change: (entry: Record<string, unknown>) => void): Promise<void> {
  let altered = 0;
  for await (const { key, value } of kv.list({ prefix: ["fw", "cached"] })) {
    const copy = structuredClone(value);
    if (!isRecord(copy)) throw new TypeError("This is no entry of a result.");
    change(copy);
    await kv.set(key, copy);
    altered++;
  }
  expect(altered).toBeGreaterThan(0);
}

function flip(bytes: unknown, at: number): void {
  if (!(bytes instanceof Uint8Array)) throw new TypeError("These are no bytes.");
  bytes[at]! ^= 1;
}

Deno.test("A kept result with any byte altered, or a hash, is not used, with a warning", async () => {
  const kv = new MemoryKv();
  await using runtime = await openRuntime({ runtimeStorage: new KvRuntimeStorage(kv) });
  expect(await run(runtime, 5)).toEqual({ warnings: [], called: true });
  expect(await run(runtime, 5)).toEqual({ warnings: [], called: false });
  const [entry] = await Array.fromAsync(kv.list<{ v: Uint8Array }>({ prefix: ["fw", "cached"] }));
  const changes = [
    ...Array.from(entry!.value.v.keys(), (at) => (of: Record<string, unknown>) => flip(of["v"], at)),
    (of: Record<string, unknown>) => void (of["c"] = "0".repeat(64)),
    (of: Record<string, unknown>) => void delete of["c"],
    (of: Record<string, unknown>) => void (of["d"] = "0".repeat(64)),
  ];
  for (const change of changes) {
    await alter(kv, change);
    const after = await run(runtime, 5);
    expect(after.called).toBe(true);
    expect(after.warnings).toEqual([
      "The kept result of `make_0000` can not be used, so that the step is run: its bytes are not those that were kept",
    ]);
    // What was made is kept in its place.
    expect(await run(runtime, 5)).toEqual({ warnings: [], called: false });
  }
});

Deno.test("A kept result is not taken for that under another key", async () => {
  const kv = new MemoryKv();
  await using runtime = await openRuntime({ runtimeStorage: new KvRuntimeStorage(kv) });
  for (const size of [1, 2]) await run(runtime, size);
  const [one, two] = await Array.fromAsync(kv.list({ prefix: ["fw", "cached"] }));
  await kv.set(one!.key, two!.value);
  await kv.set(two!.key, one!.value);
  for (const size of [1, 2]) {
    const { warnings, called } = await run(runtime, size);
    expect([warnings.length, called]).toEqual([1, true]);
  }
});

Deno.test("A large kept result whose pieces are altered or gone is made again", async () => {
  const kv = new MemoryKv();
  await using runtime = await openRuntime({ runtimeStorage: new KvRuntimeStorage(kv) });
  expect(await run(runtime, 200_000)).toEqual({ warnings: [], called: true });
  for (const isGone of [false, true]) {
    expect(await run(runtime, 200_000)).toEqual({ warnings: [], called: false });
    let altered = 0;
    for await (const { key, value } of kv.list<Uint8Array>({ prefix: ["fw", "blob"] })) {
      if (!String(key[2]).startsWith("\u0001cached ") || altered++ > 0) continue;
      if (isGone) await kv.delete(key);
      else await kv.set(key, value.map((byte) => byte ^ 1));
    }
    expect(altered).toBe(4);
    const { warnings, called } = await run(runtime, 200_000);
    expect(called).toBe(true);
    expect(warnings).toEqual([expect.stringContaining("The kept result of `make_0000` can not be used")]);
  }
});

Deno.test("A large kept result that the object store has altered or lost is made again", async () => {
  const storage = new MemoryObjectStore();
  await using runtime = await openRuntime({ runtimeStorage: new KvRuntimeStorage(new MemoryKv()), storage });
  expect(await run(runtime, 200_000)).toEqual({ warnings: [], called: true });
  for (const isGone of [false, true]) {
    expect(await run(runtime, 200_000)).toEqual({ warnings: [], called: false });
    const [object, ...others] = await Array.fromAsync(storage.list("cached/"));
    expect(others).toEqual([]);
    if (isGone) await storage.delete(object!.key);
    else await storage.put(object!.key, (await storage.get(object!.key)).map((byte) => byte ^ 1));
    const { warnings, called } = await run(runtime, 200_000);
    expect(called).toBe(true);
    const why = isGone ? "the object store has lost it" : "its bytes are not those that were written";
    expect(warnings).toEqual([expect.stringContaining(why)]);
  }
});
