import { expect } from "@std/expect";
import { runChild, startChild } from "../child.ts";

const fixture = new URL("./killed_fixture.ts", import.meta.url);

Deno.test("After a killed process the next one sets up what it runs, and calls afterAll also for what ran before", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const kv = `${folder}/runs.sqlite`;
    {
      await using first = startChild(fixture, [kv, "stay"]);
      await first.printed("stays");
      first.kill("SIGKILL");
      expect((await first.end).stdout.trim().split("\n")).toEqual([
        "beforeAll early",
        "setup early 1",
        "teardown early SUCCEEDED",
        "beforeAll late",
        "setup late 1",
        "stays",
      ]);
    }
    const second = await runChild(fixture, [kv]);
    expect(second).toMatchObject({ code: 0, stderr: "" });
    expect(second.stdout.trim().split("\n")).toEqual([
      "beforeAll late",
      "setup late 1",
      "teardown late SUCCEEDED",
      "afterAll late",
      "afterAll early",
      "result 2",
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
