import { expect } from "@std/expect";
import { fromFileUrl } from "@std/path";

const root = new URL("../../../", import.meta.url);

/** Runs a script in a process of its own, with nothing but leave to read the project; one that does not end is a failure. */
async function runScript(name: string, permissions = [`--allow-read=${fromFileUrl(root)}`]) {
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-check",
      ...permissions,
      fromFileUrl(new URL(`../pool_fixtures/scripts/${name}`, import.meta.url)),
    ],
    cwd: fromFileUrl(root),
    env: { NO_COLOR: "1" },
    signal: AbortSignal.timeout(60_000),
  });
  const { code, stdout, stderr, signal } = await command.output();
  const decoder = new TextDecoder();
  expect(signal).toBe(null);
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

Deno.test("A script with a guard runs and ends by itself, with no more than leave to read", async () => {
  const { code, out, err } = await runScript("guarded.ts");
  expect({ code, out, err }).toEqual({ code: 0, out: "1\ntrue\n", err: "" });
});

Deno.test("A script without a guard ends with an error that names the module and the guard", async () => {
  const { code, out, err } = await runScript("unguarded.ts");
  expect(code).toBe(1);
  expect(out).toBe("");
  expect(err).toMatch(
    /Workflow `unguarded` was started by file:\S+\/unguarded\.ts while a worker of a pool imported it to find its tasks\./,
  );
  expect(err).toContain("`if (import.meta.main) { … }`");
});

Deno.test("A script without a guard that starts its workflow later gets the same error, and no flood of workers", async () => {
  const { code, out, err } = await runScript("unguarded_later.ts");
  expect(code).toBe(1);
  expect(out).toBe("");
  expect(err).toMatch(/^main: StepFailedError: .*Workflow `later` was started by file:\S+\/unguarded_later\.ts while/);
});

Deno.test("A script that cancels a function in an endless loop ends all the same", async () => {
  const { code, out, err } = await runScript("cancelled.ts");
  expect({ code, out, err }).toEqual({ code: 0, out: "CANCELLED\n", err: "" });
});

Deno.test("A script that may read nothing is told what workers need", async () => {
  const { code, err } = await runScript("guarded.ts", []);
  expect(code).toBe(1);
  expect(err).toMatch(/A worker for node `one_0000` could not start: Requires read access to .*worker\.ts/);
  expect(err).toContain("they need to read the package and the modules of the tasks");
});
