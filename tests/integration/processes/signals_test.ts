import { expect } from "@std/expect";
import { type Child, startChild } from "../../child.ts";

/** A worker process with a step at work. */
async function atWork(patience: number): Promise<Child> {
  const child = startChild(new URL("./signals_fixture.ts", import.meta.url), [`${patience}`]);
  await child.printed("at work");
  return child;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`a worker that gets ${signal} gives up what does not end in time, and run() returns`, async () => {
    await using child = await atWork(100);
    child.kill(signal);
    expect(await child.end).toMatchObject({ code: 0, signal: null, stdout: "at work\nreturned\n", stderr: "" });
  });
}

Deno.test("a second signal ends a worker at once", async () => {
  await using child = await atWork(600_000);
  child.kill("SIGINT");
  // The second one may come before the first was dealt with, and is then one with it.
  const again = setInterval(() => child.kill("SIGINT"), 200);
  try {
    expect(await child.end).toMatchObject({ signal: "SIGINT", stdout: "at work\n" });
  } finally {
    clearInterval(again);
  }
});
