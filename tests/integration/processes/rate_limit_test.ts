import { openRuntime } from "@fusewire/fusewire";
import { expect } from "@std/expect";
import { type Child, startChild } from "../../child.ts";
import { limited, rateLimit } from "./rate_limit_fixture.ts";

const FIXTURE = new URL("./rate_limit_fixture.ts", import.meta.url);
const { limit, interval } = rateLimit;

/** Starts processes, and gives what they logged: who, and when. */
async function logOf(
  start: (kv: string, log: string) => Child[],
  work: (kv: string, log: string, children: readonly Child[]) => Promise<void>,
): Promise<{ readonly pids: number; readonly times: readonly number[] }> {
  const folder = await Deno.makeTempDir({ prefix: "fusewire-rate-" });
  const [kv, log] = [`${folder}/runs.sqlite`, `${folder}/log`];
  const children = start(kv, log);
  try {
    await work(kv, log, children);
    for (const child of children) expect((await child.end).stderr).toBe("");
    const lines = (await Deno.readTextFile(log)).trimEnd().split("\n").map((line) => line.split(" ").map(Number));
    const times = lines.map(([, at = NaN]) => at).sort((a, b) => a - b);
    return { pids: new Set(lines.map(([pid]) => pid)).size, times };
  } finally {
    for (const child of children) await child[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("Three processes that take turns as fast as they may never have more than the limit in any interval", async () => {
  const { pids, times } = await logOf(
    (kv, log) => [1, 2, 3].map(() => startChild(FIXTURE, [kv, log, "turns", "8"])),
    async (_kv, _log, children) => void await Promise.all(children.map(({ end }) => end)),
  );
  expect(pids).toBe(3);
  expect(times.length).toBeGreaterThanOrEqual(24);
  for (const [i, at] of times.entries()) {
    const later = times[i + limit];
    if (later !== undefined) expect(later - at).toBeGreaterThanOrEqual(interval);
  }
});

Deno.test("Runs that two worker processes serve share a rate limit", async () => {
  const runs = 26;
  const { times } = await logOf((kv) => [1, 2].map(() => startChild(FIXTURE, [kv])), async (kv, log, children) => {
    for (const child of children) await child.printed("ready");
    {
      await using runtime = await openRuntime({ kv });
      const started = await Promise.all(Array.from({ length: runs }, (_, n) => runtime.start(limited, { log, n })));
      const results = await Promise.all(started.map((run) => run.result({ signal: AbortSignal.timeout(60_000) })));
      expect(results).toEqual(started.map((_, n) => n));
    }
    for (const child of children) child.kill("SIGTERM");
  });
  expect(times.length).toBe(runs);
  // Five intervals lie between the first turn and the last; the first attempt may begin a while after its turn.
  expect(times[runs - 1]! - times[0]!).toBeGreaterThan(5 * interval - 500);
});
