import { expect } from "@std/expect";
import fc from "fast-check";
import {
  LocalWorkflow,
  MemoryStorage,
  type PluginContext,
  type PluginRunContext,
  ProgressPlugin,
  StepFailedError,
  task,
} from "../../mod.ts";
import { FakeClock } from "./fake_clock.ts";
import { FakePipe, FakeTerminal } from "./fake_terminal.ts";

const clock = new FakeClock();

/** A task that takes a time, on the fake clock. */
const take = task((milliseconds: number) => clock.advance(milliseconds), { name: "take" });
const fail = task((message: string): void => {
  throw new Error(message);
}, { name: "fail" });

function names(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `n${i}`);
}

/** A run whose nodes take so long, one after the other. */
function workflowOf(times: readonly number[]): LocalWorkflow<ReturnType<typeof take>[]> {
  const labels = names(times.length);
  return new LocalWorkflow(times.map((time, i) => take(time).setName(labels[i]!)), {
    workflowName: "etl",
    concurrency: 1,
  });
}

/** Calls the hooks of a plugin as a run would, where a test wants to stop in the middle. */
class RunOfHooks {
  readonly #context: PluginRunContext;

  private constructor(readonly plugin: ProgressPlugin, context: PluginRunContext) {
    this.#context = context;
  }

  static async start(plugin: ProgressPlugin, steps: number, workflowName = "etl", runId = "run"): Promise<RunOfHooks> {
    const context = { workflowName, runId, steps };
    await plugin.runStarted(context);
    return new RunOfHooks(plugin, context);
  }

