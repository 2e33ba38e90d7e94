import { expect } from "@std/expect";
import { type Child, runChild, startChild } from "../child.ts";
import { doubled, STEPS } from "../integration/processes/crowd_fixture.ts";

const CROWD = new URL("../integration/processes/crowd_fixture.ts", import.meta.url);
const WORKERS = 3;
const MOST_KILLS = 8;
/** Between two kills, in milliseconds: longer than it takes a process to start and to claim something. */
const PAUSE = 400;
/** Short, so that what a dead worker held is soon taken over; long enough for a process that has to wait for a processor. */
const env = { LEASE: "1000" };

for (const kind of ["wide", "singles"] as const) {
  Deno.test(`${STEPS} steps are done while workers are killed, whoever holds them: ${kind}`, async () => {
    const folder = await Deno.makeTempDir({ prefix: "fusewire-kills-" });
    const [kv, log] = [`${folder}/runs.sqlite`, `${folder}/log`];
    const workers: Child[] = [];
    try {
      for (let i = 0; i < WORKERS; i++) workers.push(startChild(CROWD, [kv], env));
      for (const worker of workers) await worker.printed("ready");
      let isOver = false;
      const started = runChild(CROWD, [kv, log, kind], env).finally(() => isOver = true);
      // The oldest first: so the holder of a run is among them, and so is who has steps that were lent.
      for (let kills = 0; kills < MOST_KILLS && !isOver; kills++) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
        workers[kills]!.kill("SIGKILL");
        workers.push(startChild(CROWD, [kv], env));
      }
      const { code, stdout, stderr } = await started;
      expect([code, stderr]).toEqual([0, ""]);
      expect(JSON.parse(stdout)).toEqual(doubled);
      const lines = (await Deno.readTextFile(log)).trimEnd().split("\n");
      expect(new Set(lines.map((line) => line.replace(/^\d+ /, ""))).size).toBe(STEPS);
      for (const worker of workers) worker.kill("SIGTERM");
      for (const { end } of workers) {
        const { signal, stderr } = await end;
        if (signal !== "SIGKILL") expect(stderr).toBe("");
      }
    } finally {
      for (const worker of workers) await worker[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    }
  });
}
