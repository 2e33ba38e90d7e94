import { expect } from "@std/expect";
import {
  anyOf,
  ConfigError,
  defineWorkflow,
  type DurableRun,
  type Input,
  KvWorkflow,
  MemoryObjectStore,
  NotFoundError,
  optional,
  type RunEvent,
  task,
} from "@fusewire/fusewire";
import { onEachStorage, Serving, type TestProcess, until } from "./storages.ts";

/** What was called, and which calls fail. */
const log: string[] = [];
const failing = new Set<string>();

function called(name: string): void {
  log.push(name);
  if (failing.has(name)) throw new RangeError(`${name} fails`);
}

const load = task((city: string) => (called("load"), { city, degrees: [3, 5, 4] }), { name: "load" });
const mean = task((numbers: readonly number[]) => {
  called("mean");
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}, { name: "mean" });
const most = task((numbers: readonly number[]) => (called("most"), Math.max(...numbers)), { name: "most" });
const report = task((city: string, mean: number, most: number) => {
  called("report");
  return `${city}: ${mean}, at most ${most}`;
}, { name: "report" });
const schema = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value: unknown) =>
      typeof value === "object" && value !== null && "city" in value && typeof value.city === "string"
        ? { value: { city: value.city } }
        : { issues: [{ message: "a city is missing" }] },
  },
} as const;
const weather = defineWorkflow("weather", { version: "1", input: schema }, (input) => {
  const data = load(input.city).setName("load");
  const average = mean(data.item("degrees")).setName("mean");
  return report(input.city, average, most(data.item("degrees")).setName("most")).setName("report");
});

function begin(...fails: string[]): void {
  log.length = 0;
  failing.clear();
  for (const name of fails) failing.add(name);
}

async function eventsOf(run: { events(): AsyncIterable<RunEvent> }): Promise<string[]> {
  const events: string[] = [];
  for await (const each of run.events()) events.push(`${each.event}${"step" in each ? ` ${each.step}` : ""}`);
  return events;
}

function serve(process: TestProcess): Serving {
  return new Serving(process, [weather]);
}

onEachStorage(
  "A fork keeps all results above the named step, runs what is below, and says where it came from",
  async (world) => {
    begin();
    await using process = await world.process();
    const { runtime } = process;
    await runtime.run(weather, { city: "Oslo" }, { id: "first", tags: ["t"], priority: 3 });
    const before = await runtime.get("first").status();
    expect(log.splice(0).sort()).toEqual(["load", "mean", "most", "report"]);

    const fork = await runtime.fork(runtime.get("first"), { from: "mean", id: "second" });
    expect(fork.id).toBe("second");
    expect(log).toEqual([]);
    await using _serving = serve(process);
    expect(await fork.result()).toBe("Oslo: 4, at most 5");
    expect(log.splice(0)).toEqual(["mean", "report"]);
    const status = await fork.status();
    expect(status.forkedFrom).toEqual({ run: "first", from: ["mean"] });
    expect(status.steps.map(({ status }) => status)).toEqual(new Array(4).fill("SUCCEEDED"));
    expect(await eventsOf(fork)).toEqual([
      "workflow_started",
      ...["step_enqueued mean", "step_started mean", "step_finished mean"],
      ...["step_enqueued report", "step_started report", "step_finished report"],
      "workflow_finished",
    ]);
    const listed = (await runtime.list()).runs.map((
      { id, forkedFrom, tags, priority },
    ) => [id, forkedFrom?.run, tags, priority]);
    expect(listed).toEqual([["second", "first", ["t"], 3], ["first", undefined, ["t"], 3]]);
    // The run that was forked is as it was.
    expect(await runtime.get("first").status()).toEqual(before);

    // A fork of the fork.
    const third = await runtime.fork("second", { from: "report" });
    expect(await third.result()).toBe("Oslo: 4, at most 5");
    expect(log).toEqual(["report"]);
    expect((await third.status()).forkedFrom).toEqual({ run: "second", from: ["report"] });
  },
);

