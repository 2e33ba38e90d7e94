import { expect } from "@std/expect";
import { ConfigError, InvalidKeyError, NotFoundError } from "../../../src/errors.ts";
import { PIECE_BYTES } from "../../../storage/object_store/body.ts";
import { FileObjectStore } from "../../../storage/object_store/file.ts";
import { bytesOf as someBytes, keysOf, listed } from "../../../testing/object_store_fixture.ts";
import { temporaryFolder, tree } from "../folders.ts";

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

Deno.test("FileObjectStore refuses a path that can not be one", () => {
  for (const path of ["", "a\0b"]) expect(() => new FileObjectStore({ path })).toThrow(ConfigError);
  // @ts-expect-error from JavaScript anything may come
  expect(() => new FileObjectStore({})).toThrow("needs `path`");
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

Deno.test("FileObjectStore reads the beginnings of slow files through other threads, with the same outcome", async () => {
  await using folder = await temporaryFolder();
  const store = new FileObjectStore({ path: folder.path });
  const slow = new FileObjectStore({ path: folder.path, slowMicroseconds: 0 });
  for (let i = 0; i < 200; i++) await store.put(`a/${String(i).padStart(3, "0")}`, someBytes(i));
  const options = { headBytes: 100 };
  expect(await listed(slow.list("a/", options))).toEqual(await listed(store.list("a/", options)));
});
