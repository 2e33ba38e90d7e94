/**
 * Installs the real servers that tests run against into `.servers/`. `deno task test` calls it first without an argument, and at its
 * end with `--not-run`, to list the suites that did not run because a server can not be installed here. That is an error where the
 * environment says `CI=true`.
 *
 * To add a server, add an entry to {@linkcode servers} in `servers/table.ts`, its installer to `--allow-run` of the task, and a module
 * to `tests/integration/servers/` that starts it.
 *
 * @module
 */
import { installAll } from "./servers/install.ts";
import { linesOfNotRun } from "./servers/not_run.ts";
import { servers } from "./servers/table.ts";

async function installServers(): Promise<void> {
  for (const failure of await installAll(servers)) {
    console.error(failure instanceof Error ? failure.message : failure);
    Deno.exitCode = 1;
  }
}

async function listNotRun(): Promise<void> {
  const lines = await linesOfNotRun(servers);
  for (const line of lines) console.log(line);
  if (lines.length > 0 && Deno.env.get("CI") === "true") Deno.exitCode = 1;
}

if (import.meta.main) await (Deno.args.includes("--not-run") ? listNotRun() : installServers());
