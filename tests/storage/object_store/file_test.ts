import { expect } from "@std/expect";
import { ConfigError, InvalidKeyError, NotFoundError, PermissionError } from "../../../src/errors.ts";
import { sha256Hex } from "../../../storage/digest.ts";
import { PIECE_BYTES } from "../../../storage/object_store/body.ts";
import { FileObjectStore } from "../../../storage/object_store/file.ts";
import { objectStoreConformance } from "../../../testing/object_store_conformance.ts";
import { bytesOf as someBytes, keysOf, listed } from "../../../testing/object_store_fixture.ts";
import { fullDisk, temporaryFolder } from "../../storage/folders.ts";

for (
  const [name, options] of [["FileObjectStore", {}], ["FileObjectStore on a slow disk", {
    slowMicroseconds: 0,
  }]] as const
) {
  objectStoreConformance(name, async () => {
    const folder = await temporaryFolder();
    const path = `${folder.path}/store`;
    await Deno.writeTextFile(`${folder.path}/beside`, "never touched");
    return {
      store: new FileObjectStore({ path, ...options }),
      beside: () => Promise.resolve(new FileObjectStore({ path, ...options })),
      around: async () => (await tree(folder.path)).filter((file) => !`${file}/`.startsWith(`${path}/`)),
      close: async () => await folder[Symbol.asyncDispose](),
    };
  });
}

/** The paths of all files and folders below a folder, and where links lead. */
async function tree(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    found.push(entry.isSymlink ? `${path} -> ${await Deno.readLink(path)}` : path);
    if (entry.isDirectory) found.push(...await tree(path));
  }
  return found.sort();
}

Deno.test("FileObjectStore touches nothing before the first write, then makes its folder", async () => {
  await using folder = await temporaryFolder();
  const store = new FileObjectStore({ path: `${folder.path}/a/b` });
  expect(await keysOf(store)).toEqual([]);
  expect(await store.head("x")).toBe(undefined);
  await expect(store.get("x")).rejects.toThrow(NotFoundError);
  await store.delete("x");
  await store.deletePrefix("");
  expect(await tree(folder.path)).toEqual([]);
  await store.put("x/y", someBytes(3));
  expect(await tree(folder.path)).toEqual(["a", "a/b", "a/b/x", "a/b/x/y"].map((path) => `${folder.path}/${path}`));
});

Deno.test("FileObjectStore goes on when its folder was removed", async () => {
  await using folder = await temporaryFolder();
  const store = new FileObjectStore({ path: `${folder.path}/s` });
  await store.put("a/b", someBytes(3));
  await Deno.remove(store.path, { recursive: true });
  expect(await keysOf(store)).toEqual([]);
  await expect(store.get("a/b")).rejects.toThrow(NotFoundError);
  await store.put("a/b", someBytes(4));
  expect(await store.get("a/b")).toEqual(someBytes(4));
});

Deno.test("FileObjectStore notices that a file took the place of its folder", async () => {
  await using folder = await temporaryFolder();
  const store = new FileObjectStore({ path: `${folder.path}/s` });
  await store.put("a/b", someBytes(3));
  await Deno.remove(store.path, { recursive: true });
  await Deno.writeTextFile(store.path, "x");
  await expect(store.put("a/b", someBytes(3))).rejects.toThrow(ConfigError);
  await expect(store.put("a", someBytes(3))).rejects.toThrow("it is a file");
  expect(await Deno.readTextFile(store.path)).toBe("x");
});

Deno.test("FileObjectStore lets other work go on while it reads many beginnings", async () => {
  await using folder = await temporaryFolder();
  const store = new FileObjectStore({ path: folder.path, slowMicroseconds: Infinity });
  for (let i = 0; i < 256; i++) {
    await Deno.writeFile(`${folder.path}/${i}`, new Uint8Array());
    await Deno.truncate(`${folder.path}/${i}`, 1024 * 1024);
  }
  let turns = 0;
  const timer = setInterval(() => turns++);
  try {
    let size = 0;
    for await (const { head } of store.list("", { headBytes: 1024 * 1024 })) size += head?.length ?? 0;
    expect(size).toBe(256 * 1024 * 1024);
  } finally {
    clearInterval(timer);
  }
  expect(turns).toBeGreaterThan(0);
});

