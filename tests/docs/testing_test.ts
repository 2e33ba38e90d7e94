import { expect } from "@std/expect";
import { fromFileUrl, join } from "@std/path";

const root = fromFileUrl(import.meta.resolve("../../"));

/** The configuration of a project of a user that has this package. */
async function userConfig(): Promise<string> {
  const { imports, links, unstable } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const fusewire = { "@fusewire/fusewire": `${root}mod.ts`, "@fusewire/fusewire/testing": `${root}testing/mod.ts` };
  const local = (links as string[]).map((link) => join(root, link));
  return JSON.stringify({ imports: { ...imports, ...fusewire }, links: local, unstable, lock: false });
}

Deno.test("docs/testing.md: its crash test passes, and fails for a step that is not fit to be called twice", async () => {
  const text = await Deno.readTextFile(join(root, "docs/testing.md"));
  const blocks = text.matchAll(/^```ts ignore\n\/\/ (\S+)\n(.*?)^```$/gms);
  const files = new Map(Array.from(blocks, ([, name = "", code = ""]) => [name, code]));
  expect([...files.keys()]).toEqual(["etl_worker.ts", "etl_crash_test.ts"]);
  const definition = Array.from(text.matchAll(/^const (?:fetchRows|sum|etl) = .*$/gm), ([line]) => line).slice(0, 3);
  const etl = [
    'import { defineWorkflow, type Input, task } from "@fusewire/fusewire";',
    ...definition,
    "export { etl };",
  ].join("\n");

  const folder = await Deno.makeTempDir({ prefix: "fusewire-docs-" });
  try {
    await Deno.writeTextFile(join(folder, "deno.json"), await userConfig());
    for (const [name, code] of files) await Deno.writeTextFile(join(folder, name), code);
    const test = async (etl: string) => {
      await Deno.writeTextFile(join(folder, "etl.ts"), etl);
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["test", "--no-prompt", "-A", "etl_crash_test.ts"],
        cwd: folder,
        env: { NO_COLOR: "1" },
      }).output();
      const decoder = new TextDecoder();
      return { code, printed: decoder.decode(stdout) + decoder.decode(stderr) };
    };
    const good = await test(etl);
    expect(good.code, good.printed).toBe(0);
    // Gives something else in every process, which shows when the second one calls it again.
    const bad = await test(
      etl.replace("(day: string) => [day.length, 32]", "(_day: string) => [first() ? 42 : 0]") +
        `\nfunction first() { try { Deno.mkdirSync(Deno.args[0] + ".called"); return true; } catch { return false; } }\n`,
    );
    expect(bad.code, bad.printed).toBe(1);
    expect(bad.printed).toMatch(/killed (?:before|after) commit \d+/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