onEachStorage("A fork of a failed run with an override comes to its end", async (world) => {
  begin("mean");
  await using process = await world.process();
  const { runtime } = process;
  await expect(runtime.run(weather, { city: "Oslo" }, { id: "failed" })).rejects.toThrow("mean fails");
  log.length = 0;
  const fork = await runtime.fork("failed", { from: [], override: { mean: 10 } });
  await using _serving = serve(process);
  expect(await fork.result()).toBe("Oslo: 10, at most 5");
  expect(log).toEqual(["report"]);
  expect((await fork.status()).forkedFrom).toEqual({ run: "failed", from: [], overridden: ["mean"] });
  // What failed elsewhere is tried again.
  const again = await runtime.fork("failed", { from: "report" });
  await expect(again.result()).rejects.toThrow("mean fails");
  await again.retry();
  failing.clear();
  await until(async () => (await again.status()).status === "SUCCEEDED");
  expect(await again.result()).toBe("Oslo: 4, at most 5");
});

onEachStorage("A fork with an input runs with it from the named step on, and keeps what is above", async (world) => {
  begin();
  await using process = await world.process();
  const { runtime } = process;
  await runtime.run(weather, { city: "Oslo" }, { id: "first" });
  await expect(runtime.fork("first", { from: "report", input: { town: "Bergen" } })).rejects.toThrow(
    "a city is missing",
  );
  await using _serving = serve(process);
  const fork = await runtime.fork("first", { from: "report", input: { city: "Bergen", more: 1 } });
  expect(await fork.result()).toBe("Bergen: 4, at most 5");
  // What the schema made of the input is the input, and a fork of the fork has it.
  const next = await runtime.fork(fork, { from: "load" });
  expect(await next.result()).toBe("Bergen: 4, at most 5");
});

onEachStorage("A fork that can not be made says why, and leaves nothing", async (world) => {
  begin();
  await using process = await world.process();
  const { runtime } = process;
  await runtime.run(weather, { city: "Oslo" }, { id: "first" });
  const refused: [fork: () => Promise<unknown>, error: typeof NotFoundError | typeof ConfigError, message: string][] = [
    [() => runtime.fork("none", { from: "load" }), NotFoundError, 'There is no run "none"'],
    [() => runtime.fork("first", { from: "laod" }), NotFoundError, 'has no step "laod"; did you mean "load"?'],
    [() => runtime.fork("first", { from: "load", override: { moost: 1 } }), NotFoundError, 'did you mean "most"?'],
    [() => runtime.fork("first", { from: "load", id: "a\n" }), ConfigError, "Option `id`"],
    [() => runtime.fork("first", { from: "load", priority: NaN }), ConfigError, "Option `priority`"],
  ];
  for (const [fork, Class, message] of refused) {
    const error = await fork().then(() => undefined, (error) => error);
    expect(error).toBeInstanceOf(Class);
    expect(error.message).toContain(message);
  }
  await expect(runtime.fork("first", { from: "most", id: "x", override: { mean: () => 1 } })).rejects.toThrow("mean");
  expect((await runtime.list()).runs.map(({ id }) => id)).toEqual(["first"]);
  expect(await runtime.gc({ olderThan: -1e6 })).toBe(1);
});

onEachStorage("A fork with an id or idempotency key that is taken gives the run that has it", async (world) => {
  begin();
  await using process = await world.process();
  const { runtime } = process;
  await runtime.run(weather, { city: "Oslo" }, { id: "first" });
  const fork = await runtime.fork("first", { from: "mean", idempotencyKey: "once" });
  expect((await runtime.fork("first", { from: "load", idempotencyKey: "once" })).id).toBe(fork.id);
  expect((await runtime.fork("first", { from: "load", id: fork.id })).id).toBe(fork.id);
  expect((await runtime.list()).runs.length).toBe(2);
  await using _serving = serve(process);
  await fork.result();
  expect(log.filter((name) => name === "load").length).toBe(1);
});

