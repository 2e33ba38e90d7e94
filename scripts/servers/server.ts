/**
 * What a server is, and where its program is.
 *
 * @module
 */
import { fromFileUrl, join } from "@std/path";

/** A server, or another program, that tests need, and how it is installed. */
export interface Server {
  /** Its name. With the version it names its folder. */
  readonly name: string;
  /** The version that is installed. */
  readonly version: string;
  /** The path of its program in its folder, where that is not `bin/` and the name. Windows adds `.exe`. */
  readonly program?: string;
  /** The module of `tests/integration/servers/` that starts it. */
  readonly startedBy: string;
  /** The program that installs it. Where it is missing, the suites of this server do not run. */
  readonly installer: string;
  /** Arguments with which the installer does nothing, and succeeds if it can install this server. */
  readonly probe: readonly string[];
  /** What is missing where the probe fails, if more than the installer. */
  readonly needs?: string;
  /** Files and folders of tests that need the server. */
  readonly suites: readonly string[];
  /**
   * How the installer is called, to put the program into its place in `folder`, which is moved when it is complete. What a failed try
   * leaves in `build` helps the next.
   */
  readonly command: (folder: string, build: string) => { args: string[]; env: Record<string, string> };
}

/** Where servers are installed. */
export const serversFolder: string = fromFileUrl(new URL("../../.servers", import.meta.url));

/** The folder of a server, whether it is installed or not. */
export function folderOf({ name, version }: Server, folder: string = serversFolder): string {
  return join(folder, `${name}-${version}`);
}

/** The path of a server's program, whether it is installed or not. */
export function programOf(server: Server, folder: string = serversFolder): string {
  return join(folderOf(server, folder), programIn(server));
}

/** The path of a server's program in its folder. */
export function programIn({ name, program = `bin/${name}` }: Server): string {
  return join(program) + (Deno.build.os === "windows" ? ".exe" : "");
}

/** Whether a server is installed. */
export async function isInstalled(server: Server, folder: string = serversFolder): Promise<boolean> {
  try {
    return (await Deno.stat(programOf(server, folder))).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
