/**
 * Installs servers, one or all.
 *
 * @module
 */
import { join } from "@std/path";
import { folderOf, isInstalled, programIn, type Server, serversFolder } from "./server.ts";
import { reasonNotToRun } from "./not_run.ts";

/**
 * Installs a server, unless it is installed. Its folder comes to its place when it is complete, by a rename, so that a try that was
 * stopped leaves nothing that a later one trusts. Of several tries at once, in any process, one installs and the others wait for it.
 *
 * @throws {Error} If the installer fails.
 */
export async function install(server: Server, folder: string = serversFolder): Promise<void> {
  if (await isInstalled(server, folder)) return;
  const target = folderOf(server, folder);
  const [partial, build] = [`${target}.partial`, `${target}.build`];
  await Deno.mkdir(folder, { recursive: true });
  // The system lets go of the lock when the process ends, however it ends.
  using lock = await Deno.open(`${target}.lock`, { create: true, write: true });
  await lock.lock(true);
  if (await isInstalled(server, folder)) return;

  console.error(`${server.name} ${server.version} is installed into ${folder}: this can take minutes, once.`);
  await removeFolder(partial);
  await Deno.mkdir(partial);
  // Where the process of an earlier try was killed, its installer can live on. So each try has a folder that no other writes to. They
  // share `build`, and `cargo install` moves a program out of there when it has let go of it: then the next one misses it, once.
  const own = await run(server, await Deno.makeTempDir({ dir: partial }), build)
    .catch(async () => run(server, await Deno.makeTempDir({ dir: partial }), build));
  await sync(own);
  await removeFolder(target);
  await Deno.rename(own, target);
  await removeFolder(partial);
  await removeFolder(build);
}

/**
 * Installs all that can be installed here: those of one installer one after another, since a compiler takes all cores, and what
 * `python3` downloads beside what is compiled.
 *
 * @returns What failed.
 */
export async function installAll(servers: readonly Server[], folder: string = serversFolder): Promise<unknown[]> {
  const failures: unknown[] = [];
  const oneByOne = async (some: readonly Server[]) => {
    for (const server of some) {
      if (await reasonNotToRun(server, folder)) continue;
      await install(server, folder).catch((error) => failures.push(error));
    }
  };
  const isPython = ({ installer }: Server) => installer === "python3";
  await Promise.all([
    oneByOne(servers.filter(isPython)),
    oneByOne(servers.filter((server) => !isPython(server))),
  ]);
  return failures;
}

/** Runs the installer, and gives the folder that it filled. */
async function run(server: Server, folder: string, build: string): Promise<string> {
  const { name, version, installer, command } = server;
  const { args, env } = command(folder, build);
  const child = new Deno.Command(installer, { args, env, stdin: "null", stdout: "inherit", stderr: "inherit" }).spawn();
  const { success, code } = await child.status;
  const call = `\`${[installer, ...args].join(" ")}\``;
  if (!success) throw new Error(`${name} ${version} is not installed: ${call} ended with code ${code}.`);
  try {
    await Deno.stat(join(folder, programIn(server)));
    return folder;
  } catch (cause) {
    throw new Error(`${name} ${version} is not installed: ${call} made no ${programIn(server)}.`, { cause });
  }
}

/** Has the system write all files of a folder, so that none of them is empty after a loss of power that the rename survived. */
async function sync(folder: string): Promise<void> {
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) await sync(path);
    if (!isFile) continue;
    using file = await Deno.open(path);
    await file.sync();
  }
}

async function removeFolder(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
