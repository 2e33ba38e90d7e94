import { expect } from "@std/expect";
import fc from "fast-check";
import {
  ConfigError,
  defineWorkflow,
  type Input,
  IntegrityError,
  MemoryObjectStore,
  MemoryRuntimeStorage,
  NdArray,
  openRuntime,
  optional,
  task,
} from "@fusewire/fusewire";
import { buildRecord } from "../../storage/result_record.ts";
import { concatChunks, encode } from "../../storage/codec/structured.ts";
import { newSha256 } from "../../storage/digest.ts";
import { Big, BigSerializer } from "../storage/big.ts";

const fails = task((): number => {
  throw new Error("no", { cause: new Error("why") });
}, { name: "fails", retry: { maxAttempts: 2, initialDelay: 0 } });
const make = task((n: number) => ({ big: new Big(n), table: new NdArray(new Int8Array(n), [n]) }), { name: "make" });
const read = task(({ big }: { big: Big }) => big.value, { name: "read" });
const mixed = defineWorkflow("mixed", { version: "1" }, (input: Input<{ n: number }>) => {
  const made = make(input.n).setName("make");
  return [read(made).setName("read"), optional(fails().setName("fails")).setName("perhaps")];
});

const serializers = [new BigSerializer()];

async function zipped(bytes: Uint8Array<ArrayBuffer>, how: CompressionStream | DecompressionStream) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(how)).arrayBuffer());
}

const gzip = (bytes: Uint8Array<ArrayBuffer>) => zipped(bytes, new CompressionStream("gzip"));

/** A bundle with values, files, errors and events. */
const bundle = await (async () => {
  const storage = new MemoryObjectStore();
  await using runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage(), storage, serializers });
  expect(await runtime.run(mixed, { n: 6 }, { id: "first" })).toEqual([6, undefined]);
  return concatChunks(await Array.fromAsync(runtime.export("first"), (chunk) => chunk.slice()));
})();
const plain = await zipped(bundle, new DecompressionStream("gzip"));

/** One entry, taken apart. */
interface Part {
  head: Record<string, unknown>;
  body: Uint8Array<ArrayBuffer>;
}

const LINE = "fusewire-bundle/1\n";

function partsOf(bytes: Uint8Array<ArrayBuffer>): Part[] {
  const parts: Part[] = [];
  for (let at = LINE.length; at < bytes.length;) {
    const length = new DataView(bytes.buffer, at).getUint32(0);
    const head = JSON.parse(new TextDecoder().decode(bytes.subarray(at + 4, at + 4 + length)));
    const from = at + 4 + length;
    parts.push({ head, body: bytes.slice(from, from + head.size) });
    at = from + head.size + 32;
  }
  return parts;
}

/** Puts entries together with sound checksums, as somebody does who knows the format. */
function putTogether(parts: readonly Part[], line = LINE): Uint8Array<ArrayBuffer> {
  const chunks: Uint8Array<ArrayBuffer>[] = [new TextEncoder().encode(line)];
  for (const [n, { head, body }] of parts.entries()) {
    const place = head["n"] === -1 ? 99 : n;
    const { n: _n, ...rest } = head;
    const header = new TextEncoder().encode(JSON.stringify({ n: place, size: body.length, ...rest }));
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, header.length);
    chunks.push(length, header, body, new Uint8Array(newSha256().update(header).update(body).digest()));
  }
  return concatChunks(chunks);
}

function sound(): Part[] {
  return partsOf(plain).map(({ head: { n: _n, size: _size, ...head }, body }) => ({ head, body }));
}

/** Changes the JSON of an entry. */
function changed(part: Part | undefined, change: (json: Json) => void): void {
  if (part === undefined) throw new Error("There is no such entry.");
  const json: Json = JSON.parse(new TextDecoder().decode(part.body));
  change(json);
  part.body = new TextEncoder().encode(JSON.stringify(json));
}

// deno-lint-ignore no-explicit-any -- what a hostile hand writes has no type
type Json = any;