Deno.test("FileObjectStore takes a path relative to the folder it was made in", async () => {
  await using folder = await temporaryFolder();
  const before = Deno.cwd();
  Deno.chdir(folder.path);
  try {
    const store = new FileObjectStore({ path: "store" });
    Deno.chdir("/");
    await store.put("a", someBytes(1));
  } finally {
    Deno.chdir(before);
  }
  expect(await tree(folder.path)).toEqual([`${folder.path}/store`, `${folder.path}/store/a`]);
});

Deno.test("FileObjectStore removes the folders that become empty, never its own", async () => {
  await using folder = await temporaryFolder();
  const store = new FileObjectStore({ path: `${folder.path}/s` });
  for (const key of ["a/b/c", "a/d", "e/f/g"]) await store.put(key, someBytes(1));
  await store.delete("a/b/c");
  await store.deletePrefix("e/");
  expect(await tree(store.path)).toEqual([`${store.path}/a`, `${store.path}/a/d`]);
  await store.deleteMany(["a/d"]);
  expect(await tree(folder.path)).toEqual([store.path]);
});

Deno.test("FileObjectStore says with every verb that its path is a file, or lies below one", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/file`, "x");
  for (const path of [`${folder.path}/file`, `${folder.path}/file/below`]) {
    const store = new FileObjectStore({ path });
    for (
      const verb of [
        () => store.get("a"),
        () => store.open("a"),
        () => store.stream("a"),
        () => store.head("a"),
        () => store.put("a", someBytes(1)),
        () => store.delete("a"),
        () => store.deletePrefix(""),
        () => keysOf(store),
      ]
    ) {
      await expect(verb()).rejects.toThrow(ConfigError);
      await expect(verb()).rejects.toThrow(`${path} can not be the folder of a store: it is a file, or lies below one`);
    }
  }
  expect(await Deno.readTextFile(`${folder.path}/file`)).toBe("x");
});

Deno.test("FileObjectStore refuses a path that can not be one", () => {
  for (const path of ["", "a\0b"]) expect(() => new FileObjectStore({ path })).toThrow(ConfigError);
  // @ts-expect-error from JavaScript anything may come
  expect(() => new FileObjectStore({})).toThrow("needs `path`");
});

Deno.test("FileObjectStore never follows a symbolic link, to a file or a folder, in or out", async () => {
  await using folder = await temporaryFolder();
  await using outside = await temporaryFolder();
  await Deno.writeFile(`${outside.path}/secret`, someBytes(9));
  const store = new FileObjectStore({ path: `${folder.path}/s` });
  await store.put("in/real", someBytes(3));
  await Deno.symlink(`${outside.path}/secret`, `${store.path}/file`);
  await Deno.symlink(outside.path, `${store.path}/dir`);
  await Deno.symlink(`${store.path}/in`, `${store.path}/inner`);
  await Deno.symlink("loop", `${store.path}/loop`);
  await Deno.symlink(`${outside.path}/nothing`, `${store.path}/dangling`);
  const before = [await tree(store.path), await tree(outside.path)];
  for (const key of ["file", "dir/secret", "dir/new", "dir/deep/new", "inner/real", "loop/x"]) {
    await expect(store.get(key)).rejects.toThrow(InvalidKeyError);
    await expect(store.get(key)).rejects.toThrow("symbolic link");
    await expect(store.open(key)).rejects.toThrow(InvalidKeyError);
    await expect(store.stream(key)).rejects.toThrow(InvalidKeyError);
    await expect(store.head(key)).rejects.toThrow(InvalidKeyError);
    await expect(store.put(key, someBytes(1))).rejects.toThrow(InvalidKeyError);
    await expect(store.delete(key)).rejects.toThrow(InvalidKeyError);
    await expect(store.deleteMany([key])).rejects.toThrow(InvalidKeyError);
  }
  for (const key of ["dangling", "dangling/new"]) {
    await expect(store.put(key, someBytes(1))).rejects.toThrow(InvalidKeyError);
  }
  await expect(keysOf(store, "dir/")).rejects.toThrow(InvalidKeyError);
  await expect(store.deletePrefix("inner/")).rejects.toThrow(InvalidKeyError);
  expect(await keysOf(store)).toEqual(["in/real"]);
  expect(await listed(store.list("", { headBytes: 5 }))).toEqual([{ key: "in/real", size: 3, head: someBytes(3) }]);
  expect([await tree(store.path), await tree(outside.path)]).toEqual(before);
  expect(await Deno.readFile(`${outside.path}/secret`)).toEqual(someBytes(9));
});

Deno.test("FileObjectStore notices a folder that became a symbolic link", async () => {
  await using folder = await temporaryFolder();
  await using outside = await temporaryFolder();
  const store = new FileObjectStore({ path: `${folder.path}/s` });
  await store.put("a/b", someBytes(3));
  await Deno.writeFile(`${outside.path}/b`, someBytes(9));
  Deno.renameSync(`${store.path}/a`, `${store.path}/c`);
  Deno.symlinkSync(outside.path, `${store.path}/a`);
  await expect(store.get("a/b")).rejects.toThrow(InvalidKeyError);
  await expect(store.put("a/b", someBytes(1))).rejects.toThrow(InvalidKeyError);
  expect(await Deno.readFile(`${outside.path}/b`)).toEqual(someBytes(9));
});

Deno.test("FileObjectStore may itself be reached through a symbolic link", async () => {
  await using folder = await temporaryFolder();
  await Deno.mkdir(`${folder.path}/real`);
  await Deno.symlink(`${folder.path}/real`, `${folder.path}/link`);
  const store = new FileObjectStore({ path: `${folder.path}/link` });
  await store.put("a/b", someBytes(3));
  expect(await store.get("a/b")).toEqual(someBytes(3));
  expect(await keysOf(store)).toEqual(["a/b"]);
});

Deno.test("FileObjectStore lists only files with a name that a key can have", async () => {
  await using folder = await temporaryFolder();
  const store = new FileObjectStore({ path: folder.path });
  await store.put("a", someBytes(1));
  await Deno.writeTextFile(`${folder.path}/back\\slash`, "");
  await Deno.writeTextFile(`${folder.path}/new\nline`, "");
  expect(await keysOf(store)).toEqual(["a"]);
});

Deno.test("FileObjectStore never lists what a crash left half-written, and removes it an hour later", async () => {
  await using folder = await temporaryFolder();
  const store = new FileObjectStore({ path: folder.path });
  await store.put("a/b", someBytes(1));
  const old = `${folder.path}/a/.fusewire-tmp-0123456789abcdef-7`;
  const young = `${folder.path}/a/.fusewire-tmp-0123456789abcdef-8`;
  for (const path of [old, young]) await Deno.writeFile(path, someBytes(100));
  const minutesAgo = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);
  await Deno.utime(young, minutesAgo(59), minutesAgo(59));
  await Deno.utime(old, minutesAgo(61), minutesAgo(61));
  expect(await keysOf(store)).toEqual(["a/b"]);
  expect((await listed(store.list("a/", { headBytes: 10 }))).length).toBe(1);
  expect(await tree(folder.path)).toEqual([`${folder.path}/a`, young, `${folder.path}/a/b`]);
  await expect(store.get("a/.fusewire-tmp-0123456789abcdef-8")).rejects.toThrow(InvalidKeyError);
});

Deno.test("FileObjectStore survives being killed in the middle of writing", async () => {
  await using folder = await temporaryFolder();
  const module = new URL("../../../storage/object_store/file.ts", import.meta.url).href;
  const script = `${folder.path}/writer.ts`;
  await Deno.writeTextFile(
    script,
    `import { FileObjectStore } from ${JSON.stringify(module)};
     const store = new FileObjectStore({ path: ${JSON.stringify(`${folder.path}/s`)} });
     await store.put("a", new Uint8Array(1000).fill(1));
     console.log("ready");
     for (let i = 2;; i++) await store.put("a", new Uint8Array(200_000 + i).fill(i));`,
  );
  for (let round = 0; round < 3; round++) {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--quiet", "--allow-read", "--allow-write", script],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    child.kill("SIGKILL");
    await reader.cancel();
    await child.status;
    const store = new FileObjectStore({ path: `${folder.path}/s` });
    const bytes = await store.get("a");
    // The length tells which write it is, and so does every byte.
    expect(bytes[0]).toBe(bytes.length === 1000 ? 1 : (bytes.length - 200_000) % 256);
    expect(bytes.every((byte) => byte === bytes[0])).toBe(true);
    expect(await keysOf(store)).toEqual(["a"]);
  }
});

Deno.test("FileObjectStore finds its folder again when it is removed at the moment of a put", async () => {
  await using folder = await temporaryFolder();
  const store = new FileObjectStore({ path: folder.path });
  for (let i = 0; i < 50; i++) {
    const put = store.put("a/b/c", someBytes(i));
    try {
      Deno.removeSync(`${folder.path}/a/b`);
      Deno.removeSync(`${folder.path}/a`);
    } catch {
      // The put was quicker.
    }
    await put;
    expect(await store.get("a/b/c")).toEqual(someBytes(i));
    await store.delete("a/b/c");
  }
});

Deno.test("FileObjectStore writes a long stream while the disk works on what came before", async () => {
  await using folder = await temporaryFolder();
  const store = new FileObjectStore({ path: folder.path });
  const chunk = someBytes(3_000_000);
  const chunks = Array.from({ length: 25 }, () => chunk);
  const { size } = await store.put("a", ReadableStream.from(chunks));
  expect(size).toBe(75_000_000);
  expect((await Deno.stat(`${folder.path}/a`)).size).toBe(75_000_000);
});

Deno.test("FileObjectStore leaves no temporary file when a put fails", async () => {
  await using folder = await temporaryFolder();
  const store = new FileObjectStore({ path: folder.path });
  await store.put("a", someBytes(3));
  await store.put("d/x", someBytes(3));
  const before = await tree(folder.path);
  await expect(store.put("d", someBytes(3))).rejects.toThrow(InvalidKeyError);
  await expect(store.put("a", ReadableStream.from(failing()))).rejects.toThrow("broke");
  expect(await tree(folder.path)).toEqual(before);

  async function* failing(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    yield someBytes(PIECE_BYTES);
    await Promise.resolve();
    throw new Error("broke");
  }
});

Deno.test("FileObjectStore says that access is denied, and never that there is nothing", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/s`;
  await new FileObjectStore({ path }).put("a/b", someBytes(3));
  const module = new URL("../../../storage/object_store/file.ts", import.meta.url).href;
  const script = `${folder.path}/denied.ts`;
  await Deno.writeTextFile(
    script,
    `import { FileObjectStore } from ${JSON.stringify(module)};
     const store = new FileObjectStore({ path: ${JSON.stringify(path)} });
     for (const verb of [() => store.get("a/b"), () => store.head("a/b"), () => store.put("a/b", new Uint8Array(1)),
       () => store.put("new", new Uint8Array(1)), () => store.delete("a/b"), () => Array.fromAsync(store.list())]) {
       console.log(await verb().then(() => "done", (error) => \`\${error.name}: \${error.message}\`));
     }`,
  );
  const run = async (...permissions: string[]): Promise<string[]> => {
    const args = ["run", "--no-prompt", "--quiet", ...permissions, script];
    const { stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
    return new TextDecoder().decode(stdout).trim().split("\n");
  };
  for (const line of await run()) expect(line).toMatch(/^PermissionError: The store in the folder .*--allow-read/);
  const [get, head, put, putNew, remove, list] = await run("--allow-read");
  expect([get, head, list]).toEqual(["done", "done", "done"]);
  for (const line of [put, putNew, remove]) {
    expect(line).toMatch(/^PermissionError: The store in the folder .*--allow-write/);
  }
  expect(await new FileObjectStore({ path }).get("a/b")).toEqual(someBytes(3));
});

