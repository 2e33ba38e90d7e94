import { expect } from "@std/expect";
import { runChild } from "../../child.ts";

const fixture = new URL("./shared_fixture.ts", import.meta.url);

for (const where of ["the KV file alone", "an object store of files"]) {
  Deno.test(`A second process takes what a first one has made, with values in ${where}`, async () => {
    const folder = await Deno.makeTempDir({ prefix: "fusewire-cache-" });
    try {
      const objects = where === "the KV file alone" ? [] : [`${folder}/objects`];
      const run = async (day: string): Promise<number> => {
        const { code, stdout, stderr, pid } = await runChild(
          fixture,
          [`${folder}/runs.sqlite`, `${folder}/log`, day, ...objects],
        );
        expect([code, stdout.trim(), stderr]).toEqual([0, "6", ""]);
        return pid;
      };
      const calls = async (): Promise<string[]> => (await Deno.readTextFile(`${folder}/log`)).trim().split("\n");
      const first = await run("monday");
      await run("monday");
      const made = [`${first} extract monday`, `${first} sum 1,2,3`];
      expect(await calls()).toEqual(made);
      // Of another day, with the same rows: the sum is taken.
      const third = await run("tuesday");
      await run("tuesday");
      expect(await calls()).toEqual([...made, `${third} extract tuesday`]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
