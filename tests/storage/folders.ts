/**
 * Folders for tests of stores.
 *
 * @module
 */

/** A folder that is removed with everything in it. */
export interface TestFolder extends AsyncDisposable {
  /** Where it is, without symbolic links. */
  readonly path: string;
}

/** A new empty folder. */
export async function temporaryFolder(): Promise<TestFolder> {
  const path = await Deno.realPath(await Deno.makeTempDir());
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** The paths of all files and folders below a folder, and where links lead. */
export async function tree(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    found.push(entry.isSymlink ? `${path} -> ${await Deno.readLink(path)}` : path);
    if (entry.isDirectory) found.push(...await tree(path));
  }
  return found.sort();
}

/** A small disk of its own, which only root can make. */
export const fullDisk = {
  /** Whether one can be made here. Says why not, and fails where the continuous integration has to prove it. */
  async available(): Promise<boolean> {
    const reason = await whyNoDisk();
    if (reason === undefined) return true;
    console.log(`NOT RUN: the tests of a full disk: ${reason}`);
    if (Deno.env.get("CI") === "true") throw new Error(`The tests of a full disk have to run under CI=true: ${reason}`);
    return false;
  },

  /** Mounts one of `size` bytes. */
  async mount(size: number): Promise<TestFolder> {
    const folder = await temporaryFolder();
    const reason = await mount(folder.path, size);
    if (reason !== undefined) throw new Error(reason);
    return {
      path: folder.path,
      async [Symbol.asyncDispose]() {
        await new Deno.Command("umount", { args: [folder.path] }).output();
        await folder[Symbol.asyncDispose]();
      },
    };
  },
};

let answer: Promise<string | undefined> | undefined;

function whyNoDisk(): Promise<string | undefined> {
  return answer ??= (async () => {
    if (Deno.build.os !== "linux") return `there is no tmpfs on ${Deno.build.os}`;
    await using folder = await temporaryFolder();
    const reason = await mount(folder.path, 65_536);
    if (reason === undefined) await new Deno.Command("umount", { args: [folder.path] }).output();
    return reason;
  })();
}

async function mount(path: string, size: number): Promise<string | undefined> {
  try {
    const { success, stderr } = await new Deno.Command("mount", {
      args: ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path],
    }).output();
    return success ? undefined : new TextDecoder().decode(stderr).trim();
  } catch (error) {
    return `mount can not be started: ${error instanceof Error ? error.message : error}`;
  }
}
