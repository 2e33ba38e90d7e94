import { expect } from "@std/expect";
import { KvObjectStore } from "../../../../storage/object_store/kv/kv_object_store.ts";
import { CHUNK_BYTES } from "../../../../storage/object_store/kv/manifest.ts";
import { crashingKv, type CrashPoint } from "../../../../testing/crashing_kv.ts";
import { MemoryKv } from "../../../../testing/memory_kv.ts";
import { bytesOf, sameBytes } from "../../../../testing/object_store_fixture.ts";
import { settle } from "../../../../testing/settle.ts";
import { holdsNothingElse, ToldClock } from "./kv_bench.ts";

const SMALL = 10;
/** Just so large that it takes more than one window of an upload. */
const LARGE = 25 * CHUNK_BYTES - 7;

/** What is found of an object: its size and what was kept beside it, which have to belong together. */
type Outcome = number | undefined;

interface Operation {
  readonly before: Outcome;
  readonly run: (store: KvObjectStore) => Promise<unknown>;
  readonly after: Outcome;
}

const put = (size: number, onlyIfAbsent = false) => (store: KvObjectStore): Promise<unknown> => {
  return store.put("d/a", new Blob([bytesOf(size, size)]).stream(), { onlyIfAbsent, metadata: { n: `${size}` } });
};

const operations: Record<string, Operation> = {
  "a put of a small object": { before: undefined, run: put(SMALL), after: SMALL },
  "a put of a large object": { before: undefined, run: put(LARGE), after: LARGE },
  "a put where nothing is": { before: undefined, run: put(LARGE, true), after: LARGE },
  "a small object that replaces a large one": { before: LARGE, run: put(SMALL), after: SMALL },
  "a large object that replaces a large one": { before: LARGE + 1, run: put(LARGE), after: LARGE },
  "a removal": { before: LARGE, run: (store) => store.delete("d/a"), after: undefined },
  "a removal of all": { before: LARGE, run: (store) => store.deletePrefix("d/"), after: undefined },
  "a copy onto another": { before: LARGE + 1, run: (store) => store.copy("other", "d/a"), after: LARGE },
};

for (const [name, { before, run, after }] of Object.entries(operations)) {
  Deno.test(`KvObjectStore has the old object or the new one, whole, and loses no room, after a crash at any commit of ${name}`, async () => {
    let point: CrashPoint | undefined = { at: 1, when: "before" };
    for (let count = 0; point !== undefined; count++) {
      using memory = new MemoryKv();
      const clock = new ToldClock();
      const store = new KvObjectStore({ kv: memory, clock });
      if (before !== undefined) await put(before)(store);
      if (name === "a copy onto another") {
        await store.put("other", bytesOf(LARGE, LARGE), { metadata: { n: `${LARGE}` } });
      }
      const killed = Promise.withResolvers<boolean>();
      const kv = crashingKv(memory, point, () => killed.resolve(true));
      const done = run(new KvObjectStore({ kv, clock })).then(() => false);
      const isKilled = await Promise.race([done, killed.promise]);
      await settle();
      const sizes = await holdsNothingElse(memory, clock);
      const size = sizes.get("d/a");
      expect(isKilled ? [before, after] : [after]).toContain(size);
      if (size !== undefined) {
        const again = new KvObjectStore({ kv: memory, clock });
        expect((await again.head("d/a"))?.metadata).toEqual({ n: `${size}` });
        sameBytes(await again.get("d/a"), bytesOf(size, size));
      }
      if (!isKilled) expect(count).toBeGreaterThan(1);
      if (!isKilled) point = undefined;
      else point = point.when === "before" ? { at: point.at, when: "after" } : { at: point.at + 1, when: "before" };
    }
  });
}
