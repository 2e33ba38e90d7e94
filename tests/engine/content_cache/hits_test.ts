import { expect } from "@std/expect";
import {
  defineWorkflow,
  InitializerPlugin,
  type Input,
  KvWorkflow,
  type Node,
  type RunEvent,
  task,
  type TaskOptions,
} from "@fusewire/fusewire";
import { onEachStorage } from "../storages.ts";

/** What was called, since it was last looked at. */
const log: string[] = [];
const calls = (): string[] => log.splice(0);

const load = task((day: string) => {
  log.push(`load ${day}`);
  return { rows: [1, 2, 3], day };
}, { name: "load" });
const count = task(({ rows }: { rows: number[] }, by: number) => {
  log.push("count");
  return rows.length * by;
}, { name: "count" });
const etl = defineWorkflow(
  "etl",
  { version: "1", cache: "content" },
  (input: Input<{ day: string; by: number }>) => count(load(input.day), input.by),
);

onEachStorage("A run takes what an earlier one made of the same, without a call", async (world) => {
  calls();
  await using process = await world.process();
  const { runtime } = process;
  expect(await runtime.run(etl, { day: "monday", by: 2 })).toBe(6);
  expect(calls()).toEqual(["load monday", "count"]);
  const run = await runtime.start(etl, { day: "monday", by: 2 }, { id: "again" });
  expect(await runtime.run(etl, { day: "monday", by: 2 }, { id: "again" })).toBe(6);
  expect(calls()).toEqual([]);
  expect((await run.status()).steps).toEqual([
    { name: "load_0000", status: "SUCCEEDED", attempt: 0 },
    { name: "count_0000", status: "SUCCEEDED", attempt: 0 },
  ]);
  const events: RunEvent[] = await Array.fromAsync(run.events());
  expect(events.map(({ event }) => event)).toEqual([
    "workflow_started",
    "step_finished",
    "step_finished",
    "workflow_finished",
  ]);
  expect(await runtime.run(etl, { day: "monday", by: 3 })).toBe(9);
  expect(calls()).toEqual(["count"]);
  expect(await runtime.run(etl, { day: "tuesday", by: 3 })).toBe(9);
  expect(calls()).toEqual(["load tuesday", "count"]);
});

onEachStorage("FA14 durable runs: other inputs or other code never hit, and null is cached", async (world) => {
  calls();
  await using process = await world.process();
  const run = async (input: unknown, of: (x: unknown) => unknown, options: TaskOptions = {}): Promise<unknown> => {
    const work = task(of, { ...options, name: "work" });
    const fa14 = defineWorkflow(
      "FA14",
      { version: "1", cache: "content" },
      (input: Input<{ of: unknown }>) => work(input.of),
    );
    return await process.runtime.run(fa14, { of: input });
  };
  const double = (of: unknown): unknown => {
    log.push("double");
    return of === null ? null : 2 * Number(of);
  };
  const triple = (of: unknown): unknown => {
    log.push("triple");
    return 3 * Number(of);
  };
  const inputs = [1, 1n, "1", true, [1], { 0: 1 }, new Set([1]), 2, 0, -0, NaN, undefined, "", [], [[]], [undefined]];
  for (const input of inputs) expect(await run(input, double)).toBe(2 * Number(input));
  expect(calls().length).toBe(inputs.length);
  for (const input of inputs) expect(await run(input, double)).toBe(2 * Number(input));
  expect(calls()).toEqual([]);
  expect([await run(null, double), await run(null, double), await run(1, triple)]).toEqual([null, null, 3]);
  expect(calls()).toEqual(["double", "triple"]);
  expect(await run(1, double, { version: "2" })).toBe(2);
  expect(await run(1, double, { version: "" })).toBe(2);
  expect(await run(1, double, { seed: 1 })).toBe(2);
  expect(await run(1, double, { seed: "1" })).toBe(2);
  expect(calls()).toEqual(["double", "double", "double", "double"]);
  expect(await run(1, double, { version: "2" })).toBe(2);
  expect(await run(1, double, { seed: "1" })).toBe(2);
  expect(calls()).toEqual([]);
});

onEachStorage("Functions whose sources read the same are told apart by their steps and workflows", async (world) => {
  await using process = await world.process();
  const times = (by: number) => task((x: number) => x * by, { name: "times" });
  const of = (name: string, ...by: number[]) =>
    defineWorkflow(name, { version: "1", cache: "content" }, () => by.map((by) => times(by)(7)));
  expect(await process.runtime.run(of("one", 2, 3))).toEqual([14, 21]);
  expect(await process.runtime.run(of("other", 5, 6))).toEqual([35, 42]);
  const long = defineWorkflow(
    "long names",
    { version: "1", cache: "content" },
    () => [8, 9].map((by) => times(by)(7).setName(`${"é".repeat(100)}${by}`)),
  );
  for (let run = 0; run < 2; run++) expect(await process.runtime.run(long)).toEqual([56, 63]);
});

