/**
 * Which suites can not run here.
 *
 * @module
 */
import { isInstalled, type Server, serversFolder } from "./server.ts";

/**
 * Why the suites of a server can not run here. `undefined` where it is installed, and also where its installer is there and failed:
 * then the suites run, and fail.
 */
export async function reasonNotToRun(server: Server, folder: string = serversFolder): Promise<string | undefined> {
  if (await isInstalled(server, folder) || await hasInstaller(server)) return undefined;
  return `${server.needs ?? server.installer} is not installed`;
}

/** One line for each suite that can not run here. */
export async function linesOfNotRun(servers: readonly Server[], folder: string = serversFolder): Promise<string[]> {
  const lines: string[] = [];
  for (const server of servers) {
    const reason = await reasonNotToRun(server, folder);
    if (reason) lines.push(...server.suites.map((suite) => `NOT RUN: ${suite} (${reason})`));
  }
  return lines;
}

async function hasInstaller({ installer, probe }: Server): Promise<boolean> {
  try {
    return (await new Deno.Command(installer, { args: [...probe], stdout: "null", stderr: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
