/**
 * Installs the real servers that tests run against into `.servers/`. `deno task test` calls it first without an argument, and at its
 * end with `--not-run`, to list the suites that did not run because a server can not be installed here. That is an error where the
 * environment says `CI=true`.
 *
 * To add a server, add an entry to {@linkcode servers}, its installer to `--allow-run` of the tasks, and a module beside
 * `tests/integration/servers/denokv.ts` that starts it.
 *
 * @module
 */
import { fromFileUrl, join } from "@std/path";

/** A server that tests need, and how it is built. */
export interface Server {
  /** The name of its program. */
  readonly name: string;
  /** The version that is built. */
  readonly version: string;
  /** The program that builds it. Where it is missing, the suites of this server do not run. */
  readonly installer: string;
  /** Arguments with which the installer does nothing, and succeeds. */
  readonly probe: readonly string[];
  /** Files and folders of tests that need the server. */
  readonly suites: readonly string[];
  /** How the installer is called, to put the program into `bin/` of a folder. What a failed try leaves in `build` helps the next. */
  readonly command: (folder: string, build: string) => { args: string[]; env: Record<string, string> };
}

/** The self-hosted server of Deno KV, with less optimisation than by default: that halves the time it takes to build. */
export const denokv: Server = {
  name: "denokv",
  version: "0.14.0",
  installer: "cargo",
  probe: ["--version"],
  suites: [
    "tests/integration/servers/denokv_test.ts",
    "tests/integration/remote_kv/open_test.ts",
    "tests/integration/remote_kv/engine_test.ts",
    "tests/crash/denokv_test.ts",
    "tests/storage/runtime/kv/denokv_test.ts",
  ],
  command: (folder, build) => ({
    args: ["install", "denokv", "--locked", "--version", "0.14.0", "--no-track", "--root", folder],
    env: {
      CARGO_TARGET_DIR: build,
      CARGO_PROFILE_RELEASE_OPT_LEVEL: "1",
      CARGO_PROFILE_RELEASE_LTO: "false",
      CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "16",
    },
  }),
};

/** Every server that tests need. */
export const servers: readonly Server[] = [denokv];

/** Where servers are installed. */
export const serversFolder: string = fromFileUrl(new URL("../.servers", import.meta.url));

/** The path of a server's program, whether it is installed or not. */
export function programOf(server: Server, folder: string = serversFolder): string {
  return join(folder, versionOf(server), programIn(server));
}

/**
 * Installs a server, unless it is installed. The program comes to its place when it is complete, by a rename, so that a try that was
 * stopped leaves nothing that a later one trusts. Of several tries at once, in any process, one installs and the others wait for it.
 *
 * @throws {Error} If the installer fails.
 */
export async function install(server: Server, folder: string = serversFolder): Promise<void> {
  if (await isInstalled(server, folder)) return;
  const target = join(folder, versionOf(server));
  const [partial, build] = [`${target}.partial`, `${target}.build`];
  await Deno.mkdir(folder, { recursive: true });
  // The system lets go of the lock when the process ends, however it ends.
  using lock = await Deno.open(`${target}.lock`, { create: true, write: true });
  await lock.lock(true);
  if (await isInstalled(server, folder)) return;

  console.error(`${server.name} ${server.version} is installed into ${folder}: this takes minutes, once.`);
  await removeFolder(partial);
  await Deno.mkdir(partial);
  // Where the process of an earlier try was killed, its installer can live on. So each try has a folder that no other writes to. They
  // share `build`, and `cargo install` moves a program out of there when it has let go of it: then the next one misses it, once.
  const own = await run(server, await Deno.makeTempDir({ dir: partial }), build)
    .catch(async () => run(server, await Deno.makeTempDir({ dir: partial }), build));
  using program = await Deno.open(join(own, programIn(server)));
  await program.sync();
  await Deno.rename(own, target);
  await removeFolder(partial);
  await removeFolder(build);
}

/**
 * Why the suites of a server can not run here. `undefined` where it is installed, and also where its installer is there and failed:
 * then the suites run, and fail.
 */
export async function reasonNotToRun(server: Server, folder: string = serversFolder): Promise<string | undefined> {
  if (await isInstalled(server, folder) || await hasInstaller(server)) return undefined;
  return `${server.installer} is not installed`;
}

/** One line for each suite that can not run here. */
export async function linesOfNotRun(
  all: readonly Server[] = servers,
  folder: string = serversFolder,
): Promise<string[]> {
  const lines: string[] = [];
  for (const server of all) {
    const reason = await reasonNotToRun(server, folder);
    if (reason) lines.push(...server.suites.map((suite) => `NOT RUN: ${suite} (${reason})`));
  }
  return lines;
}

/** Runs the installer, and gives the folder that it filled. */
async function run({ name, version, installer, command }: Server, folder: string, build: string): Promise<string> {
  const { args, env } = command(folder, build);
  const child = new Deno.Command(installer, { args, env, stdin: "null", stdout: "inherit", stderr: "inherit" }).spawn();
  const { success, code } = await child.status;
  if (success) return folder;
  throw new Error(
    `${name} ${version} is not installed: \`${[installer, ...args].join(" ")}\` ended with code ${code}.`,
  );
}

function versionOf({ name, version }: Server): string {
  return `${name}-${version}`;
}

function programIn({ name }: Server): string {
  return join("bin", Deno.build.os === "windows" ? `${name}.exe` : name);
}

async function isInstalled(server: Server, folder: string): Promise<boolean> {
  try {
    return (await Deno.stat(programOf(server, folder))).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function hasInstaller({ installer, probe }: Server): Promise<boolean> {
  try {
    return (await new Deno.Command(installer, { args: [...probe], stdout: "null", stderr: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function removeFolder(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function installAll(): Promise<void> {
  for (const server of servers) {
    if (await reasonNotToRun(server)) continue;
    try {
      await install(server);
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
      Deno.exitCode = 1;
    }
  }
}

async function listNotRun(): Promise<void> {
  const lines = await linesOfNotRun();
  for (const line of lines) console.log(line);
  if (lines.length > 0 && Deno.env.get("CI") === "true") Deno.exitCode = 1;
}

if (import.meta.main) await (Deno.args.includes("--not-run") ? listNotRun() : installAll());
