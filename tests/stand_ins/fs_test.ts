import { expect } from "@std/expect";
import { emptyDir, ensureDir, exists, walk, WalkError, type WalkOptions } from "@std/fs";
import { join, toFileUrl } from "@std/path";

/** Runs `body` in a new folder that holds: a/, a/x.txt, a/.hidden, a/deep/y.md, b.txt, toA -> a, toB -> b.txt, gone -> nothing. */
async function inTree(body: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.mkdir(join(root, "a", "deep"), { recursive: true });
    await Promise.all(
      ["a/x.txt", "a/.hidden", "a/deep/y.md", "b.txt"].map((name) => Deno.writeTextFile(join(root, name), "")),
    );
    await Deno.symlink("a", join(root, "toA"));
    await Deno.symlink("b.txt", join(root, "toB"));
    await Deno.symlink("nowhere", join(root, "gone"));
    await body(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** The sorted paths of a walk, below the root, the root itself as `.`. */
async function pathsOf(root: string, options?: WalkOptions): Promise<string[]> {
  const paths = await Array.fromAsync(walk(root, options), ({ path }) => path.slice(root.length + 1) || ".");
  return paths.sort();
}

Deno.test("walk gives files, folders and links, and the root", () =>
  inTree(async (root) => {
    const everything = [".", "a", "a/.hidden", "a/deep", "a/deep/y.md", "a/x.txt", "b.txt", "gone", "toA", "toB"];
    expect(await pathsOf(root)).toEqual(everything);
    expect(await Array.fromAsync(walk(toFileUrl(root)))).toHaveLength(everything.length);
  }));

Deno.test("walk gives a folder before what it holds", () =>
  inTree(async (root) => {
    const paths = await Array.fromAsync(walk(root), ({ path }) => path);
    expect(paths[0]).toBe(root);
    expect(paths.indexOf(join(root, "a"))).toBeLessThan(paths.indexOf(join(root, "a", "x.txt")));
  }));

Deno.test("walk says what an entry is", () =>
  inTree(async (root) => {
    const entries = new Map(await Array.fromAsync(walk(root), (entry) => [entry.path, entry] as const));
    expect(entries.get(join(root, "b.txt"))).toEqual({
      path: join(root, "b.txt"),
      name: "b.txt",
      isFile: true,
      isDirectory: false,
      isSymlink: false,
    });
    expect(entries.get(join(root, "a"))).toMatchObject({ name: "a", isDirectory: true });
    expect(entries.get(join(root, "toA"))).toMatchObject({ isSymlink: true, isDirectory: false });
  }));

Deno.test("walk leaves out the kinds that are not asked for", () =>
  inTree(async (root) => {
    expect(await pathsOf(root, { includeDirs: false, includeSymlinks: false }))
      .toEqual(["a/.hidden", "a/deep/y.md", "a/x.txt", "b.txt"]);
    expect(await pathsOf(root, { includeFiles: false, includeSymlinks: false })).toEqual([".", "a", "a/deep"]);
    expect(await pathsOf(root, { includeFiles: false, includeDirs: false })).toEqual(["gone", "toA", "toB"]);
  }));

Deno.test("walk goes no deeper than asked", () =>
  inTree(async (root) => {
    expect(await pathsOf(root, { maxDepth: -1 })).toEqual([]);
    expect(await pathsOf(root, { maxDepth: 0 })).toEqual(["."]);
    expect(await pathsOf(root, { maxDepth: 1, includeSymlinks: false })).toEqual([".", "a", "b.txt"]);
  }));

Deno.test("walk filters by ending and pattern", () =>
  inTree(async (root) => {
    expect(await pathsOf(root, { exts: [".md", ".txt"], includeSymlinks: false }))
      .toEqual(["a/deep/y.md", "a/x.txt", "b.txt"]);
    expect(await pathsOf(root, { match: [/y/, /x\.txt$/] })).toEqual(["a/deep/y.md", "a/x.txt"]);
  }));

Deno.test("walk does not enter what it skips", () =>
  inTree(async (root) => {
    expect(await pathsOf(root, { skip: [/\/a$/], includeSymlinks: false })).toEqual([".", "b.txt"]);
    expect(await pathsOf(root, { skip: [/deep/], includeSymlinks: false }))
      .toEqual([".", "a", "a/.hidden", "a/x.txt", "b.txt"]);
  }));

Deno.test("walk follows links, under their target or under their own path", () =>
  inTree(async (root) => {
    await Deno.remove(join(root, "gone"));
    const twice = (await pathsOf(root, { followSymlinks: true })).filter((path) =>
      path === "a/x.txt" || path === "b.txt"
    );
    expect(twice).toEqual(["a/x.txt", "a/x.txt", "b.txt", "b.txt"]);
    const own = await pathsOf(root, { followSymlinks: true, canonicalize: false, includeDirs: false });
    expect(own).toEqual(
      ["a/.hidden", "a/deep/y.md", "a/x.txt", "b.txt", "toA/.hidden", "toA/deep/y.md", "toA/x.txt", "toB"],
    );
  }));

Deno.test("walk wraps what goes wrong below the root", () =>
  inTree(async (root) => {
    const broken = await Array.fromAsync(walk(root, { followSymlinks: true })).catch((error: unknown) => error);
    expect(broken).toBeInstanceOf(WalkError);
    expect(broken).toMatchObject({ name: "WalkError", root });
    const missing = join(root, "missing");
    await expect(Array.fromAsync(walk(missing, { includeDirs: false }))).rejects.toThrow(`for path "${missing}"`);
    await expect(Array.fromAsync(walk(missing))).rejects.toThrow(Deno.errors.NotFound);
  }));

Deno.test("exists tells files, folders, links and nothing apart", () =>
  inTree(async (root) => {
    const at = (name: string) => join(root, name);
    expect(await exists(at("b.txt"))).toBe(true);
    expect(await exists(toFileUrl(at("b.txt")))).toBe(true);
    expect(await exists(at("missing"))).toBe(false);
    expect(await exists(at("gone"))).toBe(false);
    expect(await exists(at("b.txt"), { isFile: true })).toBe(true);
    expect(await exists(at("b.txt"), { isDirectory: true })).toBe(false);
    expect(await exists(at("toA"), { isDirectory: true })).toBe(true);
    expect(await exists(at("toA"), { isFile: true })).toBe(false);
    expect(await exists(at("toB"), { isFile: true })).toBe(true);
    await expect(exists(at("a"), { isFile: true, isDirectory: true })).rejects.toThrow(TypeError);
  }));

Deno.test("exists asks for the right to read where told to", () =>
  inTree(async (root) => {
    const file = join(root, "b.txt");
    expect(await exists(file, { isReadable: true })).toBe(true);
    await Deno.chmod(file, 0o000);
    expect(await exists(file)).toBe(true);
    expect(await exists(file, { isReadable: true })).toBe(false);
  }));

Deno.test({
  name: "exists does not take a path it may not read for a missing one",
  permissions: { read: false },
  fn: async () => {
    await expect(exists("/etc/hosts")).rejects.toThrow(Deno.errors.NotCapable);
  },
});

Deno.test("ensureDir makes a folder and its parents, and keeps one that is there", () =>
  inTree(async (root) => {
    const deep = join(root, "p", "q");
    await ensureDir(deep);
    await Deno.writeTextFile(join(deep, "kept"), "");
    await ensureDir(deep);
    await ensureDir(toFileUrl(deep));
    await ensureDir(join(root, "toA"));
    expect(await exists(join(deep, "kept"))).toBe(true);
    expect((await Deno.lstat(join(root, "toA"))).isSymlink).toBe(true);
  }));

Deno.test("ensureDir refuses a file in its place", () =>
  inTree(async (root) => {
    const message = "Failed to ensure directory exists: expected 'dir', got 'file'";
    await expect(ensureDir(join(root, "b.txt"))).rejects.toThrow(message);
    await expect(ensureDir(join(root, "toB"))).rejects.toThrow(message);
  }));

Deno.test("ensureDir can be called many times at once", () =>
  inTree(async (root) => {
    const path = join(root, "r", "s", "t");
    await Promise.all(Array.from({ length: 20 }, () => ensureDir(path)));
    expect(await exists(path, { isDirectory: true })).toBe(true);
  }));

Deno.test("emptyDir removes what a folder holds, not the folder and not what links point to", () =>
  inTree(async (root) => {
    const dir = join(root, "a");
    await Deno.symlink(join(root, "b.txt"), join(dir, "link"));
    const before = (await Deno.stat(dir)).ino;
    await emptyDir(dir);
    expect(await pathsOf(dir)).toEqual(["."]);
    expect((await Deno.stat(dir)).ino).toBe(before);
    expect(await exists(join(root, "b.txt"))).toBe(true);
  }));

Deno.test("emptyDir makes a missing folder, and refuses a file", () =>
  inTree(async (root) => {
    await emptyDir(toFileUrl(join(root, "new", "folder")));
    expect(await exists(join(root, "new", "folder"), { isDirectory: true })).toBe(true);
    await expect(emptyDir(join(root, "b.txt"))).rejects.toThrow(Error);
  }));
