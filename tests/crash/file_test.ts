import { expect } from "@std/expect";
import { killAgainAndAgain, sweep, type SweepSetup } from "./sweep.ts";

async function onFile<T>(work: (setup: Pick<SweepSetup, "kv" | "folder">) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "fusewire-crash-" });
  try {
    return await work({ kv: `${folder}/runs.sqlite`, folder });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const how of ["drive", "serve"] as const) {
  Deno.test(`a run on a file survives kill -9 before and after every commit: ${how}`, async () => {
    const { commits, killed } = await onFile((at) => sweep({ ...at, how }));
    // Not one more or less: the points are there, and nearly all of them were reached.
    expect(commits).toBeGreaterThan(10);
    expect(killed).toBeGreaterThan(2 * commits - 10);
  });
}

Deno.test("a run on a file comes to its end though every process is killed", async () => {
  // Far enough for each to do more than take the run over: a step with which ten workers in a row were lost is given up.
  const killed = await onFile((at) => killAgainAndAgain({ ...at, how: "serve" }, { at: 14, when: "after" }));
  expect(killed).toBeGreaterThan(0);
});
