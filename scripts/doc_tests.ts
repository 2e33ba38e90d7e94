/**
 * Runs every example of the documentation: of docs in code, of README.md and docs/. They are type-checked like the rest, but for
 * unused imports: Deno adds an import of everything that the documented file exports.
 *
 *     deno run --allow-read --allow-write --allow-run scripts/doc_tests.ts [flags of deno test]
 */
const root = new URL("..", import.meta.url);
const config = new URL(".doc_tests.deno.json", root);
const { compilerOptions, ...settings } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
await Deno.writeTextFile(
  config,
  JSON.stringify({ ...settings, compilerOptions: { ...compilerOptions, noUnusedLocals: false } }),
);
try {
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "--doc",
      "--config",
      config.pathname,
      ...Deno.args,
      "mod.ts",
      "src",
      "storage",
      "plugins",
      "testing",
      "README.md",
      "docs",
    ],
    cwd: root,
  }).spawn().status;
  Deno.exitCode = code;
} finally {
  await Deno.remove(config);
}
