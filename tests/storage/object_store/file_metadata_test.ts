import { expect } from "@std/expect";
import { ConflictError, IntegrityError, InvalidKeyError } from "../../../src/errors.ts";
import { FileObjectStore } from "../../../storage/object_store/file.ts";
import { type FileVersion, versionOf } from "../../../storage/object_store/file_versions.ts";
import { bytesOf, keysOf } from "../../../testing/object_store_fixture.ts";
import { temporaryFolder } from "../folders.ts";

const FOLDER = ".fusewire-metadata";
const one = { contentType: "text/x-one", metadata: { n: "1" } };
const two = { contentType: "text/x-two", metadata: { n: "2" } };

/** The files in which something is kept beside objects. */
async function kept(path: string): Promise<string[]> {
  const found: string[] = [];
  for await (const shard of Deno.readDir(`${path}/${FOLDER}`)) {
    for await (const { name } of Deno.readDir(`${path}/${FOLDER}/${shard.name}`)) {
      if (name !== "lock") found.push(`${path}/${FOLDER}/${shard.name}/${name}`);
    }
  }
  return found;
}

Deno.test("FileObjectStore makes its folder for metadata with the first object that has any, and never lists it", async () => {
  await using folder = await temporaryFolder();
  const store = new FileObjectStore({ path: folder.path });
  await store.put("a", bytesOf(3));
  await store.head("a");
  await store.delete("a");
  expect([...Deno.readDirSync(folder.path)]).toEqual([]);
  await store.put("a", bytesOf(3), one);
  await store.put("b", bytesOf(3));
  expect((await kept(folder.path)).length).toBe(1);
  expect(await keysOf(store)).toEqual(["a", "b"]);
  expect(await keysOf(store, ".")).toEqual([]);
  await store.deletePrefix("");
  expect(await kept(folder.path)).toEqual([]);
  await expect(store.get(`${FOLDER}/00/lock`)).rejects.toThrow(InvalidKeyError);
});

Deno.test("FileObjectStore keeps metadata when its folder is copied, with the times of the files or without", async () => {
  await using folder = await temporaryFolder();
  const store = new FileObjectStore({ path: `${folder.path}/s` });
  await store.put("d/a", bytesOf(100), one);
  await store.put("d/a", bytesOf(100, 2), two);
  for (const args of [["-a"], ["-r"]]) {
    const path = `${folder.path}/copy${args[0]}`;
    await new Deno.Command("cp", { args: [...args, store.path, path] }).output();
    if (args[0] === "-r") await Deno.utime(`${path}/d/a`, 1e9, 1e9);
    const copy = new FileObjectStore({ path });
    expect(await copy.head("d/a")).toEqual({ key: "d/a", size: 100, ...two });
    await copy.copy("d/a", "e");
    expect(await copy.head("e")).toEqual({ key: "e", size: 100, ...two });
    await copy.put("d/a", bytesOf(100, 2));
    expect(await copy.head("d/a")).toEqual({ key: "d/a", size: 100 });
  }
});

Deno.test("FileObjectStore knows nothing of a file that somebody else put in the place of an object", async () => {
  await using folder = await temporaryFolder();
  const store = new FileObjectStore({ path: folder.path });
  await store.put("a", bytesOf(100), one);
  await Deno.writeFile(`${folder.path}/a`, bytesOf(100, 2));
  await Deno.utime(`${folder.path}/a`, 1e9, 1e9);
  expect(await store.head("a")).toEqual({ key: "a", size: 100 });
  await Deno.writeFile(`${folder.path}/a`, bytesOf(50));
  expect(await store.head("a")).toEqual({ key: "a", size: 50 });
  await Deno.remove(`${folder.path}/a`);
  expect(await store.head("a")).toBe(undefined);
  await store.put("a", bytesOf(100));
  expect(await store.head("a")).toEqual({ key: "a", size: 100 });
});

