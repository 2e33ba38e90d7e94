import { expect } from "@std/expect";
import { fromFileUrl, join } from "@std/path";
import { TextLineStream } from "./text_lines.ts";

const root = fromFileUrl(import.meta.resolve("../../"));

/** The example as a process in `folder`, with the permissions that its header states. */
function start(folder: string, ...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--config",
      join(root, "deno.json"),
      "--unstable-kv",
      "--allow-read",
      "--allow-write=.fusewire",
      join(root, "examples/etl.ts"),
      ...args,
    ],
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** What a process prints until its end. */
async function outputOf(child: Deno.ChildProcess): Promise<string> {
  const { code, stdout, stderr } = await child.output();
  const [printed = "", complaints] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  expect(code, `${printed}${complaints}`).toBe(0);
  expect(complaints).toBe("");
  return printed;
}

Deno.test("etl that is killed half way goes on where it was, and reports as if nothing had happened", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const killed = start(folder, "--slowly");
    const before: string[] = [];
    for await (const line of killed.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())) {
      before.push(line);
      if (line.includes("/clean: checks")) break;
    }
    killed.kill("SIGKILL");
    await killed.status;
    await killed.stderr.cancel();
    expect(before[0]).toMatch(/^Run .*: 0 of 16 steps are done\.$/);
    expect(() => Deno.statSync(join(folder, ".fusewire/flights.txt"))).toThrow(Deno.errors.NotFound);

    const second = await outputOf(start(folder));
    const [first = "", ...rest] = second.split("\n");
    const done = Number(/: (\d+) of 16 steps are done\.$/.exec(first)?.[1]);
    expect(done).toBeGreaterThanOrEqual(1);
    expect(done).toBeLessThan(16);
    expect(first.split(":")[0]).toBe(before[0]?.split(":")[0]);
    const extracted = rest.filter((line) => line.includes("/extract: reads"));
    expect(extracted.length).toBeLessThan(3);
    expect(second).toContain("19998 flights on 2977 routes.");
    expect(await Deno.readTextFile(join(folder, ".fusewire/flights.txt"))).toContain("DFW → ATL  34.4 min late");
    expect(await Deno.readTextFile(join(folder, ".fusewire/flights.svg"))).toMatch(/^<svg .*<\/svg>\n$/);

    const third = await outputOf(start(folder));
    expect(third).toContain("16 of 16 steps are done.");
    expect(third).not.toContain("reads");
    expect(third).toContain("19998 flights on 2977 routes.");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
