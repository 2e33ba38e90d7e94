import { expect } from "@std/expect";
import {
  ChunkedArray,
  ConfigError,
  ConflictError,
  defineWorkflow,
  type Input,
  MemoryObjectStore,
  MemoryRuntimeStorage,
  NotFoundError,
  openRuntime,
  optional,
  type RunEvent,
  type Runtime,
  type RuntimeStorage,
  task,
} from "@fusewire/fusewire";
import { concatChunks } from "../../storage/codec/structured.ts";
import { errorRecord } from "../../src/errors.ts";
import { SingleWorkerStorage } from "../../storage/runtime/single_worker.ts";
import { Big, BigSerializer } from "../storage/big.ts";
import { onEachStorage, Serving, until } from "./storages.ts";

const log: string[] = [];
let isBroken = false;

const parse = task((text: string) => (log.push("parse"), text.split(",").map(Number)), { name: "parse" });
const total = task((numbers: readonly number[]) => {
  log.push("total");
  if (isBroken) throw new RangeError("no total", { cause: new Error("the secret of total") });
  return numbers.reduce((sum, number) => sum + number, 0);
}, { name: "total" });
const label = task((name: string, total: number) => (log.push("label"), `${name}: ${total}`), { name: "label" });
let tries = 0;
const shaky = task(() => {
  if (++tries % 2 === 1) throw new Error("once more");
  return tries;
}, { name: "shaky", retry: { maxAttempts: 2, initialDelay: 0 } });
interface Order {
  readonly name: string;
  readonly text: string;
  readonly user?: { readonly password: string; readonly url: string };
}
const orders = defineWorkflow("orders", { version: "1" }, (input: Input<Order>) => {
  const numbers = parse(input.text).setName("parse").after(optional(shaky().setName("shaky")).setName("perhaps"));
  return label(input.name, total(numbers).setName("total")).setName("label");
});
const order = { name: "sum", text: "1,2,3" };

function begin(): void {
  log.length = 0;
  isBroken = false;
  tries = 0;
}

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  return concatChunks(await Array.fromAsync(stream, (chunk) => chunk.slice()));
}