const userId = Deno.build.os === "windows" ? null : Deno.uid();
Deno.test({
  name: "FileObjectStore says that the system denies access",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = await temporaryFolder();
    const store = new FileObjectStore({ path: `${folder.path}/s` });
    await store.put("a/b", someBytes(3));
    await store.put("c", someBytes(3));
    // Root may do anything, so what root does is done by another user then.
    if (userId === 0) {
      expect(await asNobody(folder.path, store.path)).toEqual(Array(4).fill("PermissionError"));
    } else {
      await Deno.chmod(`${store.path}/a`, 0o000);
      try {
        for (const verb of [store.get("a/b"), store.head("a/b"), store.put("a/b", someBytes(1)), keysOf(store)]) {
          await expect(verb).rejects.toThrow(PermissionError);
        }
      } finally {
        await Deno.chmod(`${store.path}/a`, 0o700);
      }
    }
    expect(await store.get("a/b")).toEqual(someBytes(3));
  },
});

async function asNobody(folder: string, path: string): Promise<string[]> {
  await Deno.chmod(folder, 0o755);
  await Deno.chmod(path, 0o755);
  await Deno.chmod(`${path}/a`, 0o700);
  const module = new URL("../../../storage/object_store/file.ts", import.meta.url).href;
  // The other user may not be able to read the project or Deno's cache: the code goes into one file, the cache into the folder.
  const bundle = `${folder}/bundle.js`;
  const source = `${folder}/source.ts`;
  await Deno.writeTextFile(
    source,
    `import { FileObjectStore } from ${JSON.stringify(module)};
     const store = new FileObjectStore({ path: ${JSON.stringify(path)} });
     for (const verb of [() => store.get("a/b"), () => store.head("a/b"), () => store.put("a/b", new Uint8Array(1)), () => Array.fromAsync(store.list())]) {
       console.log(await verb().then(() => "done", (error) => error.name));
     }`,
  );
  const bundled = await new Deno.Command(Deno.execPath(), { args: ["bundle", "--quiet", "-o", bundle, source] })
    .output();
  expect(new TextDecoder().decode(bundled.stderr)).toBe("");
  await Deno.chmod(bundle, 0o644);
  const deno = `${folder}/deno`;
  await Deno.copyFile(Deno.execPath(), deno);
  await Deno.chmod(deno, 0o755);
  const command = new Deno.Command(deno, {
    args: ["run", "--no-prompt", "--quiet", "--allow-read", "--allow-write", bundle],
    env: { DENO_DIR: `${folder}/cache` },
    cwd: folder,
    uid: 65534,
    gid: 65534,
  });
  const { stdout, stderr } = await command.output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  if (lines.length !== 4) throw new Error(new TextDecoder().decode(stderr));
  return lines;
}