/** Imports into an empty runtime; gives the error, after a look at whether something was kept. */
async function errorOf(bytes: Uint8Array<ArrayBuffer>, kind: "memory" | "kv", maxBytes?: number): Promise<unknown> {
  const storage = new MemoryObjectStore();
  const state = kind === "memory" ? { runtimeStorage: new MemoryRuntimeStorage() } : { kv: ":memory:" };
  await using runtime = await openRuntime({ ...state, storage, serializers });
  const options = maxBytes === undefined ? {} : { maxBytes };
  const error = await runtime.import(bytes, options).then(() => undefined, (error: unknown) => error);
  if (error === undefined) {
    expect(await runtime.get("first").result()).toEqual([6, undefined]);
    return undefined;
  }
  const left = await Array.fromAsync(storage.list());
  const ended = await runtime.core.storage.endedBefore(Infinity, 10);
  expect([(await runtime.list()).runs, left, ended]).toEqual([[], [], []]);
  const { definition } = JSON.parse(new TextDecoder().decode(sound()[0]!.body));
  expect(await runtime.core.storage.readDefinition(definition)).toBe(undefined);
  return error;
}

async function expectRefused(bytes: Uint8Array<ArrayBuffer>, message = ""): Promise<void> {
  for (const kind of ["memory", "kv"] as const) {
    const error = await errorOf(bytes, kind);
    expect(error).toBeInstanceOf(IntegrityError);
    expect(error instanceof Error ? error.message : "").toContain(message);
  }
}

Deno.test("The bundle of these tests has everything, and is imported as it is", async () => {
  expect(sound().map(({ head }) => head["kind"])).toEqual(
    expect.arrayContaining(["run", "steps", "events", "value", "file"]),
  );
  expect(putTogether(sound())).toEqual(plain);
  for (const kind of ["memory", "kv"] as const) expect(await errorOf(bundle, kind)).toBe(undefined);
});

Deno.test("A bundle that is cut off anywhere is refused, and nothing is kept", async () => {
  for (let length = 0; length < bundle.length; length += length < 40 ? 1 : 37) {
    expect(await errorOf(bundle.slice(0, length), "memory")).toBeInstanceOf(IntegrityError);
  }
  for (let length = 0; length < plain.length; length += 61) {
    expect(await errorOf(await gzip(plain.slice(0, length)), "kv")).toBeInstanceOf(IntegrityError);
  }
  await expectRefused(bundle.slice(0, -1));
  await expectRefused(await gzip(new Uint8Array([...plain, 0])), "something follows its end");
  await expectRefused(new Uint8Array(0));
  await expectRefused(plain);
});

/** Damage, or the number of the version has become that of a later one. */
function isRefusal(error: unknown): boolean {
  return error instanceof IntegrityError || error instanceof ConfigError && error.message.includes("a later release");
}

