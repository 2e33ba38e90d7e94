import { expect } from "@std/expect";
import { IntegrityError } from "../../../../src/errors.ts";
import { KvRuntimeStorage } from "../../../../storage/runtime/kv/kv_runtime_storage.ts";
import { PIECE_BYTES } from "../../../../storage/runtime/kv/options.ts";
import { Bench, bytesOf, sameValue, step } from "../../../../testing/conformance_fixture.ts";
import { FaultyKv } from "../../../../testing/faulty_kv.ts";
import { MemoryKv } from "../../../../testing/memory_kv.ts";

async function pieces(kv: MemoryKv): Promise<number> {
  return (await Array.fromAsync(kv.list({ prefix: ["fw", "blob"] }))).length;
}

Deno.test("KvRuntimeStorage cuts a value in pieces only if it does not fit one entry", async () => {
  using kv = new MemoryKv();
  const bench = new Bench({ storage: new KvRuntimeStorage(kv) });
  const { claim } = await bench.started("1", "s");
  const sizes: [size: number, pieces: number][] = [[PIECE_BYTES, 0], [PIECE_BYTES + 1, 2], [3 * PIECE_BYTES, 5]];
  for (const [place, [size, expected]] of sizes.entries()) {
    const value = bytesOf(size, place);
    await bench.storage.commit({ claim, steps: [{ place, record: step("SUCCEEDED"), value }] });
    expect(await pieces(kv)).toBe(expected);
    sameValue((await bench.storage.readValues("1", [place]))[0], value);
  }
});

Deno.test("KvRuntimeStorage keeps only what a view shows of its buffer", async () => {
  using kv = new MemoryKv();
  const bench = new Bench({ storage: new KvRuntimeStorage(kv) });
  const view = new Uint8Array(1_000_000).subarray(500, 510);
  const { run } = await bench.storage.startRun(bench.newRun("1", { input: { kind: "bytes", bytes: view } }));
  expect(run.input.kind === "bytes" && run.input.bytes.length).toBe(10);
  sameValue((await bench.storage.readRun("1"))?.input, { kind: "bytes", bytes: new Uint8Array(10) });
});

Deno.test("KvRuntimeStorage says so when a piece is missing, altered or too long", async () => {
  const damages: ((kv: MemoryKv, key: readonly (string | number)[]) => Promise<unknown>)[] = [
    (kv, key) => kv.delete(key),
    (kv, key) => kv.set(key, new Uint8Array(PIECE_BYTES)),
    (kv, key) => kv.set(key, new Uint8Array(PIECE_BYTES + 100)),
  ];
  for (const damage of damages) {
    using kv = new MemoryKv();
    const bench = new Bench({ storage: new KvRuntimeStorage(kv) });
    const { claim } = await bench.started("1", "s");
    const value = bytesOf(2 * PIECE_BYTES);
    await bench.storage.commit({ claim, steps: [{ place: 0, record: step("SUCCEEDED"), value }] });
    const [first] = await Array.fromAsync(kv.list({ prefix: ["fw", "blob"] }));
    const key = (first?.key ?? []).filter((part) => typeof part === "string" || typeof part === "number");
    await damage(kv, key);
    await expect(bench.storage.readValues("1", [0])).rejects.toThrow(IntegrityError);
  }
});

Deno.test("KvRuntimeStorage never shows a value whose pieces were written and which was not committed", async () => {
  using store = new MemoryKv();
  const bench = new Bench({ storage: new KvRuntimeStorage(store) });
  const { claim } = await bench.started("1", "s");
  using dying = new FaultyKv(store);
  const other = new KvRuntimeStorage(dying);
  // The pieces fit one commit; the second one would name them.
  let commits = 0;
  using counted = new FaultyKv(store, {
    plan: ({ kind }) => kind === "commit" && ++commits === 2 ? { kind: "crash", when: "before" } : undefined,
  });
  void new KvRuntimeStorage(counted).commit({
    claim,
    steps: [{ place: 0, record: step("SUCCEEDED"), value: bytesOf(3 * PIECE_BYTES) }],
  });
  while (!counted.dead) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(await pieces(store)).toBe(3);
  expect(await other.readValues("1", [0])).toEqual([undefined]);
  await bench.storage.commit(bench.end(claim));
  await bench.storage.forget("1");
  expect(await pieces(store)).toBe(0);
});

Deno.test("KvRuntimeStorage takes keys of a user's own of any length", async () => {
  using kv = new MemoryKv();
  const storage = new KvRuntimeStorage(kv);
  const bench = new Bench({ storage });
  const long = "key ".repeat(2000);
  await bench.sessions(["s"]);
  for (const idempotencyKey of [long, `${long}1`]) {
    const run = bench.newRun(`run ${idempotencyKey.length}`, { idempotencyKey, exclusive: idempotencyKey });
    expect((await storage.startRun(run)).created).toBe(true);
    expect((await storage.startRun({ ...run, id: "other" })).run.id).toBe(run.id);
    const slot = { key: idempotencyKey, limit: 1, session: "s", holder: "h" };
    expect(await storage.takeSlot(slot, 0)).toBe(true);
    expect(await storage.takeSlot({ ...slot, holder: "other" }, 0)).toBe(false);
    await storage.freeSlot(slot);
  }
});
