import { expect } from "@std/expect";
import { seededRandom } from "../../src/random.ts";
import { type Child, runChild, startChild } from "../child.ts";
import { COUNTS } from "./kill_fixture.ts";

const FIXTURE = new URL("./kill_fixture.ts", import.meta.url);

/** One process is killed at a moment that a seed tells, and another takes its place; then all must be there, each item once. */
async function play(kind: keyof typeof COUNTS, seed: string): Promise<void> {
  const random = seededRandom(seed);
  const folder = await Deno.makeTempDir({ prefix: "fusewire-waits-" });
  const [kv, log] = [`${folder}/runs.sqlite`, `${folder}/log`];
  const workers: Child[] = [];
  try {
    for (let i = 0; i < 2; i++) workers.push(startChild(FIXTURE, [kv]));
    for (const worker of workers) await worker.printed("ready");
    const started = runChild(FIXTURE, [kv, log, kind]);
    const lines = async (): Promise<string[]> =>
      (await Deno.readTextFile(log).catch(() => "")).split("\n").filter((line) => line !== "");
    // Somewhere between the first call and the last one.
    const killAt = 1 + Math.floor(random() * COUNTS[kind] * 1.6);
    let isOver = false;
    void started.finally(() => isOver = true).catch(() => {});
    while ((await lines()).length < killAt && !isOver) await new Promise((resolve) => setTimeout(resolve, 1));
    const killed = workers[random() < 0.5 ? 0 : 1]!;
    killed.kill("SIGKILL");
    workers.push(startChild(FIXTURE, [kv]));
    const { code, stdout, stderr } = await started;
    expect([code, stderr]).toEqual([0, ""]);
    const { result, status }: { result: string[]; status: { steps: { name: string; status: string }[] } } = JSON.parse(
      stdout,
    );
    // What is committed is what one of the calls gave, of the right item, in order.
    expect(result.map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual(
      Array.from({ length: COUNTS[kind] }, (_, n) => `${n} second`),
    );
    const calls = await lines();
    for (const line of result) expect(calls).toContain(line);
    expect(new Set(status.steps.map(({ status }) => status))).toEqual(new Set(["SUCCEEDED"]));
    // A call is made again only if the process that made it was killed before it was committed.
    const again = new Map<string, string[]>();
    for (const line of calls) {
      const [n, which, pid = ""] = line.split(" ");
      const key = `${n} ${which}`;
      again.set(key, [...again.get(key) ?? [], pid]);
    }
    for (const [key, pids] of again) {
      if (pids.length > 1) expect([key, pids.includes(String(killed.pid))]).toEqual([key, true]);
    }
  } finally {
    for (const worker of workers) await worker[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
  }
}

for (const kind of ["items", "children"] as const) {
  for (const seed of ["1", "2", "3"]) {
    Deno.test(`two processes share a map of ${kind}, and one is killed at any moment: nothing is lost or done twice (seed ${seed})`, async () => {
      await play(kind, `${kind} ${seed}`);
    });
  }
}
