import { expect } from "@std/expect";
import { KvObjectStore } from "../../../../storage/object_store/kv/kv_object_store.ts";
import { openPatiently } from "../../../../storage/kv/open_patiently.ts";
import { temporaryFolder } from "../../folders.ts";
import { holdsNothingElse, ToldClock } from "./kv_bench.ts";

Deno.test("KvObjectStore has whole objects and no garbage after kill -9 of two processes on one file in the middle of puts", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/objects.db`;
  const module = new URL("../../../../storage/object_store/kv/kv_object_store.ts", import.meta.url).href;
  const opening = new URL("../../../../storage/kv/open_patiently.ts", import.meta.url).href;
  const script = `${folder.path}/writer.ts`;
  await Deno.writeTextFile(
    script,
    `import { KvObjectStore } from ${JSON.stringify(module)};
     import { openPatiently } from ${JSON.stringify(opening)};
     const store = new KvObjectStore({ kv: await openPatiently(${JSON.stringify(path)}) });
     const first = Number(Deno.args[0]);
     console.log("ready");
     for (let i = 0;; i++) {
       const fill = first + i % 100;
       const size = i % 3 === 0 ? 1000 : 400_000;
       const metadata = { n: String(fill) };
       if (i % 7 === 6) await store.delete("a");
       else await store.put("a", new Uint8Array(size + fill).fill(fill), { metadata });
     }`,
  );
  for (let round = 0; round < 3; round++) {
    const children = [0, 100].map((first) =>
      new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "--no-prompt",
          "--quiet",
          "--unstable-kv",
          `--allow-read=${path}`,
          `--allow-write=${path}`,
          script,
          `${first}`,
        ],
        stdout: "piped",
      }).spawn()
    );
    const readers = children.map((child) => child.stdout.getReader());
    for (const reader of readers) await reader.read();
    {
      using kv = await openPatiently(path);
      const store = new KvObjectStore({ kv });
      for (let look = 0; look < 20 * (round + 1); look++) {
        const info = await store.head("a");
        if (info !== undefined) expect(info.metadata).toEqual({ n: `${(info.size - 1000) % 1000}` });
      }
    }
    for (const child of children) child.kill("SIGKILL");
    for (const reader of readers) await reader.cancel();
    for (const child of children) await child.status;
    using kv = await openPatiently(path);
    const clock = new ToldClock();
    clock.time = Date.now();
    for (const [key, size] of await holdsNothingElse(kv, clock)) {
      const bytes = await new KvObjectStore({ kv }).get(key);
      expect(bytes.every((byte) => byte === size % 1000)).toBe(true);
    }
  }
});
