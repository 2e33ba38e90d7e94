import { KvObjectStore } from "../../../../storage/object_store/kv/kv_object_store.ts";
import { openPatiently } from "../../../../storage/kv/open_patiently.ts";
import { MemoryKv } from "../../../../testing/memory_kv.ts";
import { objectStoreConformance } from "../../../../testing/object_store_conformance.ts";
import { keysOf } from "../../../../testing/object_store_fixture.ts";
import { temporaryFolder } from "../../folders.ts";

objectStoreConformance("KvObjectStore in memory", async () => {
  const kv = new MemoryKv();
  const around = new KvObjectStore({ kv, prefix: "another" });
  await around.put("sentinel", new Uint8Array(3));
  return {
    store: new KvObjectStore({ kv }),
    beside: () => Promise.resolve(new KvObjectStore({ kv })),
    around: () => keysOf(around),
    close: () => Promise.resolve(kv.close()),
  };
}, { keepsReplaced: false });

objectStoreConformance("KvObjectStore in a file", async () => {
  const folder = await temporaryFolder();
  const path = `${folder.path}/objects.db`;
  const handles = [await openPatiently(path)];
  const [kv] = handles;
  if (kv === undefined) throw new Error("There is no KV.");
  return {
    store: new KvObjectStore({ kv }),
    beside: async () => {
      const other = await openPatiently(path);
      handles.push(other);
      return new KvObjectStore({ kv: other });
    },
    close: async () => {
      for (const handle of handles) handle.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}, { keepsReplaced: false });
