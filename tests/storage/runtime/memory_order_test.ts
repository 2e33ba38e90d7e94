import { expect } from "@std/expect";
import fc from "fast-check";
import { MemoryRuntimeStorage } from "../../../storage/runtime/memory.ts";
import { Heap, SortedList } from "../../../storage/runtime/memory_order.ts";

interface Item {
  readonly rank: number;
  readonly number: number;
}

function compare(a: Item, b: Item): number {
  return a.rank - b.rank || a.number - b.number;
}

/** Ranks to add, and places among what is there to take out. */
const changes = fc.array(
  fc.oneof(fc.record({ add: fc.integer({ min: 0, max: 20 }) }), fc.record({ take: fc.nat(1000) })),
  { maxLength: 300 },
);

Deno.test("Heap gives the least first, whatever was added and taken out", () => {
  fc.assert(fc.property(changes, (all) => {
    const heap = new Heap<Item>(compare);
    const model: Item[] = [];
    for (const [number, change] of all.entries()) {
      if ("add" in change) {
        const item = { rank: change.add, number };
        heap.add(item);
        model.push(item);
        model.sort(compare);
      } else {
        const [item = { rank: 0, number: -1 }] = model.splice(change.take % (model.length + 1), 1);
        expect(heap.delete(item)).toBe(item.number >= 0);
      }
      expect(heap.first).toBe(model[0]);
      expect(heap.size).toBe(model.length);
    }
  }));
});

Deno.test("SortedList keeps its order over many chunks, whatever was added and taken out", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2000 }), changes, fc.nat(2500), (length, all, bound) => {
      const list = new SortedList<Item>(compare);
      const model = Array.from({ length }, (_, number) => ({ rank: (number * 7919) % 2003, number }));
      for (const item of model) list.add(item);
      model.sort(compare);
      for (const [i, change] of all.entries()) {
        if ("add" in change) {
          const item = { rank: change.add * 100, number: length + i };
          list.add(item);
          model.push(item);
          model.sort(compare);
        } else {
          const [item = { rank: 0, number: -1 }] = model.splice(change.take % (model.length + 1), 1);
          list.delete(item);
        }
      }
      expect([...list.forward()]).toEqual(model);
      const before = model.filter(({ rank }) => rank < bound).reverse();
      expect([...list.backward(({ rank }) => rank < bound)]).toEqual(before);
      for (const item of model) list.delete(item);
      expect([...list.forward()]).toEqual([]);
    }),
    { numRuns: 50 },
  );
});

Deno.test("MemoryRuntimeStorage drains 100,000 queued runs, a tenth of them delayed, in order", async () => {
  const storage = new MemoryRuntimeStorage();
  const definition = { workflow: "etl", version: "1", schema: "one" };
  await storage.keepSession({ id: "s", deadline: Infinity, host: "", process: 1 }, true);
  const input = { kind: "bytes", bytes: new Uint8Array() } as const;
  for (let i = 0; i < 100_000; i++) {
    const dueAt = i % 10 === 0 ? i + 5 : i;
    const run = {
      ...definition,
      id: `run-${i}`,
      size: 1,
      input,
      queue: "q",
      priority: i % 7,
      tags: [],
      createdAt: i,
      dueAt,
    };
    await storage.startRun(run);
  }
  let last = { priority: Infinity, dueAt: 0 };
  let count = 0;
  while (true) {
    const request = { session: "s", queues: ["q"], definitions: [definition], limit: 16, now: 200_000 };
    const { runs } = await storage.claimRuns(request);
    if (runs.length === 0) break;
    for (const { claim, run } of runs) {
      const inOrder = run.priority < last.priority || (run.priority === last.priority && run.dueAt >= last.dueAt);
      if (!inOrder) throw new Error(`run ${run.id} came after one of priority ${last.priority}, due at ${last.dueAt}`);
      last = run;
      count++;
      await storage.commit({ claim, steps: [], then: { kind: "ended", status: "SUCCEEDED", endedAt: count % 100 } });
    }
  }
  expect(count).toBe(100_000);
  for (const id of await storage.endedBefore(100, 50_000)) await storage.forget(id);
  expect((await storage.endedBefore(100, 100_000)).length).toBe(50_000);
});