Deno.test("A bundle with any bytes altered is refused, or is the same", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ at: fc.nat(bundle.length - 1), by: fc.integer({ min: 1, max: 255 }) }), {
        minLength: 1,
        maxLength: 3,
      }),
      async (changes) => {
        const bytes = bundle.slice();
        for (const { at, by } of changes) bytes[at]! ^= by;
        const error = await errorOf(bytes, "memory");
        // Some bits of gzip mean nothing, as in its head.
        if (error === undefined) expect(await zipped(bytes, new DecompressionStream("gzip"))).toEqual(plain);
        else expect(isRefusal(error)).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
  await fc.assert(
    fc.asyncProperty(fc.nat(plain.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
      const bytes = plain.slice();
      bytes[at]! ^= by;
      const error = await errorOf(await gzip(bytes), "memory");
      expect(isRefusal(error)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

Deno.test("A bundle of a later version says so", async () => {
  const error = await errorOf(await gzip(putTogether(sound(), "fusewire-bundle/2\n")), "memory");
  expect(error).toBeInstanceOf(ConfigError);
  expect(String(error)).toContain("with a later release");
});

/** What a hostile hand does to the first entry. */
const LIES: readonly [what: string, change: (json: Json) => void, message?: string][] = [
  ["an unknown field", (json) => json.more = 1, 'unknown field "more"'],
  ["an unknown field of the run", (json) => json.run.session = "s", 'unknown field "session"'],
  ["an unknown field of the definition", (json) => json.definition.x = null],
  ["no definition", (json) => delete json.definition],
  ["no list of steps", (json) => json.definition.steps = "make"],
  ["a step too many", (json) => json.definition.steps.push("more"), "do not agree"],
  ["two steps of one name", (json) => json.definition.steps[1] = json.definition.steps[0]],
  ["a step with a control character", (json) => json.definition.steps[0] = "a\u0000"],
  ["a step of a number", (json) => json.definition.steps[0] = 5],
  ["a parent after its child", (json) => json.definition.parents[0] = [1]],
  ["a parent of itself", (json) => json.definition.parents[0] = [0]],
  ["a parent that is no number", (json) => json.definition.parents[1] = ["0"]],
  ["a target that is not there", (json) => json.definition.targets[0].place = 99],
  ["a target by a wrong path", (json) => json.definition.targets[0].path = [{}]],
  ["a single target of two", (json) => json.definition.single = true],
  ["an id with a line break", (json) => json.run.id = "a\nb", "control character"],
  ["an empty id", (json) => json.run.id = ""],
  ["an id of 256 bytes", (json) => json.run.id = "x".repeat(256)],
  ["half of a surrogate pair", (json) => json.run.id = "\ud800"],
  ["a status that is none", (json) => json.run.status = "DONE"],
  ["a negative time", (json) => json.run.createdAt = -1],
  ["a time that is a text", (json) => json.run.endedAt = "now"],
  ["a huge priority", (json) => json.run.priority = "Infinity"],
  ["a failure that is nowhere", (json) => json.run.failure = { place: 99, error: { name: "a", message: "b" } }],
  ["an endless error", (json) => {
    let error: Json = { name: "a", message: "b" };
    for (let i = 0; i < 100; i++) error = { name: "a", message: "b", cause: error };
    json.run.failure = { place: 0, error };
  }, "causes"],
  ["a list in place of the run", (json) => json.run = []],
  ["redacted paths that are numbers", (json) => json.redacted = [1]],
];

Deno.test("A bundle that lies in any field is refused, and nothing is kept", async () => {
  for (const [what, change, message] of LIES) {
    const parts = sound();
    changed(parts[0], change);
    await expectRefused(await gzip(putTogether(parts)), message).catch((error) => {
      throw new Error(`With ${what}: ${error}`);
    });
  }
});

/** What a hostile hand does to the list of entries. */
const TRICKS: readonly [what: string, change: (parts: Part[], find: (kind: string) => Part) => void][] = [
  ["no end", (parts) => parts.pop()],
  ["an entry twice", (parts) => parts.splice(4, 0, structuredClone(parts[4]!))],
  ["a value before its time", (parts) => parts.splice(1, 0, structuredClone(parts.find(isValue)!))],
  ["values in another order", (parts) => parts.splice(-3, 2, ...parts.slice(-3, -1).reverse())],
  ["no input", (parts) => parts.splice(parts.findIndex(isValue), 1)],
  ["an unknown kind", (_, find) => find("events").head["kind"] = "code"],
  ["an unknown field", (_, find) => find("value").head["path"] = "../../etc/passwd"],
  ["a field that the kind has not", (_, find) => find("file").head["name"] = "../x"],
  ["another number", (_, find) => find("steps").head["n"] = -1],
  ["a size beyond all bounds", (_, find) => find("value").head["size"] = Number.MAX_SAFE_INTEGER],
  ["a size below zero", (_, find) => find("value").head["size"] = -1],
  ["a place that is not there", (_, find) => find("value").head["place"] = 1e9],
  ["a place between two", (_, find) => find("value").head["place"] = 0.5],
  ["a form that is none", (_, find) => find("value").head["form"] = "code"],
  ["a file missing", (parts) => parts.splice(parts.findIndex(({ head }) => head["kind"] === "file"), 1)],
  ["another file", (_, find) => find("file").body = find("file").body.map((byte) => byte ^ 1)],
  ["a longer file", (_, find) => find("file").body = new Uint8Array(1_000)],
  ["steps too few", (_, find) => changed(find("steps"), (json) => json.pop())],
  ["a step without a state", (_, find) => changed(find("steps"), (json) => json[0][0] = 17)],
  ["a step of countless attempts", (_, find) => changed(find("steps"), (json) => json[0][1] = 2 ** 40)],
  ["a step of a text", (_, find) => changed(find("steps"), (json) => json[0] = "SUCCEEDED")],
  ["an event that is none", (_, find) => changed(find("events"), (json) => json[0].event = "eval")],
  ["an event nowhere", (_, find) => changed(find("events"), (json) => json[0].place = 1_000)],
  [
    "a range without an end",
    (_, find) => changed(find("events"), (json) => json.push({ event: "kept", timestamp: 1, places: [[0, 1e15]] })),
  ],
  [
    "a range that ends before it begins",
    (_, find) => changed(find("events"), (json) => json.push({ event: "kept", timestamp: 1, places: [[2, 1]] })),
  ],
  ["JSON that is none", (_, find) => find("steps").body = new TextEncoder().encode("[")],
  ["text that is none", (_, find) => find("steps").body = Uint8Array.of(0xff)],
  [
    "JSON too deep",
    (_, find) => find("steps").body = new TextEncoder().encode("[".repeat(200_000) + "]".repeat(200_000)),
  ],
  ["a value that can not be read", (parts) => parts.findLast(isValue)!.body = new Uint8Array(9)],
  ["an input that is an error", (_, find) => {
    find("value").head["form"] = "error";
    find("value").body = new TextEncoder().encode('{"name":"a","message":"b"}');
  }],
  ["a record that is none", (parts) => recordIn(parts).body = new Uint8Array(200)],
  ["a record whose files lie elsewhere", (parts) => recordIn(parts).body = recordWith("../../../elsewhere", "s")],
  ["a record whose folder lies elsewhere", (parts) => recordIn(parts).body = recordWith("x", "../../elsewhere")],
];

function isValue({ head }: Part): boolean {
  return head["kind"] === "value";
}

function recordIn(parts: readonly Part[]): Part {
  const record = parts.find(({ head }) => head["form"] === "record");
  if (record === undefined) throw new Error("There is no record.");
  return record;
}

/** A record that names one file, of the content that the first one of the bundle has. */
function recordWith(name: string, save: string): Uint8Array<ArrayBuffer> {
  const { body } = sound().find(({ head }) => head["kind"] === "file")!;
  const sha256 = newSha256().update(body).digest("hex");
  const externals = [{ serializer: "Big", files: [{ name, size: body.length, sha256, crc32: 0 }] }];
  return buildRecord(
    { workflow: "mixed", task: "make", meta: {}, files: { save, externals } },
    encode([1]),
    encode(1),
  );
}

Deno.test("A bundle whose entries are not as an export writes them is refused, and nothing is kept", async () => {
  for (const [what, change] of TRICKS) {
    const parts = sound();
    change(parts, (kind) => {
      const part = parts.find(({ head }) => head["kind"] === kind);
      if (part === undefined) throw new Error(`There is no entry of kind ${kind}.`);
      return part;
    });
    await expectRefused(await gzip(putTogether(parts))).catch((error) => {
      throw new Error(`With ${what}: ${error}`);
    });
  }
});

Deno.test("A header of great length, and a small bundle that unpacks to a large one, are refused before they fill the memory", async () => {
  const long = new Uint8Array(LINE.length + 4);
  long.set(new TextEncoder().encode(LINE));
  long.fill(0xff, LINE.length);
  await expectRefused(await gzip(long), "would have 4294967295 bytes");
  const parts = sound();
  const value = parts.findLast(isValue);
  if (value === undefined) throw new Error("There is no value.");
  value.body = new Uint8Array(50_000_000);
  const bomb = await gzip(putTogether(parts));
  expect(bomb.length).toBeLessThan(100_000);
  const error = await errorOf(bomb, "memory", 1_000_000);
  expect(String(error)).toContain("more than 1000000 bytes when it is unpacked");
});

Deno.test("A bundle whose graph is not the one that is known for its schema is refused", async () => {
  const parts = sound();
  changed(parts[0], (json) => json.definition.steps[0] = "other");
  await using runtime = await openRuntime({ kv: ":memory:", storage: new MemoryObjectStore(), serializers });
  const run = await runtime.import(await gzip(putTogether(sound())), { id: "own" });
  await expect(runtime.import(await gzip(putTogether(parts)))).rejects.toThrow("not the one that is known here");
  expect((await run.status()).steps[0]?.name).not.toBe("other");
  expect((await runtime.list()).runs.map(({ id }) => id)).toEqual(["own"]);
});