Deno.test("FileObjectStore finds the previous object with its own metadata when it died before the new one took its place", async () => {
  await using folder = await temporaryFolder();
  const store = new FileObjectStore({ path: folder.path });
  for (const next of [two, {}]) {
    await store.put("a", bytesOf(100), one);
    const rename = Deno.renameSync;
    // What a crash between the two renames leaves.
    Deno.renameSync = (from, to) => {
      if (`${to}` === `${folder.path}/a`) throw new Error("killed");
      rename(from, to);
    };
    const remove = Deno.removeSync;
    Deno.removeSync = () => {};
    try {
      await expect(store.put("a", bytesOf(100, 2), next)).rejects.toThrow("killed");
    } finally {
      Deno.renameSync = rename;
      Deno.removeSync = remove;
    }
    const restarted = new FileObjectStore({ path: folder.path });
    expect(await restarted.head("a")).toEqual({ key: "a", size: 100, ...one });
    expect(await restarted.get("a")).toEqual(bytesOf(100));
    await restarted.put("a", bytesOf(100, 2), next);
    expect(await restarted.head("a")).toEqual({ key: "a", size: 100, ...next });
  }
});

Deno.test("versionOf tells two versions of one size and one time apart by their content", async () => {
  const first: FileVersion = { size: 3, modified: 5, sha256: "first", metadata: { n: "1" } };
  const second: FileVersion = { size: 3, modified: 5, sha256: "second", metadata: { n: "2" } };
  const plain: FileVersion = { size: 3, modified: 5 };
  const never = (): Promise<string> => Promise.reject(new Error("read for nothing"));
  const hash = (sha256: string) => () => Promise.resolve(sha256);
  const stamp = { size: 3, modified: 5 };
  expect(await versionOf([first], stamp, never)).toBe(first);
  expect(await versionOf([second, first], stamp, hash("first"))).toBe(first);
  expect(await versionOf([second, first], stamp, hash("second"))).toBe(second);
  expect(await versionOf([second, plain], stamp, hash("other"))).toBe(plain);
  expect(await versionOf([second, plain], { size: 3, modified: 6 }, hash("other"))).toBe(undefined);
  expect(await versionOf([second, first], { size: 3, modified: 6 }, hash("first"))).toBe(first);
  expect(await versionOf([first], { size: 4, modified: 5 }, never)).toBe(undefined);
  expect(await versionOf([first], stamp, hash("other"), true)).toBe(undefined);
});

Deno.test("FileObjectStore follows no symbolic link to what it keeps beside objects", async () => {
  await using folder = await temporaryFolder();
  await using outside = await temporaryFolder();
  await Deno.writeTextFile(`${outside.path}/secret`, "untouched");
  const path = `${folder.path}/s`;
  const store = new FileObjectStore({ path });
  await store.put("a", bytesOf(3), one);
  const [beside = ""] = await kept(path);
  const shard = beside.slice(0, beside.lastIndexOf("/"));
  for (const place of [beside, `${shard}/lock`, shard, `${path}/${FOLDER}`]) {
    await Deno.rename(place, `${folder.path}/aside`);
    await Deno.symlink(place === beside || place.endsWith("lock") ? `${outside.path}/secret` : outside.path, place);
    await expect(store.put("a", bytesOf(3), two)).rejects.toThrow(InvalidKeyError);
    if (place !== `${shard}/lock`) await expect(store.head("a")).rejects.toThrow(InvalidKeyError);
    await Deno.remove(place);
    await Deno.rename(`${folder.path}/aside`, place);
  }
  await Deno.symlink(`${outside.path}/secret`, `${shard}/next`);
  await store.put("a", bytesOf(3), two);
  expect(await store.head("a")).toEqual({ key: "a", size: 3, ...two });
  expect([...Deno.readDirSync(outside.path)].map(({ name }) => name)).toEqual(["secret"]);
  expect(await Deno.readTextFile(`${outside.path}/secret`)).toBe("untouched");
});

Deno.test("FileObjectStore says that metadata is damaged, and keeps the bytes readable", async () => {
  await using folder = await temporaryFolder();
  const store = new FileObjectStore({ path: folder.path });
  await store.put("a", bytesOf(3), one);
  const [beside = ""] = await kept(folder.path);
  for (const text of ["", "{", "[]", '{"key":"b","versions":[]}', '{"key":"a","versions":[{"size":"3"}]}']) {
    await Deno.writeTextFile(beside, text);
    await expect(store.head("a")).rejects.toThrow(IntegrityError);
    await expect(store.head("a")).rejects.toThrow('"a" is damaged');
    expect(await store.get("a")).toEqual(bytesOf(3));
    await store.put("a", bytesOf(3), two);
    expect(await store.head("a")).toEqual({ key: "a", size: 3, ...two });
  }
});

