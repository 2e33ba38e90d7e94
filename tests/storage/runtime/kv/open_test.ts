import { expect } from "@std/expect";
import { toFileUrl } from "@std/path";
import { ConfigError } from "../../../../src/errors.ts";
import { openKvRuntimeStorage } from "../../../../storage/runtime/kv/open.ts";

async function problemOf(target: string | URL): Promise<string> {
  const error = await openKvRuntimeStorage(target).then(() => undefined, (error: unknown) => error);
  expect(error).toBeInstanceOf(ConfigError);
  return error instanceof Error ? error.message : "";
}

Deno.test("openKvRuntimeStorage() opens the same file by path and by URL", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/a b.sqlite`;
  for (const target of [path, toFileUrl(path), toFileUrl(path).href]) {
    const storage = await openKvRuntimeStorage(target);
    expect(storage.shared).toBe(true);
    expect(await storage.keepSession({ id: "s", deadline: 1, host: "", process: 1 }, target === path)).toBe(true);
    await storage.close();
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("openKvRuntimeStorage() says why a file can not be opened", async () => {
  const folder = await Deno.makeTempDir();
  expect(await problemOf(`${folder}/none/kv.sqlite`)).toContain("its folder must exist");
  expect(await problemOf(folder)).toContain(JSON.stringify(folder));
  await Deno.writeTextFile(`${folder}/text`, "not a database ".repeat(1000));
  expect(await problemOf(`${folder}/text`)).toContain("be a Deno KV file");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("openKvRuntimeStorage() says which flag is missing where there is no Deno KV", async () => {
  const module = import.meta.resolve("../../../../storage/runtime/kv/open.ts");
  const code = `
    const { openKvRuntimeStorage } = await import(${JSON.stringify(module)});
    await openKvRuntimeStorage(":memory:").catch((error) => console.log(error.name, error.message));
  `;
  const command = new Deno.Command(Deno.execPath(), { args: ["eval", "--no-config", code], stdout: "piped" });
  const { stdout } = await command.output();
  const said = new TextDecoder().decode(stdout);
  expect(said).toContain("ConfigError");
  expect(said).toContain("--unstable-kv");
});
