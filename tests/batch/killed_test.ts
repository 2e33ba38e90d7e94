import { expect } from "@std/expect";
import { runChild, startChild } from "../child.ts";

const fixture = new URL("./killed_fixture.ts", import.meta.url);

Deno.test("A named batch whose process was killed goes on with what is missing, and does not repeat what is finished", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [kv, log] = [`${folder}/runs.sqlite`, `${folder}/log`];
    const lines = async (): Promise<string[]> => (await Deno.readTextFile(log)).trim().split("\n");
    {
      await using first = startChild(fixture, [kv, log, "40", "9"]);
      await first.printed("stays");
      // Two go on beside the one that stays, as far as results are kept ahead of it.
      await first.printed("8 fulfilled 64");
      first.kill("SIGKILL");
      expect(await first.end).toMatchObject({ signal: "SIGKILL" });
    }
    const before = await lines();
    expect(before.length).toBeLessThan(30);
    await Deno.writeTextFile(log, "");
    const second = await runChild(fixture, [kv, log, "40"]);
    expect(second).toMatchObject({ code: 0, stderr: "" });
    expect(second.stdout.trim().split("\n")).toEqual(Array.from(
      { length: 40 },
      (_, n) =>
        n === 2
          ? "2 rejected StepFailedError: Node `square_0000` of workflow `squares` failed: two"
          : `${n} fulfilled ${n * n}`,
    ));
    const after = await lines();
    // The first nine are finished; their results are read, also that of the one that failed.
    for (let n = 0; n < 9; n++) expect(after).not.toContain(`nightly[${n}] runs`);
    expect(after).toContain("nightly[9] runs");
    const all = [...before, ...after];
    for (let n = 0; n < 40; n++) expect(all).toContain(`nightly[${n}] runs`);
    // A third time there is nothing to do.
    await Deno.writeTextFile(log, "");
    expect((await runChild(fixture, [kv, log, "40"])).stdout).toBe(second.stdout);
    expect(await Deno.readTextFile(log)).toBe("");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
