import { expect } from "@std/expect";
import { ConfigError } from "../../../../src/errors.ts";
import { KvRuntimeStorage } from "../../../../storage/runtime/kv/kv_runtime_storage.ts";
import { Bench } from "../../../../testing/conformance_fixture.ts";
import { MemoryKv } from "../../../../testing/memory_kv.ts";

Deno.test("listRuns() merges runs whose ids tell their age with all others, without an entry for the former", async () => {
  using kv = new MemoryKv();
  const bench = new Bench({ storage: new KvRuntimeStorage(kv) });
  const ids: string[] = [];
  for (let i = 0; i < 60; i++) {
    const createdAt = bench.t0 + Math.floor(i / 3);
    const age = createdAt.toString(16).padStart(12, "0");
    // Some ids only look as if they told the age; each third run is created at the time of the one before.
    const id = [`${age}-${String(i).padStart(4, "0")}`, `own-${99 - i}`, `0000000000ff-${i}`, `a${i}`][i % 4] ?? "";
    ids.push(id);
    await bench.storage.startRun(bench.newRun(id, { createdAt, dueAt: createdAt }));
  }
  const made = await Array.fromAsync(kv.list({ prefix: ["fw", "made"] }));
  expect(made.length).toBe(45);
  const age = (id: string): number => Math.floor(ids.indexOf(id) / 3);
  for (const limit of [1, 2, 7, 60]) {
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await bench.storage.listRuns({ limit, ...(cursor === undefined ? {} : { cursor }) });
      found.push(...page.runs.map(({ id }) => id));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(new Set(found).size).toBe(60);
    expect(found.length).toBe(60);
    expect(found.map(age)).toEqual(found.map(age).toSorted((a, b) => b - a));
  }
});

Deno.test("listRuns() refuses a cursor that is none", async () => {
  using kv = new MemoryKv();
  await expect(new KvRuntimeStorage(kv).listRuns({ cursor: "x" })).rejects.toThrow(ConfigError);
});
