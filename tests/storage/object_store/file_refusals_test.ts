import { expect } from "@std/expect";
import { ConfigError, PermissionError } from "../../../src/errors.ts";
import { sha256Hex } from "../../../storage/digest.ts";
import { FileObjectStore } from "../../../storage/object_store/file.ts";
import { bytesOf as someBytes, keysOf } from "../../../testing/object_store_fixture.ts";
import { fullDisk, temporaryFolder, tree } from "../folders.ts";

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
        const verbs = [
          () => store.get("a/b"),
          () => store.head("a/b"),
          () => store.put("a/b", someBytes(1)),
          () => keysOf(store),
        ];
        for (const verb of verbs) {
          await expect(verb()).rejects.toThrow(PermissionError);
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
