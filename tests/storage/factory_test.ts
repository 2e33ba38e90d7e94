import { expect } from "@std/expect";
import { ConfigError } from "../../src/errors.ts";
import { storageFactory, storageFromYaml } from "../../storage/factory.ts";
import { FileStorage } from "../../storage/file_storage.ts";
import { KvStorage } from "../../storage/kv_storage.ts";
import { MemoryStorage } from "../../storage/memory_storage.ts";
import { temporaryFolder } from "./folders.ts";

/** Whatever may come from JavaScript. */
const untyped: (config: unknown) => unknown = storageFactory as (config: unknown) => unknown;

Deno.test("storageFactory() makes the storage of a kind", async () => {
  await using folder = await temporaryFolder();
  const file = storageFactory({ kind: "file", options: { path: folder.path } });
  expect(file).toBeInstanceOf(FileStorage);
  await file.save("etl", "a", 1);
  expect((await Deno.stat(`${folder.path}/etl/results/a`)).isFile).toBe(true);
  expect(storageFactory({ kind: "memory" })).toBeInstanceOf(MemoryStorage);
  expect(storageFactory({ kind: "memory", options: {} })).toBeInstanceOf(MemoryStorage);
});

Deno.test("storageFactory() lists the kinds that it knows, and the options of a kind", () => {
  const refused: [unknown, RegExp][] = [
    [{ kind: "ftp", options: {} }, /unknown kind "ftp"; the kinds of storage are file, memory, s3, gcs, kv/],
    [{ options: {} }, /no `kind`.*file, memory, s3, gcs, kv/],
    [{ kind: { a: 1 } }, /unknown kind a record/],
    [{ kind: "file" }, /option `path` for the kind "file": a folder, not nothing/],
    [{ kind: "file", options: { path: 3 } }, /a folder, not 3/],
    [{ kind: "file", options: { path: "a", pth: "b" } }, /unknown option `pth` for the kind "file"; its options: path/],
    [{ kind: "memory", options: { path: "a" } }, /unknown option `path`.*none/],
    [{ kind: "file", options: [] }, /a record as `options`, not a list/],
    [{ kind: "memory", path: "x" }, /`path`; it takes only `kind` and `options`/],
    [null, /a record of `kind` and `options`/],
  ];
  for (const [config, message] of refused) {
    expect(() => untyped(config)).toThrow(ConfigError);
    expect(() => untyped(config)).toThrow(message);
  }
});

Deno.test("storageFactory() makes stores of every kind, without touching one", () => {
  const bucket = "results";
  const made = [
    storageFactory({ kind: "s3", options: { bucket, prefix: "shop", region: "eu-west-1" } }),
    storageFactory({ kind: "gcs", options: { bucket, prefix: "", token: () => "never asked for" } }),
    storageFactory({ kind: "kv", options: { kv: ":memory:", prefix: "shop" } }),
    storageFactory({ kind: "kv" }),
  ];
  expect(made.map(({ objects }) => objects.uri("a/b"))).toEqual([
    "s3://results/shop/a/b",
    "gs://results/a/b",
    "kv:shop/a/b",
    "kv:fusewire/a/b",
  ]);
});

Deno.test("storageFactory() refuses options of buckets and KVs that can not be used, and shows no secret", () => {
  const bucket = "results";
  const refused: [unknown, RegExp][] = [
    [{ kind: "s3" }, /option `bucket` for the kind "s3": a name of a bucket, not nothing/],
    [{ kind: "gcs", options: { bucket: "" } }, /`bucket` for the kind "gcs": a name of a bucket, not an empty text/],
    [{ kind: "s3", options: { bucket, secret: "hush" } }, /unknown option `secret`.*bucket, prefix, endpoint, region/],
    [{ kind: "s3", options: { bucket, credentials: { accessKeyId: "hush" } } }, /`credentials`.*not a record/],
    [{ kind: "s3", options: { bucket, credentials: "hush" } }, /`credentials`.*a function that gives one, not a text/],
    [{ kind: "s3", options: { bucket, partBytes: "8" } }, /`partBytes`.*a whole number from 1 on, not a text/],
    [{ kind: "gcs", options: { bucket, token: 7 } }, /`token`.*not 7/],
    [{ kind: "kv", options: { kv: 7 } }, /`kv` for the kind "kv": a path, a URL, or an open Deno.Kv, not 7/],
    [{ kind: "kv", options: { path: "x" } }, /unknown option `path` for the kind "kv"; its options: kv, prefix/],
  ];
  for (const [config, message] of refused) {
    expect(() => untyped(config)).toThrow(ConfigError);
    expect(() => untyped(config)).toThrow(message);
    expect(() => untyped(config)).not.toThrow(/hush/);
  }
});