Deno.test("FileObjectStore puts only where nothing is, be it an object, a folder or a link", async () => {
  await using folder = await temporaryFolder();
  const store = new FileObjectStore({ path: folder.path });
  await store.put("a", bytesOf(3));
  await store.put("d/b", bytesOf(3));
  await Deno.symlink(`${folder.path}/nowhere`, `${folder.path}/link`);
  for (const options of [{}, one]) {
    const put = (key: string) => store.put(key, bytesOf(5), { ...options, onlyIfAbsent: true });
    await expect(put("a")).rejects.toThrow(ConflictError);
    await expect(put("d")).rejects.toThrow("can not be a folder too");
    await expect(put("link")).rejects.toThrow("symbolic link");
    await put("new");
    await expect(put("new")).rejects.toThrow(ConflictError);
    await store.delete("new");
  }
  expect(await keysOf(store)).toEqual(["a", "d/b"]);
});

Deno.test("FileObjectStore puts only where nothing is on a file system on which a file has one name", async () => {
  await using folder = await temporaryFolder();
  const stores = [1, 2].map(() => new FileObjectStore({ path: folder.path }));
  const link = Deno.link;
  Deno.link = () => Promise.reject(Object.assign(new Deno.errors.PermissionDenied("not permitted"), { code: "EPERM" }));
  try {
    for (const key of ["a", "b/c"]) {
      const puts = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => {
        return stores[i % 2]!.put(key, bytesOf(100, i), { onlyIfAbsent: true, ...(i % 3 === 0 ? one : {}) });
      }));
      const won = puts.flatMap(({ status }, i) => status === "fulfilled" ? [i] : []);
      expect(won.length).toBe(1);
      for (const put of puts) if (put.status === "rejected") expect(put.reason).toBeInstanceOf(ConflictError);
      expect(await stores[0]!.get(key)).toEqual(bytesOf(100, won[0]));
      expect(await stores[0]!.head(key)).toEqual({ key, size: 100, ...(won[0]! % 3 === 0 ? one : {}) });
    }
    expect(await keysOf(stores[0]!)).toEqual(["a", "b/c"]);
  } finally {
    Deno.link = link;
  }
});

Deno.test("FileObjectStore has an object with what belongs to it after kill -9 of several processes in the middle of puts", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/s`;
  const module = new URL("../../../storage/object_store/file.ts", import.meta.url).href;
  const script = `${folder.path}/writer.ts`;
  await Deno.writeTextFile(
    script,
    `import { FileObjectStore } from ${JSON.stringify(module)};
     const store = new FileObjectStore({ path: ${JSON.stringify(path)} });
     const size = Number(Deno.args[0]);
     console.log("ready");
     for (let i = 0;; i++) {
       const metadata = i % 4 === 0 ? {} : { metadata: { n: String(size + i % 100) } };
       if (i % 7 === 6) await store.delete("a");
       else await store.put("a", new Uint8Array(size + i % 100).fill(i % 100), metadata);
     }`,
  );
  const store = new FileObjectStore({ path });
  for (let round = 0; round < 4; round++) {
    const children = [1000, 2000].map((size) =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-prompt", "--quiet", `--allow-read=${path}`, `--allow-write=${path}`, script, `${size}`],
        stdout: "piped",
      }).spawn()
    );
    const readers = children.map((child) => child.stdout.getReader());
    for (const reader of readers) await reader.read();
    for (let look = 0; look < 30 * (round + 1); look++) {
      const info = await store.head("a");
      if (info !== undefined) expect([undefined, `${info.size}`]).toContain(info.metadata?.["n"]);
      await new Promise((resolve) => setTimeout(resolve));
    }
    for (const child of children) child.kill("SIGKILL");
    for (const reader of readers) await reader.cancel();
    for (const child of children) await child.status;
    const info = await new FileObjectStore({ path }).head("a");
    if (info === undefined) continue;
    const bytes = await store.get("a");
    expect(bytes.length).toBe(info.size);
    const i = bytes[0] ?? 0;
    expect(bytes.every((byte) => byte === i)).toBe(true);
    expect(info.size % 1000).toBe(i);
    // 100 is a multiple of 4, so what is left of the number still tells whether there is metadata.
    expect(info.metadata).toEqual(i % 4 === 0 ? undefined : { n: `${info.size}` });
    expect(await keysOf(store)).toEqual(["a"]);
  }
});
