import { expect } from "@std/expect";
import { context, LocalWorkflow, type Run, type RunEvent, task } from "@fusewire/fusewire";
import { ManualClock } from "../manual_clock.ts";

const options = { workflowName: "events" };
const give = task((value: unknown) => value, { name: "give" });
const giveLater = task(async (value: unknown) => await Promise.resolve(value), { name: "giveLater" });

/** The events of a run as short texts. */
async function told(run: Run<unknown>): Promise<string[]> {
  await run.result().catch(() => {});
  return (await Array.fromAsync(run.events())).map(short);
}

function short(event: RunEvent): string {
  const parts = [event.event];
  const more: string[] = [];
  if ("step" in event && event.step !== undefined) more.push(event.step);
  if ("attempt" in event) more.push(String(event.attempt));
  if ("status" in event) more.push(event.status);
  return [...parts, ...more].join(" ");
}

Deno.test("The trace of A then B is the same for synchronous, asynchronous and retried steps", async () => {
  const retried = task((value: unknown) => value, { name: "retried", retry: { maxAttempts: 2 } });
  for (const make of [give, giveLater, retried]) {
    const a = make(1).setName("A");
    const run = await new LocalWorkflow(make(a).setName("B"), options).start();
    expect(await told(run)).toEqual([
      "workflow_started",
      "step_enqueued A",
      "step_started A",
      "step_finished A SUCCEEDED",
      "step_enqueued B",
      "step_started B",
      "step_finished B SUCCEEDED",
      "workflow_finished SUCCEEDED",
    ]);
  }
});

Deno.test("Every event bears workflow, run, process, host and time", async () => {
  const clock = new ManualClock();
  const run = await new LocalWorkflow(give(1), { ...options, clock }).start();
  clock.advance(1_234);
  await run.result();
  const events = await Array.fromAsync(run.events());
  expect(events.length).toBe(5);
  for (const event of events) {
    expect(event).toMatchObject({
      workflowId: "events",
      runId: run.id,
      process: Deno.pid,
      host: expect.any(String),
      timestamp: 1_234,
    });
  }
});

Deno.test("Events can be read while the run goes on, by several readers, and again after its end", async () => {
  const gate = Promise.withResolvers<number>();
  const node = task(() => gate.promise, { name: "gated" })().setName("gated");
  const run = await new LocalWorkflow(give(node).setName("below"), options).start();
  const seen: string[] = [];
  const live = (async () => {
    for await (const event of run.events()) seen.push(short(event));
  })();
  while (!seen.includes("step_started gated")) await new Promise((resolve) => setTimeout(resolve, 0));
  expect(seen).toEqual(["workflow_started", "step_enqueued gated", "step_started gated"]);
  const second = Array.fromAsync(run.events());
  gate.resolve(1);
  await live;
  const all = await told(run);
  expect(seen).toEqual(all);
  expect((await second).map(short)).toEqual(all);
  expect(await told(run)).toEqual(all);
  expect(all.at(-1)).toBe("workflow_finished SUCCEEDED");
});

Deno.test("A reader can stop early", async () => {
  const run = await new LocalWorkflow(give(1), options).start();
  for await (const event of run.events()) {
    if (event.event === "step_started") break;
  }
  expect(await run.result()).toBe(1);
});

Deno.test("A retry is told from the second attempt on, with the errors", async () => {
  const clock = new ManualClock();
  const node = task(() => {
    throw new RangeError(`attempt ${context().attempt}`);
  }, { name: "node", retry: { maxAttempts: 3, initialDelay: 10 } })().setName("node");
  const run = await new LocalWorkflow(give(node).setName("below"), { ...options, clock }).start();
  await clock.untilTimers();
  clock.advance(10);
  await clock.untilTimers();
  clock.advance(20);
  expect(await told(run)).toEqual([
    "workflow_started",
    "step_enqueued node",
    "step_started node",
    "attempt_started node 2",
    "attempt_failed node 2",
    "attempt_started node 3",
    "attempt_failed node 3",
    "step_finished node FAILED",
    "step_finished below CANCELLED",
    "workflow_finished FAILED",
  ]);
  const failed = (await Array.fromAsync(run.events())).filter(({ event }) => event === "attempt_failed");
  expect(failed).toMatchObject([{ error: { name: "RangeError", message: "attempt 2" } }, {
    error: { message: "attempt 3" },
  }]);
});

Deno.test("Progress is an event of its step, in order", async () => {
  const node = task(async () => {
    context().progress(0.25);
    await Promise.resolve();
    context().progress(0.5, "half");
    return "done";
  }, { name: "busy" })().setName("busy");
  const run = await new LocalWorkflow(node, options).start();
  await run.result();
  const events = await Array.fromAsync(run.events());
  expect(events.map(short)).toEqual([
    "workflow_started",
    "step_enqueued busy",
    "step_started busy",
    "step_progress busy",
    "step_progress busy",
    "step_finished busy SUCCEEDED",
    "workflow_finished SUCCEEDED",
  ]);
  expect(events.filter(({ event }) => event === "step_progress")).toMatchObject([
    { fraction: 0.25 },
    { fraction: 0.5, message: "half" },
  ]);
});

Deno.test("Skipped steps and what depends on them are told", async () => {
  const skipped = give(1).when(give(false).setName("no")).setName("skipped");
  const run = await new LocalWorkflow(give(skipped).setName("below"), options).start();
  expect(await told(run)).toEqual([
    "workflow_started",
    "step_enqueued no",
    "step_started no",
    "step_finished no SUCCEEDED",
    "step_enqueued skipped",
    "step_finished skipped SKIPPED",
    "step_finished below SKIPPED",
    "workflow_finished SKIPPED",
  ]);
});

Deno.test("An empty workflow starts and finishes", async () => {
  const run = await new LocalWorkflow([], options).start();
  expect(await run.result()).toEqual([]);
  expect(await told(run)).toEqual(["workflow_started", "workflow_finished SUCCEEDED"]);
  expect(await run.status()).toMatchObject({ workflow: "events", status: "SUCCEEDED", steps: [] });
});

Deno.test("Two runs of one workflow have ids and events of their own", async () => {
  const workflow = new LocalWorkflow(give(1), options);
  const runs = [await workflow.start(), await workflow.start()] as const;
  expect(runs[0].id).not.toBe(runs[1].id);
  for (const run of runs) {
    await run.result();
    expect((await Array.fromAsync(run.events())).every(({ runId }) => runId === run.id)).toBe(true);
  }
});

Deno.test("status() goes from PENDING over RUNNING to SUCCEEDED, step by step", async () => {
  const gate = Promise.withResolvers<number>();
  const gated = task(() => gate.promise, { name: "gated" })().setName("gated");
  const run = await new LocalWorkflow(give(gated).setName("below"), options).start();
  expect(await run.status()).toEqual({
    id: run.id,
    workflow: "events",
    version: "",
    status: "PENDING",
    steps: [
      { name: "gated", status: "PENDING", attempt: 0 },
      { name: "below", status: "PENDING", attempt: 0 },
    ],
  });
  for await (const { event } of run.events()) if (event === "step_started") break;
  expect(await run.status()).toMatchObject({
    status: "RUNNING",
    steps: [{ status: "RUNNING", attempt: 1 }, { status: "PENDING", attempt: 0 }],
  });
  gate.resolve(1);
  await run.result();
  expect(await run.status()).toMatchObject({
    status: "SUCCEEDED",
    steps: [{ status: "SUCCEEDED", attempt: 1 }, { status: "SUCCEEDED", attempt: 1 }],
  });
});
