/**
 * The storages on which every scenario of stored results is tried.
 *
 * @module
 */
import { FileStorage, MemoryStorage, type TaskStorage } from "@fusewire/fusewire";

/** Registers a test for each kind of storage; its name begins with the number of the scenario. */
export function testOnStorages(name: string, body: (storage: TaskStorage) => Promise<void>): void {
  Deno.test(`${name} (MemoryStorage)`, () => body(new MemoryStorage()));
  Deno.test(`${name} (FileStorage)`, () => withFolder((path) => body(new FileStorage({ path }))));
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
