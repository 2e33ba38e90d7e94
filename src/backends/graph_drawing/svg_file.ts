/**
 * Writes a drawing to its file, at once or not at all.
 *
 * @module
 */
import { dirname, fromFileUrl, join, resolve } from "@std/path";
import { ConfigError } from "../../errors.ts";

/**
 * Writes a temporary file beside the one asked for, syncs and renames it. Folders that are missing are made.
 *
 * @throws {ConfigError} If the file can not be written.
 */
export async function writeSvgFile(path: string | URL, svg: string, workflow: string): Promise<void> {
  const target = resolve(path instanceof URL ? fromFileUrl(path) : path);
  const temporary = join(dirname(target), `.fusewire-${crypto.randomUUID()}.tmp`);
  try {
    await Deno.mkdir(dirname(target), { recursive: true });
    try {
      using file = await Deno.open(temporary, { write: true, createNew: true });
      const bytes = new TextEncoder().encode(svg);
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      await file.sync();
      await Deno.rename(temporary, target);
    } catch (error) {
      await Deno.remove(temporary).catch(() => {});
      throw error;
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`The drawing of workflow \`${workflow}\` could not be written to ${target}: ${reason}.`, {
      cause: error,
      workflow,
    });
  }
}
