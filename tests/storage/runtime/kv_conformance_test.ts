import { KvRuntimeStorage } from "../../../storage/runtime/kv/kv_runtime_storage.ts";
import { openKvRuntimeStorage } from "../../../storage/runtime/kv/open.ts";
import { engineStorageConformance } from "../../../testing/engine_storage_conformance.ts";
import { MemoryKv } from "../../../testing/memory_kv.ts";
import { runtimeStorageConformance } from "../../../testing/runtime_storage_conformance.ts";

async function inMemory() {
  const storage = await openKvRuntimeStorage(":memory:");
  return { storage, close: () => storage.close() };
}

async function onFile() {
  const folder = await Deno.makeTempDir();
  const open = () => openKvRuntimeStorage(`${folder}/kv.sqlite`);
  let storage = await open();
  return {
    storage,
    beside: open,
    async reopen() {
      await storage.close();
      return storage = await open();
    },
    async close() {
      await storage.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Many small commits at once, and bells that can be watched. */
function asOnServer() {
  const kv = new MemoryKv({ maxChecks: 10 });
  const open = () => Promise.resolve(new KvRuntimeStorage(kv, { remote: true }));
  return Promise.resolve({ storage: new KvRuntimeStorage(kv, { remote: true }), beside: open, reopen: open });
}

runtimeStorageConformance("KvRuntimeStorage in memory", inMemory);
engineStorageConformance("KvRuntimeStorage in memory", inMemory);
runtimeStorageConformance("KvRuntimeStorage on a file", onFile);
engineStorageConformance("KvRuntimeStorage on a file", onFile);
runtimeStorageConformance("KvRuntimeStorage with the limits of a server", asOnServer);
engineStorageConformance("KvRuntimeStorage with the limits of a server", asOnServer);
