import { expect } from "@std/expect";
import { exists, walk } from "@std/fs";
import { fromFileUrl, join } from "@std/path";
import { install, installAll } from "../../scripts/servers/install.ts";
import { linesOfNotRun, reasonNotToRun } from "../../scripts/servers/not_run.ts";
import { isInstalled, programOf, type Server } from "../../scripts/servers/server.ts";
import { servers } from "../../scripts/servers/table.ts";
import { temporaryFolder } from "../storage/folders.ts";

const root = fromFileUrl(import.meta.resolve("../../"));
const installModule = import.meta.resolve("../../scripts/servers/install.ts");

/**
 * A server whose installer writes half a program, notes that it did, and writes the rest when there is a file `go`. Where there is a
 * file `fail` or `fail-once`, it fails.
 */
function fakeServer(notes: string): Server {
  const installer = (folder: string) => `
    const notes = ${JSON.stringify(notes)}, bin = ${JSON.stringify(join(folder, "bin"))};
    const isThere = (name) => Deno.stat(notes + "/" + name).then(() => true, () => false);
    await Deno.mkdir(bin);
    await Deno.writeTextFile(bin + "/fake", "half");
    await Deno.writeTextFile(notes + "/calls", "call ", { append: true });
    while (!await isThere("go")) {
      if (!await isThere("")) Deno.exit(1); // the test is over
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    if (await isThere("fail")) Deno.exit(7);
    if (await isThere("fail-once")) {
      await Deno.remove(notes + "/fail-once");
      Deno.exit(7);
    }
    await Deno.writeTextFile(bin + "/fake", "whole");
  `;
  return {
    name: "fake",
    version: "1.0.0",
    startedBy: "fake.ts",
    installer: Deno.execPath(),
    probe: ["--version"],
    suites: ["tests/one", "tests/two"],
    command: (folder) => ({ args: ["eval", "--no-config", installer(folder)], env: {} }),
  };
}

async function fixture() {
  const folder = await temporaryFolder();
  const [notes, target] = [join(folder.path, "notes"), join(folder.path, "servers")];
  await Deno.mkdir(notes);
  return {
    server: fakeServer(notes),
    notes,
    target,
    note: (name: string) => Deno.writeTextFile(join(notes, name), ""),
    calls: async () => await exists(join(notes, "calls")) ? await Deno.readTextFile(join(notes, "calls")) : "",
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

Deno.test("install() installs once, also when many do it at once", async () => {
  await using fake = await fixture();
  await fake.note("go");
  await Promise.all([1, 2, 3].map(() => install(fake.server, fake.target)));
  await install(fake.server, fake.target);
  expect(await fake.calls()).toBe("call ");
  expect(await Deno.readTextFile(programOf(fake.server, fake.target))).toBe("whole");
});

Deno.test("install() of a failing installer leaves no program, and says what was called", async () => {
  await using fake = await fixture();
  await fake.note("go");
  await fake.note("fail");
  await expect(install(fake.server, fake.target)).rejects.toThrow(
    /^fake 1\.0\.0 is not installed: `.*` ended with code 7\.$/s,
  );
  expect(await exists(programOf(fake.server, fake.target))).toBe(false);

  await Deno.remove(join(fake.notes, "fail"));
  await install(fake.server, fake.target);
  expect(await Deno.readTextFile(programOf(fake.server, fake.target))).toBe("whole");
});

Deno.test("install() of an installer that succeeds without a program fails", async () => {
  await using fake = await fixture();
  await fake.note("go");
  const server: Server = { ...fake.server, program: "bin/other" };
  await expect(install(server, fake.target)).rejects.toThrow(/^fake 1\.0\.0 is not installed: `.*` made no bin.other/s);
  expect(await isInstalled(server, fake.target)).toBe(false);
});

Deno.test("install() moves the whole folder, and replaces one whose program is gone", async () => {
  await using fake = await fixture();
  await fake.note("go");
  await install(fake.server, fake.target);
  await Deno.remove(programOf(fake.server, fake.target));
  await Deno.writeTextFile(join(fake.target, "fake-1.0.0", "old"), "");
  await install(fake.server, fake.target);
  expect(await Deno.readTextFile(programOf(fake.server, fake.target))).toBe("whole");
  expect((await Array.fromAsync(Deno.readDir(join(fake.target, "fake-1.0.0")))).map(({ name }) => name)).toEqual([
    "bin",
  ]);
});

Deno.test("installAll() installs what it can, leaves out what has no installer, and gives what failed", async () => {
  await using fake = await fixture();
  await fake.note("go");
  const failing: Server = {
    ...fake.server,
    name: "failing",
    command: () => ({ args: ["eval", "Deno.exit(7)"], env: {} }),
  };
  const missing: Server = { ...fake.server, name: "missing", installer: "no-such-installer" };
  const failures = await installAll([failing, missing, fake.server], fake.target);
  expect(failures.map(String)).toEqual([
    "Error: failing 1.0.0 is not installed: `" + Deno.execPath() + " eval Deno.exit(7)` ended with code 7.",
  ]);
  expect(await isInstalled(fake.server, fake.target)).toBe(true);
  expect(await isInstalled(missing, fake.target)).toBe(false);
});

Deno.test("install() tries a second time", async () => {
  await using fake = await fixture();
  await fake.note("go");
  await fake.note("fail-once");
  await install(fake.server, fake.target);
  expect(await fake.calls()).toBe("call call ");
  expect(await Deno.readTextFile(programOf(fake.server, fake.target))).toBe("whole");
});

Deno.test("install() does not trust what a killed process left, and its installer does no harm", async () => {
  await using fake = await fixture();
  const { args } = fake.server.command("FOLDER", "");
  const program = `
    import { install } from ${JSON.stringify(installModule)};
    const command = (folder) => ({ args: ${
    JSON.stringify(args)
  }.map((arg) => arg.replace("FOLDER", folder)), env: {} });
    await install({ ...${JSON.stringify(fake.server)}, command }, ${JSON.stringify(fake.target)});
  `;
  const killed = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--config", join(root, "deno.json"), program],
    stdout: "null",
    stderr: "null",
  }).spawn();
  while (await fake.calls() === "") await new Promise((resolve) => setTimeout(resolve, 10));
  killed.kill("SIGKILL");
  await killed.status;
  expect(await exists(programOf(fake.server, fake.target))).toBe(false);

  const again = install(fake.server, fake.target);
  while (await fake.calls() === "call ") await new Promise((resolve) => setTimeout(resolve, 10));
  await fake.note("go"); // also to the installer that lives on
  await again;
  expect(await Deno.readTextFile(programOf(fake.server, fake.target))).toBe("whole");
});

