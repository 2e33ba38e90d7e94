import { expect } from "@std/expect";
import {
  ConfigError,
  defineWorkflow,
  type DurableRun,
  GraphError,
  type Input,
  NotFoundError,
  type StandardSchema,
  task,
} from "@fusewire/fusewire";
import { onEachStorage, Serving } from "./storages.ts";

const order: string[] = [];
const note = task((name: string) => {
  order.push(name);
  return name;
}, { name: "note" });
const noting = defineWorkflow("noting", { version: "1" }, (input: Input<{ name: string }>) => note(input.name));

onEachStorage(
  "An idempotency key starts one run of a workflow, at once and later, and also when it has finished",
  async (world) => {
    await using one = await world.process();
    await using two = await world.process();
    const other = defineWorkflow("other", { version: "1" }, () => note("other"));
    const options = { idempotencyKey: "order/17" };
    const starts = await Promise.all(
      [one, two, one, two].map(({ runtime }) => runtime.start(noting, { name: "one" }, options)),
    );
    expect(new Set(starts.map(({ id }) => id)).size).toBe(1);
    const { id } = await one.runtime.start(noting, { name: "another" });
    expect(id).not.toBe(starts[0]!.id);
    expect((await one.runtime.start(other, undefined, options)).id).not.toBe(starts[0]!.id);
    await one.runtime.worker([noting, other]).tick({ budgetMs: 30_000 });
    expect(await starts[0]!.result()).toBe("one");
    expect(await two.runtime.run(noting, { name: "late" }, options)).toBe("one");
  },
);

onEachStorage("A run has the id that it is given, and is found by it", async (world) => {
  await using process = await world.process();
  for (const id of ["monday", "a/b", "../x", "é😀", "x".repeat(255)]) {
    const run = await process.runtime.start(noting, { name: id }, { id });
    expect(run.id).toBe(id);
    expect((await process.runtime.start(noting, { name: "again" }, { id })).id).toBe(id);
    expect(await process.runtime.run(noting, { name: "again" }, { id })).toBe(id);
    expect((await process.runtime.get(id).status()).id).toBe(id);
  }
});

onEachStorage("What does not exist is a NotFoundError, whatever is asked of it", async (world) => {
  await using process = await world.process();
  const run: DurableRun<unknown> = process.runtime.get("nowhere");
  for (const ask of [() => run.result(), () => run.status(), () => run.cancel(), () => run.retry()]) {
    await expect(ask()).rejects.toThrow(NotFoundError);
  }
  await expect(run.events().next()).rejects.toThrow(NotFoundError);
  await expect(run.signal("go", 1)).rejects.toThrow(NotFoundError);
});

onEachStorage("Higher priority is first, then what was started earlier", async (world) => {
  order.length = 0;
  await using process = await world.process();
  const start = (name: string, priority?: number) =>
    process.runtime.start(noting, { name }, priority === undefined ? {} : { priority });
  await start("low", -1);
  await start("first");
  await world.skip(1);
  await start("second", 0);
  await start("high", 5.5);
  await start("higher", 100);
  await process.runtime.worker([noting], { concurrency: 1 }).tick({ budgetMs: 30_000 });
  expect(order).toEqual(["higher", "high", "first", "second", "low"]);
});

onEachStorage(
  "A delayed run, in milliseconds or to a date, begins when it is due, also in runtime.run()",
  async (world) => {
    order.length = 0;
    await using process = await world.process();
    await process.runtime.start(noting, { name: "in 8 s" }, { delay: 8_000 });
    await process.runtime.start(noting, { name: "at a date" }, { delay: new Date(Date.now() + 4_000) });
    await process.runtime.start(noting, { name: "past" }, { delay: new Date(0) });
    const driven = process.runtime.run(noting, { name: "driven" }, { delay: 12_000 });
    const { runtime } = process;
    await runtime.worker([noting]).tick({ budgetMs: 30_000 });
    expect(order).toEqual(["past"]);
    await world.skip(5_000);
    await runtime.worker([noting]).tick({ budgetMs: 30_000 });
    expect(order).toEqual(["past", "at a date"]);
    await using _serving = new Serving(process, [noting]);
    await world.skip(5_000);
    await world.skip(5_000);
    expect(await driven).toBe("driven");
    expect(order).toEqual(["past", "at a date", "in 8 s", "driven"]);
  },
);

onEachStorage("Runs are listed, the latest first, by workflow, state and tag, in pages", async (world) => {
  await using process = await world.process();
  const { runtime } = process;
  const other = defineWorkflow("listed", { version: "1" }, () => note("listed"));
  for (let i = 0; i < 5; i++) {
    await runtime.start(noting, { name: `${i}` }, { id: `run ${i}`, tags: i % 2 === 0 ? ["even", "small"] : [] });
    await world.skip(2);
  }
  await runtime.run(other, undefined, { id: "done", tags: ["even"] });
  const ids = async (query: Parameters<typeof runtime.list>[0]) => (await runtime.list(query)).runs.map(({ id }) => id);
  expect(await ids({})).toEqual(["done", "run 4", "run 3", "run 2", "run 1", "run 0"]);
  expect(await ids({ workflow: "noting" })).toEqual(["run 4", "run 3", "run 2", "run 1", "run 0"]);
  expect(await ids({ tag: "even" })).toEqual(["done", "run 4", "run 2", "run 0"]);
  expect(await ids({ statuses: ["SUCCEEDED"] })).toEqual(["done"]);
  expect(await ids({ statuses: ["PENDING"], tag: "small" })).toEqual(["run 4", "run 2", "run 0"]);
  const first = await runtime.list({ limit: 4 });
  const second = await runtime.list({ limit: 4, ...(first.cursor === undefined ? {} : { cursor: first.cursor }) });
  expect([...first.runs, ...second.runs].map(({ id }) => id)).toEqual(await ids({}));
  expect(second.cursor).toBe(undefined);
});