onEachStorage("A changed step with an unchanged result does not invalidate what is below it", async (world) => {
  calls();
  await using process = await world.process();
  const make = (read: (day: string) => number[]) => {
    const below = task((rows: number[], first: number | undefined) => {
      log.push("below");
      return rows.length + (first ?? 0);
    }, { name: "below" });
    return defineWorkflow("steps", { version: "1", cache: "content" }, () => {
      const rows = task(read, { name: "read" })("monday");
      return below(rows, rows.item(0));
    });
  };
  const first = make((day) => {
    log.push(`first ${day}`);
    return [5, 6];
  });
  const same = make((day) => {
    log.push(`same ${day}`);
    return [2 + 3, 6];
  });
  const another = make((day) => {
    log.push(`another ${day}`);
    return [5, 7];
  });
  for (const definition of [first, same, another]) expect(await process.runtime.run(definition)).toBe(7);
  expect(calls()).toEqual(["first monday", "below", "same monday", "another monday", "below"]);
});

onEachStorage("Each step may say otherwise than its workflow, and without a word nothing is kept", async (world) => {
  calls();
  await using process = await world.process();
  const say = task((what: string) => {
    log.push(what);
    return what;
  }, { name: "say" });
  const inner = (cache?: "content" | "name" | false) =>
    defineWorkflow(
      `say ${cache}`,
      { version: "1", ...(cache === undefined ? {} : { cache }) },
      () => [say("as the workflow"), say("never").with({ cache: false }), say("always").with({ cache: "content" })],
    );
  const all = ["as the workflow", "never", "always"];
  const again: [cache: "content" | "name" | false | undefined, calls: string[]][] = [
    ["content", ["never"]],
    ["name", ["as the workflow", "never"]],
    [false, ["as the workflow", "never"]],
    [undefined, ["as the workflow", "never"]],
  ];
  for (const [cache, second] of again) {
    expect(await process.runtime.run(inner(cache))).toEqual(all);
    expect(calls().sort()).toEqual(all.toSorted());
    expect(await process.runtime.run(inner(cache))).toEqual(all);
    expect(calls().sort()).toEqual(second);
  }
});

onEachStorage(
  "Another version of the workflow takes what has the same code; plugins do not run for it",
  async (world) => {
    calls();
    await using process = await world.process();
    const work = task((n: number) => {
      log.push(`work ${n}`);
      return n;
    }, { name: "work" });
    const plugin = new InitializerPlugin(() => void log.push("plugin"));
    const of = (version: string) =>
      defineWorkflow("versions", { version, cache: "content", plugins: [plugin] }, () => work(1));
    await process.runtime.run(of("1"));
    expect(calls()).toEqual(["plugin", "work 1"]);
    await process.runtime.run(of("2"));
    expect(calls()).toEqual([]);
  },
);

onEachStorage("KvWorkflow has the option too, with replaced functions and logged nodes", async (world) => {
  calls();
  await using process = await world.process();
  const { runtime } = process;
  const work = task((n: number) => {
    log.push(`work ${n}`);
    return n;
  }, { name: "work" });
  const make = () => {
    const node: Node<number> = work(3).setName("work");
    return { node, workflow: new KvWorkflow(node, { workflowName: "nodes", runtime, cache: "content" }) };
  };
  expect(await make().workflow.run()).toBe(3);
  expect(await make().workflow.run()).toBe(3);
  expect(calls()).toEqual(["work 3"]);
  const { node, workflow } = make();
  workflow.replaceFunc(node, (n: number) => 10 * n);
  expect(await workflow.run()).toBe(30);
  const logged = make().workflow;
  logged.logNodes("*");
  expect(await logged.run()).toBe(3);
  expect(calls()).toEqual(["work 3"]);
});

onEachStorage("A step that failed is made again and then kept; what was kept of its run stays", async (world) => {
  calls();
  await using process = await world.process();
  let isBroken = true;
  const good = task(() => {
    log.push("good");
    return 1;
  }, { name: "good" });
  const bad = task((n: number) => {
    log.push("bad");
    if (isBroken) throw new RangeError("not today");
    return n;
  }, { name: "bad" });
  const flow = defineWorkflow("fails", { version: "1", cache: "content" }, () => bad(good()));
  await expect(process.runtime.run(flow)).rejects.toThrow("not today");
  await expect(process.runtime.run(flow)).rejects.toThrow("not today");
  expect(calls()).toEqual(["good", "bad", "bad"]);
  isBroken = false;
  const run = await process.runtime.start(flow, undefined, { id: "third" });
  expect(await process.runtime.run(flow, undefined, { id: "third" })).toBe(1);
  expect(calls()).toEqual(["bad"]);
  expect((await run.status()).steps.map(({ attempt }) => attempt)).toEqual([0, 1]);
  expect(await process.runtime.run(flow)).toBe(1);
  expect(calls()).toEqual([]);
});

onEachStorage("A condition that does not hold skips a step whose result is kept", async (world) => {
  calls();
  await using process = await world.process();
  const work = task((n: number) => {
    log.push(`work ${n}`);
    return n;
  }, { name: "work" });
  const flow = defineWorkflow(
    "conditions",
    { version: "1", cache: "content" },
    (input: Input<{ really: boolean }>) => [work(1), work(2).when(input.really)],
  );
  expect(await process.runtime.run(flow, { really: true })).toEqual([1, 2]);
  expect(calls()).toEqual(["work 1", "work 2"]);
  const run = await process.runtime.start(flow, { really: false }, { id: "skips" });
  await expect(process.runtime.run(flow, { really: false }, { id: "skips" })).rejects.toThrow();
  expect((await run.status()).steps.map(({ status }) => status)).toEqual(["SUCCEEDED", "SKIPPED"]);
  expect(calls()).toEqual([]);
});
