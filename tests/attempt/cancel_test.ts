import { expect } from "@std/expect";
import {
  CancelledError,
  context,
  LocalWorkflow,
  type Run,
  StepFailedError,
  task,
  TimeoutError,
} from "@fusewire/fusewire";
import { ManualClock } from "../manual_clock.ts";

const options = { workflowName: "cancel" };
const give = task((value: unknown) => value, { name: "give" });
const never = new Promise<never>(() => {});
const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

async function untilStarted(run: Run<unknown>, step: string): Promise<void> {
  for await (const event of run.events()) if (event.event === "step_started" && event.step === step) return;
}

Deno.test("cancel() ends the run, whatever a running step does", async () => {
  let signal: AbortSignal | undefined;
  const stubborn = task(() => {
    signal = context().signal;
    return never;
  }, { name: "stubborn" })().setName("stubborn");
  const run = await new LocalWorkflow([stubborn, give(stubborn).setName("below")], options).start();
  await untilStarted(run, "stubborn");
  await run.cancel();
  expect(signal?.aborted).toBe(true);
  expect(signal?.reason).toBeInstanceOf(CancelledError);
  const error: unknown = await run.result().catch((error: unknown) => error);
  expect(error).toBeInstanceOf(CancelledError);
  expect(String(error)).toMatch(new RegExp(`Run ${run.id} of workflow \`cancel\` was cancelled`));
  expect(await run.status()).toMatchObject({
    status: "CANCELLED",
    steps: [{ name: "stubborn", status: "CANCELLED", attempt: 1 }, { name: "below", status: "CANCELLED", attempt: 0 }],
  });
});

Deno.test("The end of cancelled steps is among the events, and the run's end is the last", async () => {
  const stubborn = task(() => never, { name: "stubborn" })().setName("stubborn");
  const run = await new LocalWorkflow([give(1).setName("done"), stubborn, give(stubborn).setName("below")], options)
    .start();
  await untilStarted(run, "stubborn");
  await run.cancel();
  const events = await Array.fromAsync(run.events());
  const ends = events.flatMap((event) => event.event === "step_finished" ? [`${event.step} ${event.status}`] : []);
  expect(ends).toEqual(["done SUCCEEDED", "stubborn CANCELLED", "below CANCELLED"]);
  expect(events.at(-1)).toMatchObject({ event: "workflow_finished", status: "CANCELLED" });
});

Deno.test("Nothing starts after cancel()", async () => {
  const ran: number[] = [];
  const slow = task(async (n: number) => {
    ran.push(n);
    await turn();
    return n;
  }, { name: "slow" });
  const nodes = Array.from({ length: 20 }, (_, i) => slow(i));
  const run = await new LocalWorkflow(nodes, { ...options, concurrency: 2 }).start();
  await untilStarted(run, nodes[0]!.name);
  const canceled = run.cancel();
  const before = ran.length;
  await canceled;
  for (let i = 0; i < 5; i++) await turn();
  expect(ran.length).toBe(before);
  expect(before).toBeLessThan(20);
});

Deno.test("A run can be cancelled before it has begun", async () => {
  let ran = false;
  const run = await new LocalWorkflow(task(() => ran = true)(), options).start();
  await run.cancel();
  await expect(run.result()).rejects.toThrow(CancelledError);
  await turn();
  expect(ran).toBe(false);
  expect((await run.status()).status).toBe("CANCELLED");
});

Deno.test("Cancelling twice is cancelling once; cancelling a finished run changes nothing", async () => {
  const run = await new LocalWorkflow(task(() => never)(), options).start();
  await Promise.all([run.cancel(), run.cancel()]);
  await run.cancel();
  await expect(run.result()).rejects.toThrow(CancelledError);
  const finished = await new LocalWorkflow(give(1), options).start();
  await finished.result();
  await finished.cancel();
  expect(await finished.result()).toBe(1);
  expect((await finished.status()).status).toBe("SUCCEEDED");
});

Deno.test("A run that waits for its next attempt is cancelled at once, and its timer stopped", async () => {
  const clock = new ManualClock();
  const node = task(() => {
    throw new Error("again");
  }, { retry: { maxAttempts: 5 } })();
  const run = await new LocalWorkflow(node, { ...options, clock }).start();
  await clock.untilTimers();
  await run.cancel();
  await expect(run.result()).rejects.toThrow(CancelledError);
  await turn();
  expect(clock.delays).toEqual([]);
  expect((await run.status()).steps).toMatchObject([{ status: "CANCELLED", attempt: 1 }]);
});

Deno.test("A failure before cancel() stays in the status, and the run is cancelled", async () => {
  const broken = task(() => {
    throw new Error("broken");
  }, { name: "broken" })().setName("broken");
  const stuck = task(() => never, { name: "stuck" })().setName("stuck");
  const run = await new LocalWorkflow([broken, stuck], options).start();
  await untilStarted(run, "stuck");
  await run.cancel();
  await expect(run.result()).rejects.toThrow(CancelledError);
  expect((await run.status()).steps).toMatchObject([{ name: "broken", status: "FAILED" }, { status: "CANCELLED" }]);
});

Deno.test("A step can cancel its own run", async () => {
  const box: { run?: Run<unknown> } = {};
  const node = task(async () => {
    await turn();
    void box.run?.cancel();
    return "ignored";
  })();
  box.run = await new LocalWorkflow(give(node), options).start();
  await expect(box.run.result()).rejects.toThrow(CancelledError);
});

Deno.test("Cancelling one run leaves others on the same nodes alone", async () => {
  const gate = Promise.withResolvers<string>();
  const node = task(() => gate.promise, { name: "gated" })().setName("gated");
  const workflow = new LocalWorkflow(node, options);
  const [one, two] = [await workflow.start(), await workflow.start()];
  await untilStarted(one, "gated");
  await one.cancel();
  gate.resolve("value");
  expect(await two.result()).toBe("value");
  await expect(one.result()).rejects.toThrow(CancelledError);
});

Deno.test("result() can be waited for with a signal, which ends the waiting and not the run", async () => {
  const gate = Promise.withResolvers<string>();
  const run = await new LocalWorkflow(task(() => gate.promise)(), options).start();
  const controller = new AbortController();
  const waiting = run.result({ signal: controller.signal });
  const reason = new TimeoutError("patience is over");
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  await expect(run.result({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  gate.resolve("value");
  expect(await run.result({ signal: new AbortController().signal })).toBe("value");
});

Deno.test("A timeout of one step is a failure of the run, not a cancellation", async () => {
  const clock = new ManualClock();
  const run = await new LocalWorkflow(task(() => never, { timeout: 5 })(), { ...options, clock }).start();
  await clock.untilTimers();
  clock.advance(5);
  await expect(run.result()).rejects.toThrow(StepFailedError);
  expect((await run.status()).status).toBe("FAILED");
});

Deno.test("A long synchronous graph can be cancelled between its nodes", async () => {
  const spin = task((before: number) => {
    const end = performance.now() + 5;
    while (performance.now() < end);
    return before + 1;
  }, { name: "spin" });
  let node = spin(0);
  for (let i = 0; i < 200; i++) node = spin(node);
  const run = await new LocalWorkflow(node, options).start();
  await untilStarted(run, node.name.replace(/\d+$/, "0002"));
  await run.cancel();
  const { steps } = await run.status();
  expect(steps.filter(({ status }) => status === "SUCCEEDED").length).toBeLessThan(100);
});
