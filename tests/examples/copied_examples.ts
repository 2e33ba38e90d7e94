/**
 * The examples as a stranger has them who copied them, run as their headers say.
 *
 * @module
 */
import { expect } from "@std/expect";
import { ensureDir } from "@std/fs";
import { fromFileUrl, join } from "@std/path";

/** Long enough for the slowest example on a busy machine, in ms. */
const LIMIT = 240_000;
/** Where this package is. */
export const root = fromFileUrl(import.meta.resolve("../../"));

/** The names of all examples. */
export const names = Array.from(Deno.readDirSync(join(root, "examples")))
  .filter(({ name, isFile }) => isFile && name.endsWith(".ts"))
  .map(({ name }) => name)
  .sort();

/** A folder as a stranger has it who has copied the examples and never run one. */
export async function withCopy(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await copyFolder("examples", folder);
    await Deno.copyFile(join(root, "LICENSE"), join(folder, "LICENSE"));
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function copyFolder(name: string, to: string): Promise<void> {
  await ensureDir(join(to, name));
  for await (const { name: entry, isFile } of Deno.readDir(join(root, name))) {
    if (isFile) await Deno.copyFile(join(root, name, entry), join(to, name, entry));
    else await copyFolder(`${name}/${entry}`, to);
  }
}

/** Runs an example as a command of its header says, with those permissions and no other, and gives what it prints. */
export function run(folder: string, name: string, ...args: string[]): Promise<string> {
  return runIn(folder, {}, name, ...args);
}

/** The same with variables of its environment. */
export async function runIn(
  folder: string,
  env: Readonly<Record<string, string>>,
  name: string,
  ...args: string[]
): Promise<string> {
  const command = await commandOf(name, ...args);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--config", join(root, "deno.json"), ...command.split(" ").slice(2)],
    cwd: folder,
    env: { NO_COLOR: "1", ...env },
    signal: AbortSignal.timeout(LIMIT),
  }).output();
  const [printed, complaints] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  expect(code, `${printed}${complaints}`).toBe(0);
  return printed ?? "";
}

/** The line of an example's header that says how to run it: `deno run --allow-read examples/NAME.ts`. */
export async function commandOf(name: string, ...args: string[]): Promise<string> {
  const source = await Deno.readTextFile(join(root, "examples", name));
  const lines = source.slice(0, source.indexOf("*/")).split("\n").map((line) => line.replace(/^ \*\s*/, ""));
  const end = [`examples/${name}`, ...args].join(" ");
  const command = lines.find((line) => line.startsWith("deno run ") && line.endsWith(` ${end}`));
  if (command === undefined) throw new Error(`The header of examples/${name} has no line "deno run … ${end}".`);
  return command;
}
