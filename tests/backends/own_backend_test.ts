import { expect } from "@std/expect";
import {
  CancelledError,
  context,
  defineWorkflow,
  InProcessWorkflow,
  type Input,
  LocalWorkflow,
  MemoryStorage,
  namingScope,
  NotFoundError,
  type Plugin,
  type Run,
  type StepCall,
  StepFailedError,
  task,
  type TaskContext,
  TimeoutError,
  type WorkflowSource,
} from "@fusewire/fusewire";
import { ManualClock } from "../manual_clock.ts";
import { SequentialWorkflow } from "./sequential_workflow.ts";

const add = task((a: number, b: number) => a + b, { name: "add" });
const options = { workflowName: "own backend" };
const diamond = () => {
  const s1 = add(1, 1);
  return add(s1, add(s1, 1));
};

Deno.test("A backend of one's own runs a graph with items, deep arguments, instances and several targets", async () => {
  class Acc {
    total = 0;
    add(n: number): number {
      return this.total += n;
    }
  }
  const acc = task(Acc)();
  const pair = task((): Promise<[number, string]> => Promise.resolve([3, "three"]), { name: "pair" })();
  const show = task((of: { n: number; list: (number | string)[] }) => `${of.n} ${of.list}`, { name: "show" });
  const shown = show({ n: diamond(), list: [pair.item(0), pair.item(1)] });
  expect(await new SequentialWorkflow([shown, acc.add(1), acc.add(2), pair.item(1)], options).run()).toEqual([
    "5 3,three",
    1,
    3,
    "three",
  ]);
  expect(await new SequentialWorkflow(diamond(), options).run()).toBe(5);
  expect(await new SequentialWorkflow([], options).run()).toEqual([]);
});

Deno.test("Its runs tell the same events and states as those of LocalWorkflow", async () => {
  const build = () =>
    namingScope(() => {
      const bad = task((n: number): number => {
        throw new RangeError(`bad ${n}`);
      }, { name: "bad" });
      const no = task(() => false, { name: "no" })();
      return [diamond(), add(bad(1), 1), add(1, 1).when(no), add(2, 2)];
    });
  const told = async (run: Run<unknown>) => {
    const error: unknown = await run.result().catch((error: unknown) => error);
    const { steps, status } = await run.status();
    const events = (await Array.fromAsync(run.events())).map((event) =>
      [event.event, "step" in event ? event.step : "", "status" in event ? event.status : ""].join(" ")
    );
    return {
      error: String(error),
      status,
      steps: steps.map(({ name, status, attempt, error }) => [name, status, attempt, error?.message]),
      events: events.toSorted(),
    };
  };
  const own = await told(await new SequentialWorkflow(build(), options).start());
  expect(own).toEqual(await told(await new LocalWorkflow(build(), { ...options, concurrency: 1 }).start()));
  expect(own.status).toBe("FAILED");
  expect(own.error).toMatch(/StepFailedError: Node `bad_0000` of workflow `own backend` failed: bad 1/);
});

Deno.test("Retries, replaced functions, options of queries and plugins reach it", async () => {
  const clock = new ManualClock();
  const seen: string[] = [];
  let calls = 0;
  const flaky = task(() => {
    if (++calls < 3) throw new Error("again");
    return calls;
  }, { name: "flaky" })();
  const plugin: Plugin<string> = {
    localInitialize: ({ nodeName }) => `for ${nodeName}`,
    remoteInitialize: (state, { attempt }) => void seen.push(`${state} ${attempt}`),
  };
  const workflow = new SequentialWorkflow([flaky, add(1, 2).setName("sum")], { ...options, clock });
  workflow.query("flaky*").setOptions({ retry: { maxAttempts: 3, initialDelay: 10 } }).setPlugin(plugin);
  workflow.replaceFunc(workflow.findNodes("sum")[0]!, () => 42);
  const run = await workflow.start();
  clock.advance((await clock.untilTimers())[0] ?? NaN);
  expect((await run.status()).steps[0]).toMatchObject({ status: "PENDING", attempt: 1 });
  clock.advance((await clock.untilTimers())[0] ?? NaN);
  expect(await run.result()).toEqual([3, 42]);
  expect(seen).toEqual([1, 2, 3].map((attempt) => `for ${flaky.name} ${attempt}`));
  expect(clock.now()).toBe(30);
});

