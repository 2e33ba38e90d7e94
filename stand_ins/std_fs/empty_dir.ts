import { fromFileUrl, join } from "@std/path";

/** Removes whatever the directory holds, and creates the directory where it is missing. */
export async function emptyDir(dir: string | URL): Promise<void> {
  const path = dir instanceof URL ? fromFileUrl(dir) : dir;
  try {
    const names = await Array.fromAsync(Deno.readDir(path), (entry) => entry.name);
    await Promise.all(names.map((name) => Deno.remove(join(path, name), { recursive: true })));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await Deno.mkdir(path, { recursive: true });
  }
}
