import { expect } from "@std/expect";
import {
  CancelledError,
  ConfigError,
  context,
  defineWorkflow,
  LocalWorkflow,
  MemoryStorage,
  optional,
  type Plugin,
  task,
  TimeoutError,
} from "@fusewire/fusewire";
import { ManualClock } from "../manual_clock.ts";

const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/** A node that ends never, and the reason for which it was stopped. */
function hanging() {
  const seen: { reason?: unknown } = {};
  const hang = task(async () => {
    const { signal } = context();
    signal.addEventListener("abort", () => seen.reason = signal.reason);
    return await new Promise<number>(() => {});
  }, { name: "hang" });
  return { hang, seen };
}

const give = task((n: number) => n, { name: "give" });

Deno.test("timeout of a run: what runs is aborted, what is open is CANCELLED, and the run is FAILED with a TimeoutError", async () => {
  const clock = new ManualClock();
  const { hang, seen } = hanging();
  const nodes = [give(1), give(hang())];
  const run = await new LocalWorkflow(nodes, { workflowName: "slow", clock, timeout: 250 }).start();
  expect(await clock.untilTimers()).toEqual([250]);
  await turn();
  clock.advance(249);
  await turn();
  expect((await run.status()).status).toBe("RUNNING");
  clock.advance(1);
  const error: unknown = await run.result().catch((error: unknown) => error);
  expect(error).toBeInstanceOf(TimeoutError);
  expect(error).toMatchObject({ workflow: "slow", node: undefined });
  expect(error instanceof Error && error.message).toBe(`Run ${run.id} of workflow \`slow\` took longer than 250 ms.`);
  expect(seen.reason).toBe(error);
  const { status, steps } = await run.status();
  expect([status, ...steps.map(({ status }) => status)]).toEqual(["FAILED", "SUCCEEDED", "CANCELLED", "CANCELLED"]);
  await run.cancel();
  expect((await run.status()).status).toBe("FAILED");
  expect(clock.delays).toEqual([]);
});

Deno.test("timeout of a run: a run in time stops the timer, and one that waits to retry is ended", async () => {
  const clock = new ManualClock();
  expect(await new LocalWorkflow(give(7), { workflowName: "quick", clock, timeout: 250 }).run()).toBe(7);
  expect(clock.delays).toEqual([]);
  const fail = task((): number => {
    throw new RangeError("not yet");
  }, { name: "fail", retry: { maxAttempts: 9, initialDelay: 10_000, jitter: 0 } });
  const run = await new LocalWorkflow(fail(), { workflowName: "retrying", clock, timeout: 250 }).start();
  await clock.untilTimers(2);
  clock.advance(250);
  await expect(run.result()).rejects.toThrow(TimeoutError);
  expect(clock.delays).toEqual([]);
});

Deno.test("timeout of a run: a definition's holds, and the workflow's own comes before it", async () => {
  const { hang } = hanging();
  const definition = defineWorkflow("limited", { version: "1", timeout: 100 }, () => hang());
  for (const [options, limit] of [[{}, 100], [{ timeout: 40 }, 40]] as const) {
    const clock = new ManualClock();
    const run = await new LocalWorkflow(definition, { clock, ...options }).start();
    expect(await clock.untilTimers()).toEqual([limit]);
    await turn();
    clock.advance(limit);
    await expect(run.result()).rejects.toThrow(`took longer than ${limit} ms`);
  }
});

Deno.test("timeout of a run: a run that was cancelled before stays cancelled, and optional does not hide the end of time", async () => {
  const clock = new ManualClock();
  const { hang } = hanging();
  const workflow = new LocalWorkflow(optional(hang()), { workflowName: "optional", clock, timeout: 100 });
  const [cancelled, late] = [await workflow.start(), await workflow.start()];
  await clock.untilTimers(2);
  await turn();
  await cancelled.cancel();
  clock.advance(100);
  await expect(cancelled.result()).rejects.toThrow(CancelledError);
  await expect(late.result()).rejects.toThrow(TimeoutError);
});

Deno.test("timeout of a run: plugins hear that their step was cancelled, and what was stored stays", async () => {
  const clock = new ManualClock();
  const { hang } = hanging();
  const heard: string[] = [];
  const plugin: Plugin = { finished: ({ status }, { nodeName }) => void heard.push(`${nodeName} ${status}`) };
  const storage = new MemoryStorage();
  const first = give(1);
  const target = hang().after(first);
  const workflow = new LocalWorkflow(target, { workflowName: "kept", clock, timeout: 100 });
  workflow.setStorage(storage);
  workflow.setPlugin("hang*", plugin);
  const run = await workflow.start();
  while ((await run.status()).steps[1]?.status !== "RUNNING") await turn();
  clock.advance(100);
  await expect(run.result()).rejects.toThrow(TimeoutError);
  expect(heard).toEqual([`${target.name} CANCELLED`]);
  expect(await storage.readTask("kept", first.name)).toBe(1);
});

Deno.test("timeout of a run: a limit that is none is refused where it is given", () => {
  for (const timeout of [0, -1, NaN]) {
    for (
      const make of [
        () => new LocalWorkflow(give(1), { workflowName: "refused", timeout }),
        () => defineWorkflow("refused", { version: "1", timeout }, () => give(1)),
      ]
    ) {
      expect(make).toThrow(ConfigError);
      expect(make).toThrow("`timeout`");
      expect(make).toThrow("`refused`");
    }
  }
});