Deno.test("It runs definitions with their input", async () => {
  const sum = defineWorkflow(
    "sum",
    { version: "1" },
    (input: Input<{ a: number; b: number }>) => add(input.a, input.b),
  );
  expect(await new SequentialWorkflow(sum, { input: { a: 1, b: 2 } }).run()).toBe(3);
});

Deno.test("Its runs can be cancelled, and be waited for with a signal", async () => {
  const never = task(() => new Promise<never>(() => {}), { name: "never" })();
  const run = await new SequentialWorkflow([never, add(1, 1).after(never)], options).start();
  for await (const { event } of run.events()) if (event === "step_started") break;
  await expect(run.result({ signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow(/enough/);
  await run.cancel();
  await expect(run.result()).rejects.toThrow(CancelledError);
  expect((await run.status()).steps.map(({ status }) => status)).toEqual(["CANCELLED", "CANCELLED"]);
  await expect(run.signal("none", 1)).rejects.toThrow(NotFoundError);
});

Deno.test("A skipped target rejects, and a target item that is not there fails the run", async () => {
  const skipped = add(1, 1).when(task(() => 0)());
  await expect(new SequentialWorkflow(skipped, options).run()).rejects.toThrow(CancelledError);
  await expect(new SequentialWorkflow(task(() => [1])().item(3), options).run()).rejects.toThrow(/out of range/);
  await expect(new SequentialWorkflow(task(() => Promise.reject(new Error("x")))(), options).run()).rejects.toThrow(
    StepFailedError,
  );
});

/** Makes its calls elsewhere: here, only after a turn of the event loop, and writes them down. */
class ElsewhereWorkflow<const S extends WorkflowSource> extends InProcessWorkflow<S> {
  readonly calls: unknown[][] = [];

  protected override async invoke({ call, args }: StepCall, { nodeName, attempt }: TaskContext): Promise<unknown> {
    this.calls.push([nodeName, attempt, ...args]);
    await new Promise((resolve) => setTimeout(resolve, 0));
    return call(...args);
  }
}

Deno.test("A backend that only decides where a call is made is one method", async () => {
  const node = namingScope(() => diamond());
  const workflow = new ElsewhereWorkflow(node, options);
  workflow.setStorage(new MemoryStorage());
  expect([await workflow.run(), await workflow.run()]).toEqual([5, 5]);
  expect(workflow.calls).toEqual([["add_0000", 1, 1, 1], ["add_0001", 1, 2, 1], ["add_0002", 1, 2, 3]]);
});

Deno.test("The time of a run holds on a backend of one's own, and stops its timer", async () => {
  const clock = new ManualClock();
  let reason: unknown;
  const hang = task(async () => {
    const { signal } = context();
    signal.addEventListener("abort", () => reason = signal.reason);
    return await new Promise<number>(() => {});
  }, { name: "hang" });
  const nodes = [add(1, 1), hang()];
  const run = await new SequentialWorkflow(nodes, { ...options, clock, timeout: 80 }).start();
  expect(await clock.untilTimers()).toEqual([80]);
  while ((await run.status()).steps[1]?.status !== "RUNNING") await new Promise((resolve) => setTimeout(resolve, 0));
  clock.advance(80);
  await expect(run.result()).rejects.toThrow(TimeoutError);
  const { status, steps } = await run.status();
  expect([status, ...steps.map(({ status }) => status)]).toEqual(["FAILED", "SUCCEEDED", "CANCELLED"]);
  expect(reason).toBeInstanceOf(TimeoutError);
  expect(await new SequentialWorkflow(add(1, 1), { ...options, clock, timeout: 80 }).run()).toBe(2);
  expect(clock.delays).toEqual([]);
});
