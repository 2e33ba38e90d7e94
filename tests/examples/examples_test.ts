import { expect } from "@std/expect";
import { fromFileUrl } from "@std/path";

/** Long enough for the slowest example on a busy machine, in ms. */
const LIMIT = 180_000;
const root = fromFileUrl(import.meta.resolve("../../"));

const names = Array.from(Deno.readDirSync(new URL("../../examples", import.meta.url)))
  .filter(({ name, isFile }) => isFile && name.endsWith(".ts"))
  .map(({ name }) => name)
  .sort();

for (const name of names) {
  Deno.test(`the example ${name} runs with the permissions its header states`, async () => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", ...await flagsOf(name), `examples/${name}`],
      cwd: root,
      signal: AbortSignal.timeout(LIMIT),
    }).output();
    expect(code, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr)).toBe(0);
  });
}

/** The flags in the line of an example's header that says how to run it: `deno run --allow-read examples/NAME.ts`. */
async function flagsOf(name: string): Promise<string[]> {
  const source = await Deno.readTextFile(new URL(`../../examples/${name}`, import.meta.url));
  const header = source.slice(0, source.indexOf("*/"));
  const command = header.split("\n").find((line) => line.includes("deno run ") && line.includes(`examples/${name}`));
  const flags = command?.match(/deno run (.*?)\s*examples\//)?.[1];
  if (flags === undefined) {
    throw new Error(`The header of examples/${name} has no line such as "deno run --allow-read examples/${name}".`);
  }
  return flags.split(/\s+/).filter((flag) => flag !== "");
}
