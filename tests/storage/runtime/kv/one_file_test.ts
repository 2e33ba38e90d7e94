import { expect } from "@std/expect";
import { openKvRuntimeStorage } from "../../../../storage/runtime/kv/open.ts";
import { Bench, bytes, step } from "../../../../testing/conformance_fixture.ts";

Deno.test("KvRuntimeStorage never shows that other handles lock the file", async () => {
  const folder = await Deno.makeTempDir();
  const storages = await Promise.all([0, 1, 2].map(() => openKvRuntimeStorage(`${folder}/kv.sqlite`)));
  try {
    const finished = await Promise.all(storages.map(async (storage, k) => {
      const bench = new Bench({ storage });
      await bench.sessions([`s${k}`]);
      const ends: string[] = [];
      await Promise.all(Array.from({ length: 12 }, async (_, worker) => {
        for (let i = 0; i < 8; i++) {
          const id = `run-${k}-${worker}-${i}`;
          const { claimed } = await storage.startRun(bench.newRun(id), `s${k}`);
          if (claimed === undefined) throw new Error(`${id} was not claimed.`);
          const { claim } = claimed;
          await storage.commit({ claim, steps: [{ place: 0, record: step("SUCCEEDED"), value: bytes(id) }] });
          await storage.commit(bench.end(claim));
          ends.push(id);
        }
      }));
      return ends;
    }));
    const [storage] = storages;
    const { runs } = await storage!.listRuns({ statuses: ["SUCCEEDED"], limit: 1000 });
    expect(runs.map(({ id }) => id).toSorted()).toEqual(finished.flat().toSorted());
    expect(runs.length).toBe(3 * 12 * 8);
  } finally {
    await Promise.all(storages.map((storage) => storage.close()));
    await Deno.remove(folder, { recursive: true });
  }
});
