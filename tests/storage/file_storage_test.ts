import { expect } from "@std/expect";
import { ConfigError, InvalidKeyError } from "../../src/errors.ts";
import { FileStorage } from "../../storage/file_storage.ts";
import { fullDisk, temporaryFolder } from "./folders.ts";
import { Big, BigSerializer, failureOf, filesOf } from "./big.ts";

Deno.test("FileStorage says with every method that its path is a file", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/file`;
  await Deno.writeTextFile(path, "x");
  const storage = new FileStorage({ path });
  const methods = [
    () => storage.newWorkflow("etl"),
    () => storage.save("etl", "a", 1),
    () => storage.save("etl", "a", new Uint8Array(3)),
    () => storage.readTask("etl", "a"),
    () => storage.fileExists("etl", "a"),
    () => storage.listTasks("etl"),
    () => storage.inspect("etl"),
    () => storage.inspectTask("etl", "a"),
    () => storage.removeTask("etl", { taskName: "a" }),
    () => storage.removeTask("etl", { pattern: "*" }),
    () => storage.removeWorkflow("etl"),
  ];
  for (const method of methods) {
    await expect(method()).rejects.toThrow(ConfigError);
    await expect(method()).rejects.toThrow("it is a file");
  }
  await Deno.remove(path);
  await storage.save("etl", "a", 1);
  expect(await storage.readTask("etl", "a")).toBe(1);
});

Deno.test("FileStorage makes its folder with the first result", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/deep/store`;
  const storage = new FileStorage({ path });
  await storage.newWorkflow("etl");
  expect(await storage.listTasks("etl")).toEqual([]);
  await expect(Deno.stat(path)).rejects.toThrow(Deno.errors.NotFound);
  await storage.save("etl", "a", 1);
  expect((await Deno.stat(`${path}/etl/results/a`)).isFile).toBe(true);
});

Deno.test("FileStorage leaves no empty folder behind", async () => {
  await using folder = await temporaryFolder();
  const storage = new FileStorage({ path: folder.path });
  for (const workflow of ["a", "b"]) await storage.save(workflow, "t", [new Uint8Array(3)]);
  await storage.removeTask("a", { taskName: "t" });
  await storage.removeWorkflow("b");
  expect(await Array.fromAsync(Deno.readDir(folder.path))).toEqual([]);
});

Deno.test("FileStorage refuses a result that became a symbolic link", async () => {
  await using folder = await temporaryFolder();
  await using outside = await temporaryFolder();
  const storage = new FileStorage({ path: folder.path });
  await storage.save("etl", "a", "secret");
  await Deno.rename(`${folder.path}/etl/results/a`, `${outside.path}/a`);
  await Deno.symlink(`${outside.path}/a`, `${folder.path}/etl/results/a`);
  await expect(storage.readTask("etl", "a")).rejects.toThrow(InvalidKeyError);
  expect(await storage.listTasks("etl")).toEqual([]);
  expect((await storage.inspect("etl")).size).toBe(0);
});

Deno.test({
  name: "FileStorage on a full disk says so, keeps what was stored and leaves nothing of the new value",
  ignore: !(await fullDisk.available()),
  fn: async () => {
    await using disk = await fullDisk.mount(1024 * 1024);
    const storage = new FileStorage({ path: `${disk.path}/s` });
    storage.registerPersistentSerializers(new BigSerializer());
    const before = { data: new Uint8Array(100_000), big: new Big(1) };
    await storage.save("etl", "a", before);
    const objects = (await Array.fromAsync(storage.objects.list())).map(({ key }) => key);
    const tooMuch = [
      "x".repeat(2_000_000),
      new Float64Array(1_000_000),
      [new Big(2), new Uint8Array(400_000), new Uint8Array(400_001), new Uint8Array(400_002)],
    ];
    for (const value of tooMuch) {
      for (const task of ["a", "new"]) {
        const error = await failureOf(storage.save("etl", task, value));
        expect(error).toBeInstanceOf(ConfigError);
        expect(error.message).toMatch(/no space is left/);
      }
      expect((await Array.fromAsync(storage.objects.list())).map(({ key }) => key)).toEqual(objects);
    }
    expect(await storage.readTask("etl", "a")).toEqual(before);
    expect((await filesOf(storage)).length).toBe(2);
    await storage.removeTask("etl", { taskName: "a" });
    await storage.save("etl", "new", new Uint8Array(500_000));
    expect(await storage.listTasks("etl")).toEqual(["new"]);
  },
});
