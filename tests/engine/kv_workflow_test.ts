import { expect } from "@std/expect";
import {
  ConfigError,
  context,
  GraphError,
  InitializerPlugin,
  KvWorkflow,
  namingScope,
  type Plugin,
  RandomStatePlugin,
  type Runtime,
  StepFailedError,
  task,
} from "@fusewire/fusewire";
import { onEachStorage, until } from "./storages.ts";

const calls: string[] = [];
let stuck: string | undefined;
const step = task((name: string, before: number): number | Promise<number> => {
  calls.push(name);
  if (stuck === name) return new Promise(() => {});
  return before + 1;
}, { name: "step" });

/** A chain of three steps, built anew as another process does. */
function chain(runtime: Runtime, length = 3): KvWorkflow<ReturnType<typeof step>> {
  return namingScope(() => {
    let node = step("s0", 0);
    for (let i = 1; i < length; i++) node = step(`s${i}`, node);
    return new KvWorkflow(node, { workflowName: "chain", runtime });
  });
}

onEachStorage(
  "KvWorkflow resumes the unfinished run of an equal graph, refuses another, and then starts anew",
  async (world) => {
    calls.length = 0;
    stuck = "s2";
    const first = await world.process();
    const started = await chain(first.runtime).start();
    await until(() => calls.length === 3);
    first.kill();
    stuck = undefined;
    await using second = await world.process();
    const refused: unknown = await chain(second.runtime, 4).run().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(GraphError);
    expect(String(refused)).toContain(started.id);
    const resumed = await chain(second.runtime).start();
    expect(resumed.id).toBe(started.id);
    await world.skip(20_000);
    expect(await resumed.result()).toBe(3);
    expect(calls).toEqual(["s0", "s1", "s2", "s2"]);
    const anew = await chain(second.runtime, 4).start();
    expect(anew.id).not.toBe(started.id);
    expect(await anew.result()).toBe(4);
    expect(await chain(second.runtime).run()).toBe(3);
    expect(await chain(second.runtime).run()).toBe(3);
    expect(calls.length).toBe(4 + 4 + 3 + 3);
  },
);

onEachStorage("Two processes that run the same KvWorkflow at once get one run", async (world) => {
  const gate = Promise.withResolvers<void>();
  let calls = 0;
  const wait = task(async (n: number) => {
    calls++;
    await gate.promise;
    return n + 1;
  }, { name: "wait" });
  const make = (runtime: Runtime) =>
    namingScope(() => new KvWorkflow(wait(wait(0)), { workflowName: "at once", runtime }));
  await using one = await world.process();
  await using two = await world.process();
  const runs = await Promise.all([one, two].map(({ runtime }) => make(runtime).start()));
  expect(runs[0]!.id).toBe(runs[1]!.id);
  gate.resolve();
  expect(await Promise.all(runs.map((run) => run.result()))).toEqual([2, 2]);
  expect(calls).toBe(2);
});

onEachStorage("A KvWorkflow can be run again on the same nodes, with what was set on it", async (world) => {
  await using process = await world.process();
  const give = task((n: number) => n, { name: "give" });
  const nodes = namingScope(() => [give(1), give(2)]);
  const workflow = new KvWorkflow(nodes, { workflowName: "again", runtime: process.runtime });
  expect(await workflow.run()).toEqual([1, 2]);
  workflow.replaceFunc(nodes[1]!, () => 20);
  expect(await workflow.run()).toEqual([1, 20]);
  const untouched = new KvWorkflow(nodes, { workflowName: "again", runtime: process.runtime });
  expect(await untouched.run()).toEqual([1, 2]);
});

onEachStorage(
  "A failure rejects, leaves no run behind that is resumed, and the next run tries all again",
  async (world) => {
    await using process = await world.process();
    let fails = true;
    const fragile = task((n: number) => {
      if (fails) throw new RangeError("boom");
      return n;
    }, { name: "fragile" });
    const make = () =>
      namingScope(() => new KvWorkflow(fragile(1), { workflowName: "fragile", runtime: process.runtime }));
    await expect(make().run()).rejects.toThrow(StepFailedError);
    fails = false;
    expect(await make().run()).toBe(1);
  },
);