Deno.test("a missing installer is a reason not to run, unless the server is there", async () => {
  await using fake = await fixture();
  const server: Server = { ...fake.server, installer: "no-such-installer" };
  expect(await reasonNotToRun(fake.server, fake.target)).toBeUndefined();
  expect(await linesOfNotRun([fake.server, server], fake.target)).toEqual([
    "NOT RUN: tests/one (no-such-installer is not installed)",
    "NOT RUN: tests/two (no-such-installer is not installed)",
  ]);
  await fake.note("go");
  await install(fake.server, fake.target);
  expect(await linesOfNotRun([server], fake.target)).toEqual([]);
});

Deno.test("an installer that does not work is a reason not to run", async () => {
  await using fake = await fixture();
  const server: Server = { ...fake.server, probe: ["eval", "Deno.exit(1)"] };
  expect(await reasonNotToRun(server, fake.target)).toContain("is not installed");
});

for (const [ci, code] of [["", 0], ["true", 1]] as const) {
  Deno.test(`without installers, the servers script lists what did not run and ends with ${code} where CI is "${ci}"`, async () => {
    await using folder = await temporaryFolder();
    const copy = join(folder.path, "scripts", "servers.ts");
    await copyFolder(join(root, "scripts"), join(folder.path, "scripts"));
    const run = (...args: string[]) =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-prompt", "--config", join(root, "deno.json"), "--allow-all", copy, ...args],
        env: { PATH: folder.path, CI: ci },
      }).output();
    expect((await run()).code).toBe(0);
    const listed = await run("--not-run");
    expect(listed.code).toBe(code);
    const lines = new TextDecoder().decode(listed.stdout).trimEnd().split("\n");
    const integration = (name: string) => `NOT RUN: tests/integration/servers/${name}_test.ts`;
    const python = "python3 of version 3.11 or later with venv";
    expect(lines).toContain(`${integration("denokv")} (cargo is not installed)`);
    expect(lines).toContain(`${integration("versitygw")} (go is not installed)`);
    expect(lines).toContain(`${integration("moto")} (${python} is not installed)`);
  });
}

for (const { name, startedBy, suites } of servers) {
  Deno.test(`every test that uses ${name} is in a suite that would be listed as not run`, async () => {
    for (const suite of suites) expect(await exists(join(root, suite))).toBe(true);
    const starter = join(root, "tests", "integration", "servers", startedBy);
    expect(await exists(starter)).toBe(true);
    const unlisted: string[] = [];
    for (const path of (await importsOfTests()).keys()) {
      const isListed = suites.some((suite) => path.startsWith(join(root, suite)));
      if (path.endsWith("_test.ts") && !isListed && await reaches(path, starter)) unlisted.push(path);
    }
    expect(unlisted).toEqual([]);
  });
}

let imports: Promise<Map<string, string[]>> | undefined;

/** The modules below `tests/` that each module there imports, other than types alone, which start nothing. */
function importsOfTests(): Promise<Map<string, string[]>> {
  return imports ??= (async () => {
    const found = new Map<string, string[]>();
    for await (const { path } of walk(join(root, "tests"), { includeDirs: false, exts: [".ts"] })) {
      const specifiers = (await Deno.readTextFile(path)).matchAll(/^(?:im|ex)port (?!type )[^;]* from "(\.[^"]*)";/gm);
      found.set(path, Array.from(specifiers, ([, specifier = ""]) => join(path, "..", specifier)));
    }
    return found;
  })();
}

async function reaches(from: string, to: string, seen: Set<string> = new Set()): Promise<boolean> {
  if (from === to) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  for (const next of (await importsOfTests()).get(from) ?? []) {
    if (await reaches(next, to, seen)) return true;
  }
  return false;
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(join(from, name), join(to, name));
    else await Deno.copyFile(join(from, name), join(to, name));
  }
}