Deno.test({
  name: "FileObjectStore says that the disk is full, keeps what was there and leaves nothing behind",
  ignore: !(await fullDisk.available()),
  fn: async () => {
    await using disk = await fullDisk.mount(1024 * 1024);
    const store = new FileObjectStore({ path: `${disk.path}/s` });
    await store.put("small", someBytes(1000));
    await store.put("big", someBytes(500_000));
    const before = await tree(disk.path);
    for (const size of [600_000, 3_000_000, 12_000_000]) {
      for (const key of ["big", "new"]) {
        const put = store.put(key, someBytes(size));
        await expect(put).rejects.toThrow(ConfigError);
        await expect(put).rejects.toThrow(/no space is left/);
      }
      await expect(store.put("new", new Blob([someBytes(size)]).stream())).rejects.toThrow(ConfigError);
    }
    expect(await tree(disk.path)).toEqual(before);
    expect(sha256Hex(await store.get("big"))).toBe(sha256Hex(someBytes(500_000)));
    await store.delete("big");
    await store.put("new", someBytes(600_000));
    expect((await store.head("new"))?.size).toBe(600_000);
  },
});

Deno.test({
  name: "FileObjectStore says that the disk is read-only",
  ignore: !(await fullDisk.available()),
  fn: async () => {
    await using disk = await fullDisk.mount(1024 * 1024);
    const store = new FileObjectStore({ path: `${disk.path}/s` });
    await store.put("a/b", someBytes(10));
    await new Deno.Command("mount", { args: ["-o", "remount,ro", disk.path] }).output();
    for (
      const verb of [
        () => store.put("a/b", someBytes(1)),
        () => store.put("new/b", someBytes(1)),
        () => store.delete("a/b"),
      ]
    ) {
      await expect(verb()).rejects.toThrow(ConfigError);
      await expect(verb()).rejects.toThrow("read-only");
    }
    expect(await store.get("a/b")).toEqual(someBytes(10));
  },
});

Deno.test("FileObjectStore reads the beginnings of slow files through other threads, with the same outcome", async () => {
  await using folder = await temporaryFolder();
  const store = new FileObjectStore({ path: folder.path });
  const slow = new FileObjectStore({ path: folder.path, slowMicroseconds: 0 });
  for (let i = 0; i < 200; i++) await store.put(`a/${String(i).padStart(3, "0")}`, someBytes(i));
  const options = { headBytes: 100 };
  expect(await listed(slow.list("a/", options))).toEqual(await listed(store.list("a/", options)));
});