onEachStorage("A fork by a process that does not know the definition is run by one that does", async (world) => {
  begin();
  const knowing = await world.process();
  await knowing.runtime.run(weather, { city: "Oslo" }, { id: "first" });
  await using other = await world.process();
  const fork = await other.runtime.fork("first", { from: "report", input: { city: "Bergen" }, override: { mean: 1 } });
  await using _serving = serve(knowing);
  expect(await fork.result()).toBe("Bergen: 1, at most 5");
});

onEachStorage(
  "A fork of a run that is at work takes what is committed, and neither disturbs the other",
  async (world) => {
    begin();
    const hold = Promise.withResolvers<void>();
    const slow = task(async (n: number) => {
      called(`slow ${n}`);
      if (log.filter((each) => each === `slow ${n}`).length === 1) await hold.promise;
      return n + 1;
    }, { name: "slow" });
    const quick = task((n: number) => (called(`quick ${n}`), n * 10), { name: "quick" });
    const chain = defineWorkflow("chain", { version: "1" }, () => {
      const first = quick(1).setName("first");
      return quick(slow(first).setName("slow")).setName("last");
    });
    await using process = await world.process();
    await using _serving = new Serving(process, [chain]);
    const run = await process.runtime.start(chain, undefined, { id: "run" });
    await until(() => log.includes("slow 10"));
    const fork = await process.runtime.fork(run, { from: [] });
    expect(await fork.result()).toBe(110);
    expect((await run.status()).status).toBe("RUNNING");
    hold.resolve();
    expect(await run.result()).toBe(110);
    expect(log).toEqual(["quick 1", "slow 10", "slow 10", "quick 11", "quick 11"]);
  },
);

class Tally {
  #sum: number;
  constructor(start: number) {
    called(`new ${start}`);
    this.#sum = start;
  }
  add(n: number): number {
    called(`add ${n}`);
    return this.#sum += n;
  }
}
const makeTally = task(Tally, { name: "Tally" });
const tallied = defineWorkflow("tallied", { version: "1" }, (input: Input<{ start: number }>) => {
  const tally = makeTally(input.start);
  return [tally.add(1), tally.add(2), tally.add(3)];
});

onEachStorage("A fork makes a live object again by the calls that it keeps, and goes on with it", async (world) => {
  begin();
  await using process = await world.process();
  const { runtime } = process;
  expect(await runtime.run(tallied, { start: 10 }, { id: "first" })).toEqual([11, 13, 16]);
  log.length = 0;
  await using _serving = new Serving(process, [tallied]);
  const fork = await runtime.fork("first", { from: "Tally.add_0002" });
  expect(await fork.result()).toEqual([11, 13, 16]);
  expect(log).toEqual(["new 10", "add 1", "add 2", "add 3"]);
  const wrong = () => runtime.fork("first", { from: [], override: { "Tally.add_0000": 5 } });
  await expect(wrong()).rejects.toThrow("makes or uses a live object");
  await using other = await world.process();
  await expect(other.runtime.fork("first", { from: [], override: { Tally_0000: 5 } })).rejects.toThrow("live object");
});

onEachStorage("A fork keeps a handled failure, and what was not needed gets another chance", async (world) => {
  begin("a");
  const step = (name: string) => task(() => (called(name), name), { name });
  const take = task((text: string | undefined) => (called("take"), `took ${text}`), { name: "take" });
  const choices = defineWorkflow("choices", { version: "1" }, () => {
    const a = step("a")().setName("a");
    const b = step("b")().setName("b").after(optional(a).setName("tried"));
    const c = step("c")().setName("c").after(b);
    return take(anyOf(a, b, c).setName("any")).setName("take");
  });
  await using process = await world.process();
  const { runtime } = process;
  expect(await runtime.run(choices, undefined, { id: "first" })).toBe("took b");
  const statuses = async (id: string) =>
    Object.fromEntries((await runtime.get(id).status()).steps.map(({ name, status }) => [name, status]));
  expect(await statuses("first")).toMatchObject({ a: "FAILED", b: "SUCCEEDED", c: "CANCELLED" });
  await using _serving = new Serving(process, [choices]);
  log.length = 0;
  const low = await runtime.fork("first", { from: "take" });
  expect(await low.result()).toBe("took b");
  expect(log.splice(0)).toEqual(["take"]);
  expect(await statuses(low.id)).toMatchObject({ a: "FAILED", c: "CANCELLED" });
  failing.add("b");
  const high = await runtime.fork("first", { from: "b", override: {} });
  await expect(high.result()).rejects.toThrow();
  expect(log.splice(0).sort()).toEqual(["a", "b"]);
  failing.delete("b");
  failing.delete("a");
  const whole = await runtime.fork("first", { from: "any" });
  expect(["took a", "took b"]).toContain(await whole.result());
});

