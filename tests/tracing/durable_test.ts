import { expect } from "@std/expect";
import { context, defineWorkflow, type Node, task } from "@fusewire/fusewire";
import { onEachStorage, Serving, until } from "../engine/storages.ts";
import { RecordingTracer } from "./recording_tracer.ts";
import { short } from "./trace_file.ts";

const countOf = (texts: readonly string[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
};

onEachStorage(
  "Each step of a run that workers share is told once: who runs it begins, who holds the run ends",
  async (world) => {
    let begun = 0;
    const work = task(async (n: number): Promise<number> => {
      begun++;
      while (begun <= 4) await new Promise((resolve) => setTimeout(resolve, 1));
      if (n === 7 && context().attempt === 1) throw new Error("once");
      return n;
    }, { name: "work", retry: { maxAttempts: 2, initialDelay: 0 } });
    const gather = task((...of: number[]) => of.length, { name: "gather" });
    const definition = defineWorkflow("shared", { version: "1" }, () => {
      const nodes: Node<number>[] = Array.from({ length: 60 }, (_, n) => work(n).setName(`w${n}`));
      return gather(...nodes).setName("gather");
    });
    const [holding, helping] = [new RecordingTracer(), new RecordingTracer()];
    await using helper = await world.process({ tracer: helping });
    await using _serving = new Serving(helper, [definition], { concurrency: 4 });
    await until(() => world.storage.hasIdleWorkers("default", "nobody", Date.now()), "an idle worker");
    await using holder = await world.process({ tracer: holding });
    const run = await holder.runtime.start(definition);
    await using _own = new Serving(holder, [definition], { concurrency: 4 });
    expect(await run.result()).toBe(60);
    await until(() => holding.closed.length + helping.closed.length === holding.opened.length + helping.opened.length);
    const all = [...holding.events, ...helping.events].map(short);
    const counts = countOf(all);
    for (const step of [...Array.from({ length: 60 }, (_, n) => `w${n}`), "gather"]) {
      expect([step, counts.get(`step_finished ${step} SUCCEEDED`)]).toEqual([step, 1]);
      // A step that was given back without having been run, or was run in vain, begins again; none of that happens here.
      expect([step, counts.get(`step_started ${step}`)]).toEqual([step, 1]);
    }
    expect(counts.get("attempt_started w7 2")).toBe(1);
    expect(counts.get("workflow_started")).toBe(1);
    expect(counts.get("workflow_finished SUCCEEDED")).toBe(1);
    expect(all.filter((text) => text.startsWith("step_lent")).length).toBeGreaterThan(0);
    expect([...holding.opened, ...helping.opened].map(({ holds }) => holds)).toContain("steps");
  },
  { kinds: ["memory", "KV in memory"] },
);

onEachStorage(
  "A worker that loses its lease tells that its claim is lost, and the next one that it has taken it",
  async (world) => {
    const stuck = Promise.withResolvers<number>();
    let calls = 0;
    const slow = task(async () => ++calls > 1 ? 2 : await stuck.promise, { name: "slow" });
    const definition = defineWorkflow("taken", { version: "1" }, () => slow().setName("slow"));
    const [losing, taking] = [new RecordingTracer(), new RecordingTracer()];
    await using loser = await world.process({ tracer: losing });
    let isFrozen = false;
    loser.watch.before = async () => {
      while (isFrozen) await new Promise((resolve) => setTimeout(resolve, 2));
    };
    const result = loser.runtime.run(definition, undefined, { id: "taken" });
    await until(async () => calls === 1 && (await world.storage.readSteps("taken"))[0]?.status === "RUNNING");
    isFrozen = true;
    await using taker = await world.process({ tracer: taking });
    await using _serving = new Serving(taker, [definition]);
    for (let skipped = 0; skipped < 8; skipped++) {
      world.jump(2_000);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await until(async () => (await world.storage.readRun("taken"))?.status === "SUCCEEDED");
    stuck.resolve(1);
    isFrozen = false;
    expect(await result).toBe(2);
    await until(() => losing.closed.length > 0);
    expect(losing.closed).toEqual(["lost"]);
    expect(losing.events.at(-1)).toMatchObject({ event: "claim_lost", fence: 1 });
    expect(taking.events.filter(({ event }) => event !== "warning").map(short)).toEqual([
      "claim_taken",
      "step_enqueued slow",
      "step_started slow",
      "step_finished slow SUCCEEDED",
      "workflow_finished SUCCEEDED",
    ]);
    expect(taking.events[0]).toMatchObject({ fence: 2 });
    expect(taking.opened[0]).not.toHaveProperty("waitsSince");
    expect(losing.opened[0]).toHaveProperty("waitsSince");
  },
  { kinds: ["KV in memory"] },
);

onEachStorage("A run that is cancelled while nobody holds it has a trace with its end", async (world) => {
  const tracer = new RecordingTracer();
  const definition = defineWorkflow("idle", { version: "1" }, () => task(() => 1, { name: "one" })().setName("one"));
  await using process = await world.process({ tracer });
  const run = await process.runtime.start(definition);
  await run.cancel();
  expect(tracer.events.map(short)).toEqual([
    "workflow_started",
    "step_finished one CANCELLED",
    "workflow_finished CANCELLED",
  ]);
  expect(tracer.closed).toEqual(["ended"]);
});
