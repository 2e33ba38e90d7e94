/** What {@linkcode exists} asks for besides existence. */
export interface ExistsOptions {
  /** Whether the user must be able to read it. @default {false} */
  isReadable?: boolean;
  /** Whether it must be a directory, or a link to one. @default {false} */
  isDirectory?: boolean;
  /** Whether it must be a file, or a link to one. @default {false} */
  isFile?: boolean;
}

/**
 * Whether the path exists, and is what the options ask for. A link counts for what it points to.
 * Throws a `TypeError` where both a file and a directory are asked for.
 */
export async function exists(path: string | URL, options?: ExistsOptions): Promise<boolean> {
  try {
    const info = await Deno.stat(path);
    if (!options) return true;
    if (options.isDirectory && options.isFile) {
      throw new TypeError(
        "ExistsOptions.options.isDirectory and ExistsOptions.options.isFile must not be true together",
      );
    }
    if (options.isDirectory && !info.isDirectory) return false;
    if (options.isFile && !info.isFile) return false;
    return !options.isReadable || isReadable(info);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    if (error instanceof Deno.errors.PermissionDenied) {
      // The system refused, not Deno: the path is there.
      const { state } = await Deno.permissions.query({ name: "read", path });
      if (state === "granted") return !options?.isReadable;
    }
    throw error;
  }
}

function isReadable(info: Deno.FileInfo): boolean {
  if (info.mode === null) return true;
  if (info.uid === Deno.uid()) return (info.mode & 0o400) !== 0;
  if (info.gid === Deno.gid()) return (info.mode & 0o040) !== 0;
  return (info.mode & 0o004) !== 0;
}
