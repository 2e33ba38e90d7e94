import { openRuntime, type Runtime } from "@fusewire/fusewire";
import { expect } from "@std/expect";
import { type Child, startChild } from "../../child.ts";
import { doubled, single, STEPS, wide } from "./crowd_fixture.ts";

const PROCESSES = 4;
const WORKER = new URL("./crowd_fixture.ts", import.meta.url);
/** After so many milliseconds something hangs. */
const LONGEST = 60_000;

/** Lets worker processes serve a fresh file while `work` starts runs on it; then each must have done a part, and no step twice. */
async function withWorkers(work: (runtime: Runtime, log: string, signal: AbortSignal) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "fusewire-processes-" });
  const [kv, log] = [`${folder}/runs.sqlite`, `${folder}/log`];
  const workers: Child[] = [];
  try {
    for (let i = 0; i < PROCESSES; i++) workers.push(startChild(WORKER, [kv]));
    for (const worker of workers) await worker.printed("ready");
    {
      await using runtime = await openRuntime({ kv });
      await work(runtime, log, AbortSignal.timeout(LONGEST));
    }
    for (const worker of workers) worker.kill("SIGTERM");
    for (const worker of workers) {
      const { stderr } = await worker.end;
      // Among them "database is locked", which is nobody's business but the engine's.
      expect(stderr).toBe("");
    }
    const lines = (await Deno.readTextFile(log)).trimEnd().split("\n");
    const byPid = Map.groupBy(lines, (line) => Number(line.split(" ")[0]));
    expect(lines.length).toBe(STEPS);
    expect(new Set(lines.map((line) => line.replace(/^\d+ /, ""))).size).toBe(STEPS);
    expect([...byPid.keys()].sort()).toEqual(workers.map(({ pid }) => pid).sort());
  } finally {
    for (const worker of workers) await worker[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test(`${PROCESSES} processes share one run of ${STEPS} steps`, async () => {
  await withWorkers(async (runtime, log, signal) => {
    const run = await runtime.start(wide, { log });
    expect(await run.result({ signal })).toEqual(doubled);
    const { steps } = await run.status();
    expect(steps.filter(({ status, attempt }) => status === "SUCCEEDED" && attempt === 1).length).toBe(STEPS);
  });
});

Deno.test(`${PROCESSES} processes serve ${STEPS} runs of one step`, async () => {
  await withWorkers(async (runtime, log, signal) => {
    const runs = await Promise.all(doubled.map((_, n) => runtime.start(single, { log, n })));
    expect(await Promise.all(runs.map((run) => run.result({ signal })))).toEqual(doubled);
    const all = await Promise.all(runs.map((run) => run.status()));
    expect(all.filter(({ status }) => status === "SUCCEEDED").length).toBe(STEPS);
  });
});
