import { expect } from "@std/expect";
import type { KvLike } from "../../../../storage/kv/kv_like.ts";
import { KvRuntimeStorage } from "../../../../storage/runtime/kv/kv_runtime_storage.ts";
import type { Fault } from "../../../../testing/fault.ts";
import { FaultyKv } from "../../../../testing/faulty_kv.ts";
import { MemoryKv } from "../../../../testing/memory_kv.ts";

/** A run by the ten methods; gives what they say. */
async function story(kv: KvLike): Promise<unknown[]> {
  const storage = new KvRuntimeStorage(kv);
  await storage.createRun("etl", "1", ["a", "b"]);
  await storage.setInputs("etl", "1", { day: 1 });
  for (const step of ["a", "b"]) await storage.enqueue("etl", "1", step);
  const told: unknown[] = [];
  for (let step = await storage.fetchNext("etl", "1"); step !== null; step = await storage.fetchNext("etl", "1")) {
    told.push(step);
    await storage.setState("etl", "1", step, "RUNNING");
    await storage.setResult("etl", "1", step, new Uint8Array(100_000).fill(told.length));
    await storage.setState("etl", "1", step, "SUCCEEDED");
  }
  await storage.finalizeRun("etl", "1");
  for (const step of ["a", "b"]) {
    const result = await storage.getResult("etl", "1", step);
    told.push(await storage.getState("etl", "1", step), result instanceof Uint8Array && [result.length, result[0]]);
  }
  return [...told, await storage.getInputs("etl", "1")];
}

Deno.test("the ten methods of KvRuntimeStorage do the same whichever operation goes wrong, and however", async () => {
  using plain = new FaultyKv(new MemoryKv());
  const expected = await story(plain);
  expect(expected.slice(0, 2)).toEqual(["a", "b"]);
  const faults: Fault[] = [{ kind: "lostReply" }, { kind: "fail" }, { kind: "locked" }];
  for (let hit = 1; hit <= plain.operations; hit++) {
    for (const fault of faults) {
      using kv = new FaultyKv(new MemoryKv(), { plan: ({ number }) => number === hit ? fault : undefined });
      const outcome = await story(kv).catch((error: unknown) => String(error));
      expect([hit, fault.kind, outcome]).toEqual([hit, fault.kind, expected]);
    }
  }
});
