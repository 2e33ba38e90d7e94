import { expect } from "@std/expect";
import { defineWorkflow, type Input, MemoryObjectStore, task } from "@fusewire/fusewire";
import { onEachStorage } from "../storages.ts";

const HOUR = 3_600_000;
const made: number[] = [];
const fill = task((size: number) => {
  made.push(size);
  return new Uint8Array(size).fill(7);
}, { name: "fill" });
const filled = defineWorkflow(
  "filled",
  { version: "1", cache: "content" },
  (input: Input<{ size: number }>) => fill(input.size),
);
/** What was made since this was last asked. */
const taken = (): number[] => made.splice(0);

for (const where of ["the runtime storage", "an object store"]) {
  onEachStorage(
    `Results in ${where} outlive the runs that made them, and are dropped when no run uses them`,
    async (world) => {
      taken();
      const storage = where === "an object store" ? new MemoryObjectStore() : undefined;
      await using process = await world.process(storage === undefined ? {} : { storage });
      const { runtime } = process;
      const sizes = [10, 200_000];
      const run = async (size: number, id: string = crypto.randomUUID()): Promise<void> => {
        expect((await runtime.run(filled, { size }, { id })).length).toBe(size);
      };
      const keys = async (): Promise<number> => (await Array.fromAsync(storage?.list("cached/") ?? [])).length;
      for (const size of sizes) await run(size);
      expect(taken()).toEqual(sizes);
      world.jump(HOUR / 2);
      for (const size of sizes) await run(size, `taken ${size}`);
      expect(await runtime.gc({ olderThan: 1_000 })).toBe(2);
      // What was kept is dropped; what was taken of it belongs to the run that took it.
      expect(await world.storage.cachedBefore?.(Infinity, 10)).toEqual([]);
      for (const size of sizes) {
        expect(await runtime.get(`taken ${size}`).result()).toEqual(new Uint8Array(size).fill(7));
      }
      world.jump(10);
      expect(await runtime.gc({ olderThan: 0 })).toBe(2);
      for (const size of sizes) await run(size);
      // Half an hour later they were used, but that is too soon to be noted; so they are dropped.
      expect(taken()).toEqual(sizes);
      expect(await keys()).toBe(storage === undefined ? 0 : 1);
      world.jump(5 * HOUR);
      await run(200_000);
      expect(await runtime.gc({ olderThan: HOUR })).toBe(2);
      for (const size of sizes) await run(size);
      // The large one was used, and is kept again by that; the small one was not.
      expect(taken()).toEqual([10]);
      world.jump(3 * HOUR);
      expect(await runtime.gc({ olderThan: HOUR })).toBe(3);
      expect(await keys()).toBe(0);
      expect(await world.storage.cachedBefore?.(Infinity, 10)).toEqual([]);
      for (const size of sizes) await run(size);
      expect(taken()).toEqual(sizes);
    },
    { largeValueBytes: 60_000 },
  );
}
