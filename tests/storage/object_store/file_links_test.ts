import { expect } from "@std/expect";
import { InvalidKeyError } from "../../../src/errors.ts";
import { FileObjectStore } from "../../../storage/object_store/file.ts";
import { bytesOf as someBytes, keysOf, listed } from "../../../testing/object_store_fixture.ts";
import { temporaryFolder, tree } from "../folders.ts";

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