  begin(nodeName: string): void {
    this.plugin.localInitialize(this.#of(nodeName));
  }

  end(nodeName: string): void {
    this.plugin.finished({ status: "SUCCEEDED", value: 1 }, this.#of(nodeName));
  }

  finish(): void {
    this.plugin.runFinished(this.#context);
  }

  #of(nodeName: string): PluginContext {
    return { ...this.#context, nodeName, attempt: 1 };
  }
}

Deno.test("ProgressPlugin writes a few plain lines into a pipe", async () => {
  const output = new FakePipe();
  const workflow = workflowOf(new Array(20).fill(700));
  workflow.setPlugin("*", new ProgressPlugin({ output, clock }));
  await workflow.run();
  expect(output.text.split("\n")).toEqual([
    "etl: 20 nodes to run",
    "etl: 2 of 20 nodes in 1.4 s",
    "etl: 4 of 20 nodes in 2.8 s",
    "etl: 6 of 20 nodes in 4.2 s",
    "etl: 8 of 20 nodes in 5.6 s",
    "etl: 10 of 20 nodes in 7.0 s",
    "etl: 12 of 20 nodes in 8.4 s",
    "etl: 14 of 20 nodes in 9.8 s",
    "etl: 16 of 20 nodes in 11 s",
    "etl: 18 of 20 nodes in 12 s",
    "etl: 20 nodes done in 14 s",
    "",
  ]);
});

Deno.test("ProgressPlugin writes no line in between about a run that is over at once", async () => {
  const output = new FakePipe();
  const workflow = workflowOf(new Array(50).fill(10));
  workflow.setPlugin("*", new ProgressPlugin({ output, clock }));
  await workflow.run();
  expect(output.text).toBe("etl: 50 nodes to run\netl: 50 nodes done in 0.5 s\n");
});

Deno.test("ProgressPlugin tells of failures and of what was skipped or never ran", async () => {
  const output = new FakePipe();
  const pass = task((_: void) => {}, { name: "pass" });
  const workflow = new LocalWorkflow([
    pass(fail("no \x1b[31mdisk\x1b[0m\nat all").setName("a")),
    fail("never mind").setName("b").with({ onFailure: "skip" }),
    take(100).setName("c"),
  ], { workflowName: "etl", concurrency: 1 });
  workflow.setPlugin("*", new ProgressPlugin({ output, clock }));
  await expect(workflow.run()).rejects.toThrow(StepFailedError);
  expect(output.text.split("\n")).toEqual([
    "etl: 4 nodes to run",
    "Node `a` of workflow `etl` failed: no ?[31mdisk?[0m",
    "etl: 1 of 4 nodes done in 0.1 s, 1 failed, 1 skipped, 1 not run",
    "",
  ]);
});

Deno.test("ProgressPlugin counts failures beyond the tenth without a line for each", async () => {
  const output = new FakePipe();
  const workflow = new LocalWorkflow(names(30).map((name) => fail("boom").setName(name)), { workflowName: "etl" });
  workflow.setPlugin("*", new ProgressPlugin({ output, clock }));
  await expect(workflow.run()).rejects.toThrow(StepFailedError);
  expect(output.text.match(/failed: boom/g)?.length).toBe(10);
  expect(output.text).toContain("etl: 0 of 30 nodes done in 0.0 s, 30 failed\n");
});

Deno.test("ProgressPlugin says of a run in which all is stored that no node had to run", async () => {
  for (const output of [new FakePipe(), new FakeTerminal()]) {
    const workflow = workflowOf([10, 10]);
    workflow.setStorage(new MemoryStorage());
    await workflow.run();
    workflow.setPlugin("*", new ProgressPlugin({ output, clock }));
    await workflow.run();
    const text = output instanceof FakePipe ? output.text : output.rows.join("\n");
    expect(text).toBe("etl: no node had to run\n");
  }
});

Deno.test("ProgressPlugin writes nothing about a workflow without nodes", async () => {
  const output = new FakePipe();
  const workflow = new LocalWorkflow([], { workflowName: "etl" });
  workflow.setPlugin("*", new ProgressPlugin({ output, clock }));
  await workflow.run();
  expect(output.text).toBe("");
});

Deno.test("ProgressPlugin draws a bar on a terminal, and leaves one line", async () => {
  const output = new FakeTerminal(80);
  const bars: string[] = [];
  const look = task(() => {
    clock.advance(1_500);
    bars.push(output.row);
  }, { name: "look" });
  const workflow = new LocalWorkflow(names(4).map((name) => look().setName(name)), {
    workflowName: "etl",
    concurrency: 1,
  });
  workflow.setPlugin("*", new ProgressPlugin({ output, clock }));
  await workflow.run();
  expect(bars).toEqual([
    "etl [-------------------] 0/4  1.1 s  1 running: n0",
    "etl [####---------------] 1/4  2.6 s  about 7.8 s left  1 running: n1",
    "etl [#########----------] 2/4  4.1 s  about 4.1 s left  1 running: n2",
    "etl [##############-----] 3/4  5.6 s  about 1.8 s left  1 running: n3",
  ]);
  expect(output.rows).toEqual(["etl: 4 nodes done in 6.0 s", ""]);
  expect(output.isColored).toBe(!Deno.noColor);
  expect(output.hasWrapped).toBe(false);
  expect(clock.pending).toBe(0);
});

Deno.test("ProgressPlugin leaves clean lines on a terminal after a failure and after a cancellation", async () => {
  const output = new FakeTerminal(80);
  const failing = new LocalWorkflow([take(100).setName("a"), fail("boom").setName("b")], {
    workflowName: "etl",
    concurrency: 1,
  });
  const plugin = new ProgressPlugin({ output, clock });
  failing.setPlugin("*", plugin);
  await expect(failing.run()).rejects.toThrow(StepFailedError);
  const began = Promise.withResolvers<void>();
  const wait = task(() => {
    began.resolve();
    return new Promise<void>(() => {});
  }, { name: "wait" });
  const waiting = new LocalWorkflow(wait(), { workflowName: "long" });
  waiting.setPlugin("*", plugin);
  const run = await waiting.start();
  await began.promise;
  await run.cancel();
  expect(output.rows).toEqual([
    "Node `b` of workflow `etl` failed: boom",
    "etl: 1 of 2 nodes done in 0.1 s, 1 failed",
    "long: 0 of 1 node done in 0.0 s, 1 cancelled",
    "",
  ]);
  expect(clock.pending).toBe(0);
});

Deno.test("ProgressPlugin draws at most ten times a second, and the last change within a tenth of one", async () => {
  const output = new FakeTerminal(80);
  const run = await RunOfHooks.start(new ProgressPlugin({ output, clock }), 100_000);
  const before = output.writes;
  for (let i = 0; i < 5_000; i++) {
    run.begin(`n${i}`);
    clock.advance(1);
    run.end(`n${i}`);
  }
  expect(output.writes - before).toBe(50);
  clock.advance(100);
  expect(output.row).toContain("5000/100000");
  run.finish();
});

Deno.test("ProgressPlugin goes on telling the time while nothing happens", async () => {
  const output = new FakeTerminal(80);
  const run = await RunOfHooks.start(new ProgressPlugin({ output, clock }), 2);
  run.begin("slow");
  clock.advance(65_000);
  expect(output.row).toBe("etl [-------------------] 0/2  1 min 04 s  1 running: slow");
  clock.advance(7_200_000);
  expect(output.row).toContain("2 h 01 min");
  run.finish();
  expect(clock.pending).toBe(0);
});

Deno.test("ProgressPlugin draws on when the clock is set back", async () => {
  const output = new FakeTerminal(80);
  const run = await RunOfHooks.start(new ProgressPlugin({ output, clock }), 2);
  clock.set(clock.now() - 3_600_000);
  run.begin("a");
  expect(output.row).toBe("etl [-------------------] 0/2  0.0 s  1 running: a");
  run.finish();
  clock.set(clock.now() + 3_600_000);
});

Deno.test("ProgressPlugin never fills a line, however narrow the terminal and long the names", async () => {
  const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 255 }).filter((text) => !/\p{Cc}/u.test(text));
  await fc.assert(
    fc.asyncProperty(fc.nat(200), word, word, fc.nat(30), async (width, workflowName, nodeName, steps) => {
      const output = new FakeTerminal(width);
      const run = await RunOfHooks.start(new ProgressPlugin({ output, clock }), steps, workflowName);
      run.begin(nodeName);
      clock.advance(100);
      run.end(nodeName);
      run.finish();
      expect(output.hasWrapped).toBe(false);
      expect(output.rows.length).toBe(2);
      expect(output.rows[0]).toContain(workflowName);
      expect(output.row).toBe("");
    }),
  );
});

Deno.test("ProgressPlugin takes 80 columns where a terminal does not tell", async () => {
  const output = new FakeTerminal(0);
  const run = await RunOfHooks.start(new ProgressPlugin({ output, clock }), 4);
  expect(output.row).toBe("etl [-------------------] 0/4  0.0 s");
  run.finish();
});

Deno.test("ProgressPlugin follows a terminal that becomes narrower", async () => {
  const output = new FakeTerminal(120);
  const run = await RunOfHooks.start(new ProgressPlugin({ output, clock }), 4);
  output.width = 24;
  run.begin("a");
  clock.advance(100);
  expect(output.row).toBe("etl [-----] 0/4  0.1 …");
  run.finish();
});

Deno.test("ProgressPlugin has no colours with NO_COLOR, and red ones for failures", async () => {
  for (const color of [true, false]) {
    const output = new FakeTerminal(80);
    const workflow = new LocalWorkflow(fail("boom"), { workflowName: "etl" });
    workflow.setPlugin("*", new ProgressPlugin({ output, clock, color }));
    await expect(workflow.run()).rejects.toThrow("boom");
    expect(output.isColored).toBe(color);
  }
});

Deno.test("ProgressPlugin shows runs that are under way together in one bar", async () => {
  const output = new FakeTerminal(80);
  const plugin = new ProgressPlugin({ output, clock });
  const first = await RunOfHooks.start(plugin, 4, "first", "run-a");
  const second = await RunOfHooks.start(plugin, 6, "second", "run-b");
  first.begin("a");
  first.end("a");
  second.begin("a");
  clock.advance(100);
  expect(output.row).toBe("2 runs [#------------------] 1/10  0.1 s  about 0.9 s left  1 running: a");
  first.finish();
  expect(output.rows.at(-2)).toBe("first: 1 of 4 nodes done in 0.1 s, 3 not run");
  expect(output.row).toBe("second [-------------------] 0/6  0.1 s  1 running: a");
  second.finish();
  expect(output.row).toBe("");
});

Deno.test("ProgressPlugin counts nodes that nobody expected at the start", async () => {
  const output = new FakePipe();
  const run = await RunOfHooks.start(new ProgressPlugin({ output, clock }), 1);
  for (const name of ["a", "b"]) {
    run.begin(name);
    run.end(name);
  }
  run.finish();
  expect(output.text).toBe("etl: 1 node to run\netl: 2 nodes done in 0.0 s\n");
});

Deno.test("ProgressPlugin does not fail a run whose reader has gone", async () => {
  let writes = 0;
  const output = {
    isTerminal: () => false,
    columns: () => 0,
    write(): void {
      writes++;
      throw new Error("Broken pipe");
    },
  };
  const workflow = workflowOf([10, 10]);
  workflow.setPlugin("*", new ProgressPlugin({ output, clock }));
  await workflow.run();
  expect(writes).toBe(1);
});

Deno.test("ProgressPlugin writes to standard error, and plainly if that is no terminal", async () => {
  const mod = new URL("../../mod.ts", import.meta.url).href;
  const code = `import { LocalWorkflow, ProgressPlugin, task } from ${JSON.stringify(mod)};
    const work = task(() => 1, { name: "work" });
    const workflow = new LocalWorkflow([work(), work()], { workflowName: "etl" });
    workflow.setPlugin("*", new ProgressPlugin());
    console.log(await workflow.run());`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--config", new URL("../../deno.json", import.meta.url).pathname, code],
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  expect(decoder.decode(stdout)).toBe("[ 1, 1 ]\n");
  expect(decoder.decode(stderr)).toMatch(/^etl: 2 nodes to run\netl: 2 nodes done in \d\.\d s\n$/);
});