onEachStorage("A run waits in its queue: that of its start, else of its definition", async (world) => {
  order.length = 0;
  const queued = defineWorkflow("queued", { version: "1", queue: "slow" }, () => note("slow"));
  await using process = await world.process();
  const { runtime } = process;
  await runtime.start(noting, { name: "default" });
  await runtime.start(noting, { name: "gpu" }, { queue: "gpu" });
  await runtime.start(queued);
  const tick = async (queues?: string[]) => {
    await runtime.worker([noting, queued], queues === undefined ? {} : { queues }).tick({ budgetMs: 30_000 });
    return order.splice(0).toSorted();
  };
  expect(await tick(["nothing"])).toEqual([]);
  expect(await tick()).toEqual(["default", "slow"]);
  expect(await tick(["gpu", "nothing"])).toEqual(["gpu"]);
});

const positive: StandardSchema<{ x: number }, { x: number }> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => {
      const x: unknown = Reflect.get(Object(value), "x");
      return typeof x === "number" && x > 0
        ? { value: { x: x * 10 } }
        : { issues: [{ message: "must be positive", path: ["x"] }] };
    },
  },
};

onEachStorage(
  "The schema of the input is asked before a run is made, and what it gives is the input",
  async (world) => {
    const addOne = task((x: number) => x + 1, { name: "addOne" });
    const checked = defineWorkflow("checked", { version: "1", input: positive }, (input) => addOne(input.x));
    await using process = await world.process();
    expect(await process.runtime.run(checked, { x: 2 })).toBe(21);
    for (const go of [() => process.runtime.start(checked, { x: -1 }), () => process.runtime.run(checked, { x: -1 })]) {
      await expect(go()).rejects.toThrow(ConfigError);
      await expect(go()).rejects.toThrow("must be positive");
    }
    expect((await process.runtime.list()).runs.length).toBe(1);
  },
);

onEachStorage("Options that can not be used are one clear ConfigError each, and no run is made", async (world) => {
  await using process = await world.process();
  const { runtime } = process;
  const input = { name: "never" };
  for (
    const [options, said] of [
      [{ id: "" }, "id"],
      [{ id: "x".repeat(256) }, "id"],
      [{ id: "a\u0000b" }, "id"],
      [{ idempotencyKey: "" }, "idempotencyKey"],
      [{ queue: "" }, "queue"],
      [{ tags: ["good", ""] }, "tags"],
      [{ priority: NaN }, "priority"],
      [{ priority: Infinity }, "priority"],
      [{ delay: NaN }, "delay"],
      [{ delay: new Date(NaN) }, "delay"],
    ] as const
  ) {
    for (const go of [() => runtime.start(noting, input, options), () => runtime.run(noting, input, options)]) {
      const error: unknown = await go().catch((error: unknown) => error);
      expect(error).toBeInstanceOf(ConfigError);
      expect(String(error)).toContain(`\`${said}\``);
    }
  }
  const unsuitable = [
    () => runtime.worker([]),
    () => runtime.worker([noting], { concurrency: 0 }),
    () => runtime.worker([noting], { concurrency: 1.5 }),
    () => runtime.worker([noting], { concurrency: NaN }),
    () => runtime.worker([noting], { queues: [] }),
    () => runtime.worker([noting], { queues: [""] }),
  ];
  for (const make of unsuitable) expect(make).toThrow(ConfigError);
  const worker = runtime.worker([noting]);
  for (const budgetMs of [0, -1, NaN]) await expect(worker.tick({ budgetMs })).rejects.toThrow(ConfigError);
  await expect(runtime.gc({ olderThan: NaN })).rejects.toThrow(ConfigError);
  await expect(process.runtime.run({ ...noting }, input)).rejects.toThrow(ConfigError);
  expect((await runtime.list()).runs).toEqual([]);
});

onEachStorage("Only runs that failed or were cancelled can be tried again", async (world) => {
  await using process = await world.process();
  const { runtime } = process;
  await runtime.run(noting, { name: "done" }, { id: "done" });
  const waiting = await runtime.start(noting, { name: "waiting" });
  await expect(runtime.get("done").retry()).rejects.toThrow(GraphError);
  await expect(waiting.retry()).rejects.toThrow(GraphError);
  expect((await runtime.get("done").status()).status).toBe("SUCCEEDED");
  await waiting.cancel();
  await waiting.retry();
  await runtime.worker([noting]).tick({ budgetMs: 30_000 });
  expect(await waiting.result()).toBe("waiting");
});
