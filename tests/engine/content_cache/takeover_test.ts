import { expect } from "@std/expect";
import fc from "fast-check";
import { defineWorkflow, type Input, task } from "@fusewire/fusewire";
import { contentHash } from "../../../storage/codec/content_hash.ts";
import { concatChunks, decode, encode } from "../../../storage/codec/structured.ts";
import { onEachStorage, Serving, until } from "../storages.ts";

const log: string[] = [];
let stuck = false;
const values = [
  1,
  -0,
  NaN,
  2n,
  "é\ud800",
  null,
  undefined,
  [, 1],
  { b: 1, a: [2] },
  new Map([[{ k: 1 }, new Set([3])]]),
];
const others = [new Date(0), /a/gi, new Float32Array([1, 2]), new DataView(new ArrayBuffer(3)), new RangeError("no")];
const make = task((n: number): unknown => {
  log.push(`make ${n}`);
  return [...values, ...others][n];
}, { name: "make" });
const wait = task(async (n: number) => {
  log.push("wait");
  if (stuck) await new Promise(() => {});
  return n;
}, { name: "wait", cache: false });
const read = task((value: unknown, list: unknown[], after: number) => {
  log.push("read");
  return [typeof value, list.length, after];
}, { name: "read" });
const taken = defineWorkflow("taken", { version: "1", cache: "content" }, (input: Input<{ n: number }>) => {
  const all = Array.from({ length: values.length + others.length }, (_, n) => make(n));
  const waited = wait(input.n);
  return all.map((value) => read(value, all, waited));
});

onEachStorage("A process that takes a run over in the midst of it finds the same keys", async (world) => {
  log.length = 0;
  stuck = true;
  const first = await world.process();
  const run = await first.runtime.start(taken, { n: 1 });
  new Serving(first, [taken]).done.catch(() => {});
  await until(async () => log.includes("wait") && (await run.status()).steps.at(0)?.status === "SUCCEEDED");
  await until(async () => (await run.status()).steps.filter(({ status }) => status === "SUCCEEDED").length === 15);
  first.kill();
  stuck = false;
  await using second = await world.process();
  await using serving = new Serving(second, [taken]);
  await world.skip(20_000);
  const result = await second.runtime.attach(run.id).result();
  expect(log.filter((what) => what.startsWith("make")).length).toBe(15);
  await serving.stop();
  log.length = 0;
  // Another process, in which every value is made and nothing is read back, has the same keys again.
  expect(await second.runtime.run(taken, { n: 1 })).toEqual(result);
  expect(log).toEqual(["wait"]);
});

Deno.test("A value that was stored and read back has the content hash that it had", () => {
  fc.assert(fc.property(
    fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
    }),
    (value) => {
      expect(contentHash(decode(concatChunks(encode(value))))).toBe(contentHash(value));
    },
  ));
});

let failures = 0;
const flaky = task(() => {
  log.push("flaky");
  if (failures-- > 0) throw new RangeError("not yet");
  return "done";
}, { name: "flaky", retry: { maxAttempts: 2, initialDelay: 5_000, jitter: 0 } });
const begun = defineWorkflow("begun", { version: "1", cache: "content" }, () => flaky());

onEachStorage(
  "A step that was begun is brought to its end, whatever others have kept meanwhile, and kept",
  async (world) => {
    log.length = 0;
    failures = 1;
    const first = await world.process();
    const run = await first.runtime.start(begun);
    new Serving(first, [begun]).done.catch(() => {});
    await until(async () => (await run.status()).steps[0]!.attempt === 1 && log.length === 1);
    await until(async () => (await run.status()).steps[0]!.status === "PENDING");
    first.kill();
    await using second = await world.process();
    expect(await second.runtime.run(begun)).toBe("done");
    expect(log).toEqual(["flaky", "flaky"]);
    await using _serving = new Serving(second, [begun]);
    await world.skip(20_000);
    expect(await second.runtime.attach(run.id).result()).toBe("done");
    expect(log).toEqual(["flaky", "flaky", "flaky"]);
    expect((await second.runtime.get(run.id).status()).steps[0]).toMatchObject({ status: "SUCCEEDED", attempt: 2 });
  },
);