onEachStorage(
  "A fork has its own copy of results in the object store, which the end of the first run leaves alone",
  async (world) => {
    begin();
    const storage = new MemoryObjectStore();
    const big = task((n: number) => (called("big"), new Uint8Array(n).fill(7)), { name: "big" });
    const size = task((bytes: Uint8Array) => (called("size"), bytes.reduce((sum, byte) => sum + byte, 0)), {
      name: "size",
    });
    const large = defineWorkflow("large", { version: "1" }, (input: Input<{ n: number; text: string }>) => {
      return size(big(input.n).setName("big")).setName("size");
    });
    await using process = await world.process({ storage });
    const { runtime } = process;
    const input = { n: 10_000, text: "x".repeat(5_000) };
    expect(await runtime.run(large, input, { id: "first" })).toBe(70_000);
    const keys = async () => (await Array.fromAsync(storage.list())).map(({ key }) => key);
    expect((await keys()).length).toBe(2);
    const fork = await runtime.fork("first", { from: "size", id: "second" });
    expect((await keys()).length).toBe(4);
    await runtime.gc({ olderThan: -1e6 });
    expect((await keys()).length).toBe(2);
    log.length = 0;
    await using _serving = new Serving(process, [large]);
    expect(await fork.result()).toBe(70_000);
    expect(log).toEqual(["size"]);
    const taken = await runtime.fork("second", { from: "big" });
    expect(await taken.result()).toBe(70_000);
  },
  { largeValueBytes: 1_000 },
);

onEachStorage("A fork of a run of 3,000 steps runs only what is asked for", async (world) => {
  begin();
  const one = task((n: number) => (called("one"), n + 1), { name: "one", pure: true });
  const sum = task((all: readonly number[]) => (called("sum"), all.reduce((a, b) => a + b, 0)), { name: "sum" });
  const wide = defineWorkflow("wide", { version: "1" }, () => {
    return sum(Array.from({ length: 3_000 }, (_, i) => one(i))).setName("sum");
  });
  await using process = await world.process();
  const expected = await process.runtime.run(wide, undefined, { id: "first" });
  log.length = 0;
  await using _serving = new Serving(process, [wide]);
  const fork = await process.runtime.fork("first", { from: "one_1500" });
  expect(await fork.result()).toBe(expected);
  expect(log.sort()).toEqual(["one", "sum"]);
  const other = await process.runtime.fork("first", { from: [], override: { one_0000: 101 } });
  expect(await other.result()).toBe(expected + 100);
  expect(log.length).toBe(3);
}, { kinds: ["memory", "KV on a file"] });

onEachStorage("A fork whose process is killed at any call is made whole or not at all", async (world) => {
  begin();
  await using process = await world.process();
  await process.runtime.run(weather, { city: "Oslo" }, { id: "first" });
  log.length = 0;
  await using _serving = serve(process);
  for (let at = 1;; at++) {
    const dying = await world.process();
    let calls = 0;
    dying.watch.before = () => {
      if (++calls === at) dying.kill();
    };
    let made = false;
    void dying.runtime.fork("first", { from: "report", id: `fork-${at}` }).then(() => made = true);
    await until(() => made || calls >= at);
    if (made) break;
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 1));
    let again: DurableRun<unknown> | undefined;
    const forking = process.runtime.fork("first", { from: "report", id: `fork-${at}` }).then((run) => again = run);
    // Another process waits until it is sure that the first one is dead.
    for (; again === undefined; await new Promise((resolve) => setTimeout(resolve, 1))) world.jump(100);
    await forking;
    expect(await again.result()).toBe("Oslo: 4, at most 5");
  }
  expect(new Set(log)).toEqual(new Set(["report"]));
}, { kinds: ["memory", "KV on a file"] });

