import { expectForkAfterKill } from "./killed_and_forked.ts";

Deno.test("A run on a file whose process was killed is forked by another process, and taken to another store", async () => {
  const folder = await Deno.makeTempDir({ prefix: "fusewire-fork-" });
  try {
    await expectForkAfterKill(`${folder}/runs.sqlite`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
