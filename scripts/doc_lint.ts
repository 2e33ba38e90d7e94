/**
 * Runs `deno doc --lint` on every module that `exports` in deno.json names, so that no entry point is forgotten.
 *
 * @module
 */
import configuration from "../deno.json" with { type: "json" };

const { success } = await new Deno.Command(Deno.execPath(), {
  args: ["doc", "--lint", ...Object.values(configuration.exports)],
  stdout: "inherit",
  stderr: "inherit",
}).output();
if (!success) Deno.exit(1);