async function textOf(bundle: Uint8Array<ArrayBuffer>): Promise<string> {
  return await new Response(new Blob([bundle]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

async function eventsOf(runtime: Runtime, id: string): Promise<unknown[]> {
  const events: RunEvent[] = [];
  for await (const event of runtime.get(id).events()) events.push(event);
  return events.map(({ process: _process, host: _host, runId: _runId, ...event }) => event);
}

/** Whatever runs there, it is not for long. */
async function inMemory(storage?: MemoryObjectStore): Promise<Runtime> {
  return await openRuntime({ runtimeStorage: new MemoryRuntimeStorage(), ...(storage ? { storage } : {}) });
}

onEachStorage("A run is exported, imported into other stores, looked at there, and forked", async (world) => {
  begin();
  await using process = await world.process();
  const result = await process.runtime.run(orders, order, { id: "first", tags: ["t"], priority: 2, queue: "q" });
  const [status, events] = [await process.runtime.get("first").status(), await eventsOf(process.runtime, "first")];
  expect(events.length).toBeGreaterThan(10);
  const bundle = await bytesOf(process.runtime.export("first"));

  await using memory = await inMemory();
  const there = await memory.import(bundle);
  expect(there.id).toBe("first");
  const expected = { run: "first", exportedAt: expect.any(Number), status: "SUCCEEDED" };
  expect(await there.status()).toEqual({ ...status, importedFrom: expected });
  expect(await there.result()).toBe(result);
  expect(await eventsOf(memory, "first")).toEqual(events);
  const [listed] = (await memory.list()).runs;
  expect([listed?.tags, listed?.priority, listed?.queue, listed?.importedFrom]).toEqual([["t"], 2, "q", expected]);

  // From there as a stream into another KV, beside other runs.
  await using other = await openRuntime({ kv: ":memory:" });
  await other.run(orders, order, { id: "first" });
  await expect(other.import(bundle)).rejects.toThrow(ConflictError);
  const again = await other.import(memory.export(there), { id: "far" });
  expect(await again.result()).toBe(result);
  expect((await again.status()).importedFrom?.run).toBe("first");

  log.length = 0;
  const fork = await other.fork(again, { from: "total", override: { parse: [4, 5] }, queue: "here" });
  const stop = new AbortController();
  const serving = other.worker([orders], { queues: ["here", "q"] }).run({ signal: stop.signal, handleSignals: false });
  expect(await fork.result()).toBe("sum: 9");
  expect((await fork.status()).forkedFrom).toEqual({ run: "far", from: ["total"], overridden: ["parse"] });
  expect(log).toEqual(["total", "label"]);

  // And the fork goes on its way too, with where it came from.
  const back = await process.runtime.import(other.export(fork));
  expect((await back.status()).forkedFrom?.run).toBe("far");
  expect(await eventsOf(process.runtime, back.id)).toEqual(await eventsOf(other, fork.id));
  stop.abort();
  await serving;
});

onEachStorage("An imported run that failed shows its error, is not retried, and a fork mends it", async (world) => {
  begin();
  isBroken = true;
  await using runtime = await inMemory();
  await expect(runtime.run(orders, order, { id: "failed" })).rejects.toThrow("no total");
  const bundle = await bytesOf(runtime.export("failed"));
  await using process = await world.process();
  const run = await process.runtime.import(ReadableStream.from([bundle.subarray(0, 10), bundle.subarray(10)]));
  const error = errorRecord(await run.result().catch((error) => error));
  expect([error.message, error.cause?.name, error.cause?.cause?.message]).toEqual([
    "Node `total` of workflow `orders` failed: no total",
    "RangeError",
    "the secret of total",
  ]);
  await expect(run.retry()).rejects.toThrow("was imported");
  isBroken = false;
  await using _serving = new Serving(process, [orders]);
  expect(await (await process.runtime.fork(run, { from: [] })).result()).toBe("sum: 6");
  expect((await run.status()).status).toBe("FAILED");
});

onEachStorage(
  "A run that is at work is imported as cancelled, executes nowhere, and a fork goes on with it",
  async (world) => {
    begin();
    const hold = Promise.withResolvers<void>();
    const wait = task(async (n: number) => {
      log.push("wait");
      if (log.length === 1) await hold.promise;
      return n;
    }, { name: "wait" });
    const first = task(() => 20, { name: "first" });
    const waits = defineWorkflow("waits", { version: "1" }, () => wait(first().setName("first")).setName("wait"));
    await using runtime = await inMemory();
    const stop = new AbortController();
    const serving = runtime.worker([waits]).run({ signal: stop.signal, handleSignals: false });
    const run = await runtime.start(waits, undefined, { id: "run" });
    await until(() => log.length === 1);
    const bundle = await bytesOf(runtime.export(run));
    await using process = await world.process();
    await using _serving = new Serving(process, [waits]);
    const imported = await process.runtime.import(bundle);
    const status = await imported.status();
    expect([status.status, status.importedFrom?.status]).toEqual(["CANCELLED", "RUNNING"]);
    expect(status.steps.map(({ status }) => status)).toEqual(["SUCCEEDED", "CANCELLED"]);
    await expect(imported.result()).rejects.toThrow("was cancelled");
    await imported.cancel();
    const fork = await process.runtime.fork(imported, { from: [] });
    expect(await fork.result()).toBe(20);
    expect(log).toEqual(["wait", "wait"]);
    hold.resolve();
    expect(await run.result()).toBe(20);
    stop.abort();
    await serving;
  },
);

Deno.test("What is redacted is nowhere in the bundle, and a fork needs an input that has it", async () => {
  begin();
  const input = { ...order, user: { password: "hunter2!", url: "db://me:hunter2!@host" } };
  await using runtime = await inMemory();
  await runtime.run(orders, input, { id: "first" });
  expect(await textOf(await bytesOf(runtime.export("first")))).toContain("hunter2!");
  const bundle = await bytesOf(runtime.export("first", { redact: ["user.password"] }));
  expect(await textOf(bundle)).not.toContain("hunter2!");
  await using other = await openRuntime({ kv: ":memory:" });
  const run = await other.import(bundle);
  expect(await run.result()).toBe("sum: 6");
  expect((await run.status()).importedFrom?.redacted).toEqual(["user.password", "user.url"]);
  expect(await other.core.codec.decodeInput((await other.core.storage.readRun("first"))!.input)).toEqual({
    ...order,
    user: { password: "[redacted]", url: "[redacted]" },
  });
  await expect(other.fork(run, { from: "label" })).rejects.toThrow("(user.password, user.url)");
  expect((await other.list()).runs.length).toBe(1);
  const stop = new AbortController();
  const serving = other.worker([orders]).run({ signal: stop.signal, handleSignals: false });
  const fork = await other.fork(run, { from: "label", input: { ...order, name: "all" } });
  expect(await fork.result()).toBe("all: 6");
  // A fork has an input of its own; a copy of the import still has not.
  expect(await (await other.fork(fork, { from: "label" })).result()).toBe("all: 6");
  const copy = await other.import(other.export(run, { redact: ["name"] }), { id: "copy" });
  expect((await copy.status()).importedFrom?.redacted).toEqual(["user.password", "user.url", "name"]);
  stop.abort();
  await serving;
});

Deno.test("Results and errors of steps are left out by pattern", async () => {
  begin();
  await using runtime = await inMemory();
  await runtime.run(orders, order, { id: "first" });
  await using other = await inMemory();
  const run = await other.import(runtime.export("first", { redactResults: "{parse,label}" }));
  expect((await run.status()).status).toBe("SUCCEEDED");
  await expect(run.result()).rejects.toThrow("The result of step `label` was left out when the run was exported.");
  const stop = new AbortController();
  const serving = other.worker([orders]).run({ signal: stop.signal, handleSignals: false });
  await expect(other.fork(run, { from: "total" })).rejects.toThrow("without the result of step `parse`");
  expect(await (await other.fork(run, { from: ["parse", "total"] })).result()).toBe("sum: 6");
  expect(await (await other.fork(run, { from: "total", override: { parse: [1] } })).result()).toBe("sum: 1");
  expect(await (await other.fork(run, { from: "label", override: { parse: [] } })).result()).toBe("sum: 0");
  stop.abort();
  await serving;

  isBroken = true;
  await expect(runtime.run(orders, order, { id: "failed" })).rejects.toThrow("no total");
  const failed = await other.import(runtime.export("failed", { redactResults: /total|shaky/ }));
  const error = errorRecord(await failed.result().catch((error) => error));
  expect(error.message).toBe("Node `total` of workflow `orders` failed: [redacted]");
  expect(JSON.stringify([await failed.status(), await eventsOf(other, "failed")])).not.toMatch(
    /no total|secret|once more/,
  );
});

const grow = task((by: number) => ({
  parts: [new Big(by), new Big(2 * by)],
  squares: ChunkedArray.create(
    { shape: [1000], chunks: [100], dtype: "float64" },
    ({ offset: [start = 0], shape: [count = 0] }) => Float64Array.from({ length: count }, (_, i) => (start + i) ** 2),
  ),
}), { name: "grow" });
const pick = task(async ({ parts, squares }: { parts: Big[]; squares: ChunkedArray<"float64"> }) => {
  return [parts[1]?.value, (await squares.slice([30, 31])).data[0]];
}, { name: "pick" });
const grown = defineWorkflow("grown", { version: "1" }, (input: Input<{ by: number; big: Big; password: string }>) => {
  return pick(grow(input.by).setName("grow")).setName("pick");
});

onEachStorage(
  "Values with files go along with a fork and a bundle, from one object store to another",
  async (world) => {
    const serializers = [new BigSerializer()];
    const from = new MemoryObjectStore();
    await using runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage(), storage: from, serializers });
    const input = { by: 4, big: new Big(1), password: "hunter2!" };
    expect(await runtime.run(grown, input, { id: "first" })).toEqual([8, 900]);
    const fork = await runtime.fork("first", { from: "pick" });
    await runtime.gc({ olderThan: -1e6 });
    const bundle = await bytesOf(runtime.export(fork, { redact: ["password"] }));

    const to = new MemoryObjectStore();
    await using process = await world.process({ storage: to, serializers });
    const there = await process.runtime.import(bundle, { id: "there" });
    await using _serving = new Serving(process, [grown]);
    const again = await process.runtime.fork(there, { from: "pick", input });
    expect(await again.result()).toEqual([8, 900]);
    await using other = await world.process();
    await expect(other.runtime.import(bundle, { id: "nowhere" })).rejects.toThrow("open the runtime with a `storage`");
    expect((await other.runtime.list()).runs.map(({ id }) => id).includes("nowhere")).toBe(false);
    await process.runtime.gc({ olderThan: -1e6 });
    expect(await Array.fromAsync(to.list())).toEqual([]);
  },
);

onEachStorage("Large values from an object store are imported where there is none", async (world) => {
  const big = task((n: number) => new Uint8Array(n).fill(7), { name: "big" });
  const large = defineWorkflow("large", { version: "1" }, (input: Input<number>) => big(input).setName("big"));
  await using from = await world.process({ storage: new MemoryObjectStore() });
  await from.runtime.run(large, 20_000, { id: "first" });
  await using memory = await inMemory();
  const run = await memory.import(from.runtime.export("first"));
  expect(await run.result()).toEqual(new Uint8Array(20_000).fill(7));
}, { largeValueBytes: 1_000 });

Deno.test("An export reads no more than its reader has room for", async () => {
  const noise = task((seed: number) => crypto.getRandomValues(new Uint8Array(30_000)).fill(seed, 0, 1), {
    name: "noise",
  });
  const many = defineWorkflow("many", { version: "1" }, () => Array.from({ length: 200 }, (_, i) => noise(i)));
  const inner = new MemoryRuntimeStorage();
  let read = 0;
  const runtimeStorage: RuntimeStorage = new Proxy(inner, {
    get: (target, name) => {
      if (name === "readValues") {
        return (id: string, places: readonly number[]) => {
          read += places.length;
          return target.readValues(id, places);
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  await using runtime = await openRuntime({ runtimeStorage });
  await runtime.run(many, undefined, { id: "first" });
  read = 0;
  const reader = runtime.export("first").getReader();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(read).toBe(0);
  await reader.read();
  await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(read).toBeLessThanOrEqual(64);
  await reader.cancel();
  await using other = await inMemory();
  const run = await other.import(runtime.export("first"));
  expect((await run.result() as Uint8Array[]).map(([seed]) => seed)).toEqual(
    Array.from({ length: 200 }, (_, i) => i % 256),
  );
});

Deno.test("An export or import that can not be made says why", async () => {
  begin();
  await using runtime = await inMemory();
  await runtime.run(orders, order, { id: "first" });
  const refused: [export_: () => Promise<unknown>, Class: new (message: string) => Error, message: string][] = [
    [() => bytesOf(runtime.export("none")), NotFoundError, 'There is no run "none"'],
    [() => bytesOf(runtime.export("first", { redact: ["passwort"] })), ConfigError, 'no part "passwort"'],
    [() => runtime.import(runtime.export("first")), ConflictError, 'There is a run "first" already'],
    [() => runtime.import(runtime.export("first"), { id: "\n" }), ConfigError, "Option `id`"],
    [() => runtime.import(runtime.export("first"), { id: "b", maxBytes: NaN }), ConfigError, "Option `maxBytes`"],
  ];
  for (const [call, Class, message] of refused) {
    const error = await call().then(() => undefined, (error) => error);
    expect(error).toBeInstanceOf(Class);
    expect(error.message).toContain(message);
  }
  // What the source of the bytes throws is not the bundle's fault.
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(new Uint8Array(0));
    throw new TypeError("the line is dead");
  };
  await expect(runtime.import(broken(), { id: "b" })).rejects.toThrow("the line is dead");
  // The same version with another graph is another workflow.
  const changed = defineWorkflow("orders", { version: "1" }, (input: Input<Order>) => parse(input.text));
  await using other = await inMemory();
  await other.run(changed, order, { id: "own" });
  await expect(other.import(runtime.export("first"))).rejects.toThrow("is known with another graph");
  expect((await other.list()).runs.map(({ id }) => id)).toEqual(["own"]);
  // A store of ten methods can not keep what comes as a whole.
  await using plain = await openRuntime({ runtimeStorage: new SingleWorkerStorage(new MemoryRuntimeStorage()) });
  await expect(plain.import(runtime.export("first"))).rejects.toThrow("with only the ten methods");
});

onEachStorage("An import whose process is killed at any call leaves the whole run or none", async (world) => {
  begin();
  await using runtime = await inMemory();
  await runtime.run(orders, order, { id: "first" });
  const bundle = await bytesOf(runtime.export("first"));
  await using process = await world.process();
  for (let at = 1;; at++) {
    const dying = await world.process();
    let calls = 0;
    dying.watch.before = () => {
      if (++calls === at) dying.kill();
    };
    let made = false;
    void dying.runtime.import(bundle, { id: `copy-${at}` }).then(() => made = true);
    await until(() => made || calls >= at);
    if (made) break;
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 1));
    for (const { id } of (await process.runtime.list()).runs) {
      expect(await process.runtime.get(id).result()).toBe("sum: 6");
    }
  }
}, { kinds: ["memory", "KV on a file"] });
