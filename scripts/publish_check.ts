/**
 * Runs `deno publish --dry-run` as it would run with JSR at hand. `links` in deno.json points into this tree, and a published module
 * can not import a local one that is left out of the package: so the check runs on a copy, with the linked packages outside it.
 *
 * @module
 */
import { ensureDir, exists, walk } from "@std/fs";
import { dirname, fromFileUrl, join, relative, resolve } from "@std/path";
import configuration from "../deno.json" with { type: "json" };

const root = fromFileUrl(new URL("..", import.meta.url));
const copy = await Deno.realPath(await Deno.makeTempDir());
try {
  const published = configuration.publish.include.map((pattern) => pattern.replace(/\/\*\*$/, ""));
  for (const name of ["deno.lock", ...published]) await copyTree(name);
  const links = configuration.links.map((link) => relative(copy, resolve(root, link)));
  await Deno.writeTextFile(join(copy, "deno.json"), JSON.stringify({ ...configuration, links }));
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["publish", "--dry-run", "--allow-dirty"],
    cwd: copy,
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (!success) Deno.exitCode = 1;
} finally {
  await Deno.remove(copy, { recursive: true });
}

async function copyTree(name: string): Promise<void> {
  const source = join(root, name);
  if (!await exists(source)) return;
  if (await exists(source, { isFile: true })) return await Deno.copyFile(source, join(copy, name));
  for await (const { path } of walk(source, { includeDirs: false })) {
    const target = join(copy, relative(root, path));
    await ensureDir(dirname(target));
    await Deno.copyFile(path, target);
  }
}
