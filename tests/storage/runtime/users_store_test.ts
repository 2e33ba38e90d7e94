import { runtimeStorageConformance } from "../../../testing/runtime_storage_conformance.ts";
import { UsersStore } from "./users_store.ts";

runtimeStorageConformance("A user's own store", async () => {
  const folder = await Deno.makeTempDir();
  return {
    storage: new UsersStore(folder),
    reopen: () => Promise.resolve(new UsersStore(folder)),
    close: () => Deno.remove(folder, { recursive: true }),
  };
});