Deno.test("storageFactory() opens the KV at a path on first use, and closes it", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/results.sqlite`;
  for (const expected of [undefined, 42]) {
    await using storage = storageFactory({ kind: "kv", options: { kv: path } }) as KvStorage;
    if (expected === undefined) {
      await expect(Deno.stat(path)).rejects.toThrow(Deno.errors.NotFound);
      await storage.save("etl", "a", 42);
    } else expect(await storage.readTask("etl", "a")).toBe(expected);
  }
});

Deno.test("KvStorage says that the KV can not be opened, and opens it when it can", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/none/results.sqlite`;
  await Deno.writeTextFile(`${folder.path}/none`, "in the way");
  await using storage = new KvStorage({ kv: path });
  await expect(storage.save("etl", "a", 1)).rejects.toThrow(ConfigError);
  await expect(storage.save("etl", "a", 1)).rejects.toThrow("its folder must exist");
  await Deno.remove(`${folder.path}/none`);
  await storage.save("etl", "a", 1);
  expect(await storage.listTasks("etl")).toEqual(["a"]);
});

async function fromYaml(text: string): Promise<unknown> {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/storage.yaml`;
  await Deno.writeTextFile(path, text);
  return await storageFromYaml(path);
}

Deno.test("storageFromYaml() fills in environment variables", async () => {
  await using folder = await temporaryFolder();
  Deno.env.set("FUSEWIRE_TEST_ROOT", folder.path);
  Deno.env.set("FUSEWIRE_TEST_NAME", 'a: "b" # ${FUSEWIRE_TEST_ROOT}');
  try {
    const storage = await fromYaml(
      "kind: file\noptions:\n  path: ${FUSEWIRE_TEST_ROOT}/x/${FUSEWIRE_TEST_NAME}$${y}\n",
    );
    expect(storage).toBeInstanceOf(FileStorage);
    await (storage as FileStorage).save("etl", "t", 1);
    const name = 'a: "b" # ${FUSEWIRE_TEST_ROOT}${y}';
    expect((await Deno.stat(`${folder.path}/x/${name}/etl/results/t`)).isFile).toBe(true);
  } finally {
    Deno.env.delete("FUSEWIRE_TEST_ROOT");
    Deno.env.delete("FUSEWIRE_TEST_NAME");
  }
});

Deno.test("storageFromYaml() takes a path or a URL of a file", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/a b.yaml`;
  await Deno.writeTextFile(path, "kind: memory\n");
  expect(await storageFromYaml(path)).toBeInstanceOf(MemoryStorage);
  expect(await storageFromYaml(new URL(`file://${folder.path}/a%20b.yaml`))).toBeInstanceOf(MemoryStorage);
});

Deno.test("storageFromYaml() names the file and what is wrong with it", async () => {
  const refused: [string, RegExp][] = [
    [
      "kind: file\noptions:\n  path: ${FUSEWIRE_TEST_MISSING}/x",
      /storage\.yaml needs the environment variable FUSEWIRE_TEST_MISSING, which is not set/,
    ],
    ["kind: file\noptions:\n  path: ${1}", /storage\.yaml has \$\{1\}/],
    ["kind: [a", /storage\.yaml is no valid YAML: .*line 2/],
    ["kind: file\n  options: 3", /line 2/],
    ["", /storage\.yaml needs a record/],
    ["- a", /storage\.yaml needs a record/],
    ["kind: ftp", /storage\.yaml has the unknown kind "ftp"/],
    ["kind: s3", /needs the option `bucket` for the kind "s3"/],
    ["a: &a [*a]\nkind: memory", /`a`; it takes only/],
  ];
  for (const [text, message] of refused) {
    await expect(fromYaml(text)).rejects.toThrow(ConfigError);
    await expect(fromYaml(text)).rejects.toThrow(message);
  }
  await expect(storageFromYaml("/none/such.yaml")).rejects.toThrow(ConfigError);
  await expect(storageFromYaml("/none/such.yaml")).rejects.toThrow("The storage file /none/such.yaml can not be read");
});

Deno.test("storageFromYaml() is not blown up by a file that refers to itself again and again", async () => {
  const lines = ["kind: memory", "options:", "  a0: &a0 [x]"];
  for (let i = 1; i < 40; i++) lines.push(`  a${i}: &a${i} [*a${i - 1}, *a${i - 1}]`);
  await expect(fromYaml(lines.join("\n"))).rejects.toThrow("unknown option `a0`");
});

Deno.test("storageFromYaml() says which variable it was not allowed to read", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/storage.yaml`;
  await Deno.writeTextFile(path, "kind: file\noptions:\n  path: ${HOME}/x\n");
  const module = new URL("../../storage/factory.ts", import.meta.url).href;
  const script = `${folder.path}/script.ts`;
  await Deno.writeTextFile(
    script,
    `import { storageFromYaml } from ${JSON.stringify(module)};
     console.log(await storageFromYaml(${
      JSON.stringify(path)
    }).catch((error) => \`\${error.name}: \${error.message}\`));`,
  );
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const args = ["run", "--no-prompt", "--quiet", "--allow-read", "--config", config, script];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
  expect(new TextDecoder().decode(stdout)).toMatch(
    /^ConfigError: .* needs the environment variable HOME: .*--allow-env/,
  );
});
