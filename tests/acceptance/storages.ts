/**
 * The storages on which every scenario of stored results is tried.
 *
 * @module
 */
import { TaskStorage } from "@fusewire/fusewire";
import { everyStore } from "../storage/object_store/every_store.ts";

const stores = everyStore();

/** Registers a test for each kind of store; its name begins with the number of the scenario. */
export function testOnStorages(name: string, body: (storage: TaskStorage) => Promise<void>): void {
  for (const store of stores) {
    Deno.test({
      name: `${name} (${store.name})`,
      ignore: store.ignore,
      fn: async () => {
        await using opened = await store.open();
        await body(new TaskStorage(opened.objects));
      },
    });
  }
}

/** Calls `use` with a folder that is gone afterwards. */
export async function withFolder(use: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempDir();
  try {
    await use(path);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}

/** All files below a folder. */
export async function filesBelow(path: string): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(path)) {
    const inner = `${path}/${entry.name}`;
    files.push(...(entry.isDirectory ? await filesBelow(inner) : [inner]));
  }
  return files;
}
