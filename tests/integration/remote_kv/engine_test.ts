import { defineWorkflow, openRuntime, task } from "@fusewire/fusewire";
import { expect } from "@std/expect";
import { FaultyKv } from "../../../testing/mod.ts";
import { type Child, startChild } from "../../child.ts";
import { doubled, STEPS } from "../processes/crowd_fixture.ts";
import { blockThread } from "../processes/blocking.ts";
import { type Denokv, startDenokv, withoutDenokv } from "../servers/denokv.ts";

const ignore = withoutDenokv;
const CROWD = new URL("../processes/crowd_fixture.ts", import.meta.url);

/** What processes on a server find in their environment. Deno's client tells on stderr of each try to reach it, unless told not to. */
function environment({ token }: Denokv): Record<string, string> {
  return { DENO_KV_ACCESS_TOKEN: token, DENO_LOG: "off" };
}

/** Lets so many worker processes serve a fresh server. */
async function withWorkers<T>(count: number, work: (server: Denokv, log: string) => Promise<T>): Promise<T> {
  await using server = await startDenokv();
  const folder = await Deno.makeTempDir({ prefix: "fusewire-remote-" });
  const workers: Child[] = [];
  try {
    for (let i = 0; i < count; i++) workers.push(startChild(CROWD, [server.url], environment(server)));
    for (const worker of workers) await worker.printed("ready");
    const result = await work(server, `${folder}/log`);
    for (const worker of workers) worker.kill("SIGTERM");
    const ends = await Promise.all(workers.map(({ end }) => end));
    expect(ends.map(({ stderr, code }) => [stderr, code])).toEqual(ends.map(() => ["", 0]));
    return result;
  } finally {
    for (const worker of workers) await worker[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Has a process start runs of this kind; gives what it printed. */
function starter(server: Denokv, log: string, kind: "wide" | "singles" | "latencies"): Child {
  return startChild(CROWD, [server.url, log, kind], environment(server));
}

async function printedBy(child: Child): Promise<readonly number[]> {
  const { code, stdout, stderr } = await child.end;
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
}

async function linesOf(log: string): Promise<string[]> {
  const text = await Deno.readTextFile(log).catch(() => "");
  return text.split("\n").filter((line) => line !== "");
}

for (const kind of ["wide", "singles"] as const) {
  Deno.test({
    name: `runs on denokv go on when the server is killed in the middle: ${kind}`,
    ignore,
    async fn() {
      await withWorkers(3, async (server, log) => {
        await using started = starter(server, log, kind);
        while ((await linesOf(log)).length < STEPS / 5) await new Promise((resolve) => setTimeout(resolve, 5));
        await server.kill();
        const before = (await linesOf(log)).length;
        expect(before).toBeLessThan(STEPS);
        await server.restart();
        expect(await printedBy(started)).toEqual(doubled);
        const lines = await linesOf(log);
        const pids = new Set(lines.map((line) => line.split(" ")[0]));
        expect(new Set(lines.map((line) => line.replace(/^\d+ /, ""))).size).toBe(STEPS);
        expect(pids.size).toBe(3);
      });
    },
  });
}

Deno.test({
  name: "an idle worker on denokv is woken when a run is started, and need not ask",
  ignore,
  async fn() {
    const times = await withWorkers(1, async (server, log) => {
      await using started = starter(server, log, "latencies");
      return await printedBy(started);
    });
    const median = [...times].sort((a, b) => a - b)[times.length >> 1]!;
    // Measured: 70 ms, with a step of 10 ms. A worker that was not told asks once a second: 500 ms on average.
    expect(median, `the median of ${times.map(Math.round)} ms`).toBeLessThan(400);
  },
});

const increment = task((n: number) => n + 1, { name: "increment" });
const LENGTH = 30;
const chain = defineWorkflow("chain", { version: "1" }, () => {
  let node = increment(0);
  for (let i = 1; i < LENGTH; i++) node = increment(node);
  return node;
});

Deno.test({
  name: "a commit of one step on denokv is small enough not to wait for a delayed acknowledgement",
  ignore,
  async fn() {
    await using server = await startDenokv();
    (await server.open()).close();
    await using runtime = await openRuntime({ kv: server.url });
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      const began = performance.now();
      expect(await runtime.run(chain)).toBe(LENGTH);
      times.push((performance.now() - began) / LENGTH);
    }
    // Measured: 0.8 ms. A request or an answer of more than a kilobyte that travels alone takes 44 ms there.
    expect(Math.min(...times), `${times} ms a step`).toBeLessThan(22);
  },
});

Deno.test({
  name: "a denokv that is given open has its limit of ten conditions heeded after the first refusal",
  ignore,
  async fn() {
    await using server = await startDenokv();
    using kv = await server.open();
    const refused: string[] = [];
    using counted = new FaultyKv(kv, {
      onOutcome: (_operation, _fault, outcome) => {
        if (/too many checks/i.test(outcome)) refused.push(outcome);
      },
    });
    await using runtime = await openRuntime({ kv: counted });
    const all = Array.from({ length: 300 }, () => runtime.run(chain));
    expect(await Promise.all(all)).toEqual(all.map(() => LENGTH));
    expect(refused.length).toBeGreaterThan(0);
    // As many as may be on their way at once.
    expect(refused.length).toBeLessThanOrEqual(2);
  },
});

for (
  const [kind, does, expected] of [
    ["patient", "for three leases keeps the run", { called: ["blocked"], result: "blocked" }],
    ["limited", "past its timeout loses the run", { called: ["blocked", "other"], result: "other" }],
  ] as const
) {
  Deno.test({
    name: `a process on denokv whose step blocks its thread ${does}`,
    ignore,
    async fn() {
      await using server = await startDenokv();
      expect(await blockThread(() => server.url, kind, environment(server))).toEqual(expected);
    },
  });
}