onEachStorage("A KvWorkflow without a runtime is refused", async () => {
  await Promise.resolve();
  const runtime: unknown = undefined;
  const options = { workflowName: "none", runtime };
  expect(() => Reflect.construct(KvWorkflow, [step("s0", 0), options])).toThrow(ConfigError);
});

onEachStorage(
  "Plugins run around every step, where it runs: InitializerPlugin and RandomStatePlugin",
  async (world) => {
    await using process = await world.process();
    const prepared: { by?: string; seed?: number } = {};
    const read = task((n: number) => ({ n, ...prepared }), { name: "read" });
    const nodes = namingScope(() => [read(0), read(1), read(2)]);
    const workflow = new KvWorkflow(nodes, { workflowName: "plugins", runtime: process.runtime });
    workflow.setPlugin("*", new InitializerPlugin(({ nodeName }) => void (prepared.by = nodeName)));
    workflow.setPlugin(
      "*",
      new RandomStatePlugin({
        min: 1,
        max: 100,
        seed: 5,
        seedFunc: (s) => void (prepared.seed = s),
      }),
    );
    const results = await workflow.run();
    expect(results.map(({ n, by }) => [n, by])).toEqual([[0, "read_0000"], [1, "read_0001"], [2, "read_0002"]]);
    expect(results.map(({ seed }) => seed).toSorted()).toEqual([6, 7, 8]);
  },
);

/** A plugin that notes what is called. */
function recorder(notes: string[], breaks: "local" | "finished" | "nothing" = "nothing"): Plugin<number> {
  let state = 0;
  return {
    localInitialize({ nodeName }) {
      notes.push(`local ${nodeName}`);
      if (breaks === "local") throw new RangeError("local");
      return ++state;
    },
    remoteInitialize(state, { attempt }) {
      notes.push(`remote ${state} ${attempt}`);
    },
    finished({ status }, { attempt }) {
      notes.push(`finished ${status} ${attempt}`);
      if (breaks === "finished") throw new RangeError("finished");
    },
  };
}

onEachStorage(
  "localInitialize is called once a step, remoteInitialize for every attempt, finished after the last",
  async (world) => {
    await using process = await world.process();
    const notes: string[] = [];
    const flaky = task(() => {
      notes.push(`call ${context().attempt}`);
      if (context().attempt < 3) throw new RangeError("not yet");
      return 1;
    }, { name: "flaky", retry: { maxAttempts: 3, initialDelay: 1 } });
    const make = () => namingScope(() => new KvWorkflow(flaky(), { workflowName: "flaky", runtime: process.runtime }));
    const workflow = make();
    workflow.setPlugin("*", recorder(notes));
    expect(await workflow.run()).toBe(1);
    expect(notes).toEqual([
      ...["local flaky_0000", "remote 1 1", "call 1", "remote 1 2", "call 2", "remote 1 3", "call 3"],
      "finished SUCCEEDED 3",
    ]);
    for (const breaks of ["local", "finished"] as const) {
      notes.length = 0;
      const broken = make();
      broken.setPlugin("*", recorder(notes, breaks));
      await expect(broken.run()).rejects.toThrow(breaks === "local" ? "failed: local" : "after 3 attempts: finished");
      if (breaks === "local") expect(notes).toEqual(["local flaky_0000", "finished FAILED 1"]);
    }
  },
);

onEachStorage("A plugin hears that a step was cancelled", async (world) => {
  await using process = await world.process();
  const notes: string[] = [];
  const hang = task(() => new Promise<number>(() => {}), { name: "hang" });
  const workflow = namingScope(() => new KvWorkflow(hang(), { workflowName: "hang", runtime: process.runtime }));
  workflow.setPlugin("*", recorder(notes));
  const run = await workflow.start();
  await until(() => notes.length === 2);
  await run.cancel();
  await until(() => notes.length === 3);
  expect(notes.at(-1)).toBe("finished CANCELLED 1");
});