onEachStorage("The events of a fork tell of a kept step only if it is run again after all", async (world) => {
  begin("a", "b");
  const step = (name: string) => task(() => (called(name), name), { name });
  const given = task((text: string | undefined) => (called("given"), text ?? "nothing"), { name: "given" });
  const both = defineWorkflow("both", { version: "1" }, () => {
    return given(anyOf(step("a")().setName("a"), step("b")().setName("b")).setName("any")).setName("given");
  });
  await using process = await world.process();
  const { runtime } = process;
  failing.delete("b");
  expect(await runtime.run(both, undefined, { id: "first" })).toBe("b");
  failing.add("given");
  await using _serving = new Serving(process, [both]);
  const fork = await runtime.fork("first", { from: "given" });
  await expect(fork.result()).rejects.toThrow("given fails");
  const steps = async () => (await eventsOf(fork)).filter((event) => event.startsWith("step_finished"));
  expect(await steps()).toEqual(["step_finished given"]);
  failing.clear();
  await fork.retry();
  await until(async () => (await fork.status()).status === "SUCCEEDED");
  expect(await steps()).toEqual(["step_finished given"]);
});

onEachStorage("A fork of a plain graph is what the program goes on with", async (world) => {
  begin("mean");
  await using process = await world.process();
  const { runtime } = process;
  const data = load("Oslo").setName("load");
  const nodes = report("Oslo", mean(data.item("degrees")).setName("mean"), most(data.item("degrees")).setName("most"));
  const workflow = new KvWorkflow(nodes, { workflowName: "plain", runtime });
  const run = await workflow.start();
  await expect(run.result()).rejects.toThrow("mean fails");
  log.length = 0;
  const fork = await runtime.fork(run, { from: [], override: { mean: 7 } });
  await expect(runtime.fork(run, { from: "load" })).rejects.toThrow(`before run ${JSON.stringify(fork.id)} has ended`);
  expect(await workflow.run()).toBe("Oslo: 7, at most 5");
  expect(log).toEqual(["report"]);
  expect((await fork.status()).status).toBe("SUCCEEDED");
});

onEachStorage(
  "What a fork had copied to the object store when its process died goes with the next gc()",
  async (world) => {
    begin();
    const storage = new MemoryObjectStore();
    const big = task((n: number) => new Uint8Array(10_000).fill(n), { name: "big" });
    const size = task((all: readonly Uint8Array[]) => all.length, { name: "size" });
    const large = defineWorkflow("large", { version: "1" }, () => size([1, 2, 3].map((n) => big(n))).setName("size"));
    await using process = await world.process({ storage });
    await process.runtime.run(large, undefined, { id: "first" });
    const keys = async () => (await Array.fromAsync(storage.list())).length;
    expect(await keys()).toBe(3);
    let copies = 0;
    const dies = new Proxy(storage, {
      get(target, name) {
        if (name === "copy") {
          return (from: string, to: string) => ++copies > 2 ? new Promise(() => {}) : target.copy(from, to);
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const dying = await world.process({ storage: dies });
    void dying.runtime.fork("first", { from: "size", id: "second" }).catch(() => {});
    await until(() => copies === 3);
    dying.kill();
    await until(async () => await keys() === 5);
    expect((await process.runtime.list()).runs.map(({ id }) => id)).toEqual(["first"]);
    // The first run, and what is left of the fork.
    expect(await process.runtime.gc({ olderThan: -1e6 })).toBe(2);
    expect(await keys()).toBe(0);
  },
  { largeValueBytes: 1_000, kinds: ["KV in memory", "KV on a file"] },
);
