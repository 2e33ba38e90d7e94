import { expect } from "@std/expect";
import { configure, reset } from "@logtape/logtape";
import {
  context,
  defineHooks,
  defineWorkflow,
  KvWorkflow,
  type Node,
  StepFailedError,
  task,
  type TaskHooks,
} from "@fusewire/fusewire";
import { onEachStorage, Serving, until } from "../engine/storages.ts";

/** Hooks that note their calls. */
function noted(calls: string[], name = "") {
  return defineHooks<number>({
    beforeAll: ({ workflowName }) => void calls.push(`beforeAll ${workflowName}${name}`),
    setup: ({ attempt }) => {
      calls.push(`setup ${attempt}${name}`);
      return attempt;
    },
    teardown: (resource, { status }) => void calls.push(`teardown ${resource} ${status}${name}`),
    afterAll: () => void calls.push(`afterAll${name}`),
  });
}

onEachStorage("Hooks of a durable run are called as in process, afterAll before the run has ended", async (world) => {
  await using process = await world.process();
  const calls: string[] = [];
  const statuses: string[] = [];
  const own = noted(calls);
  const hooks: TaskHooks = {
    ...own,
    setup: (context) => own.setup?.(context),
    async afterAll({ runId }) {
      calls.push("afterAll");
      statuses.push((await process.runtime.get(runId).status()).status);
    },
  };
  const work = task((n: number) => n + 1, { name: "work", hooks });
  const definition = defineWorkflow("hooked", { version: "1" }, () => work(work(1)));
  expect(await process.runtime.run(definition)).toBe(3);
  expect(calls).toEqual([
    "beforeAll hooked",
    "setup 1",
    "teardown 1 SUCCEEDED",
    "setup 1",
    "teardown 1 SUCCEEDED",
    "afterAll",
  ]);
  expect(statuses).toEqual(["RUNNING"]);
});

onEachStorage(
  "Hooks are repeated with each attempt of a durable step, and a run that fails ends with afterAll",
  async (world) => {
    await using process = await world.process();
    const calls: string[] = [];
    const hooks = noted(calls);
    const fails = task((): number => {
      throw new RangeError(`no ${hooks.resource()}`);
    }, { name: "fails", hooks, retry: { maxAttempts: 2, initialDelay: 10 } });
    const error = await new KvWorkflow(fails(), { workflowName: "failing", runtime: process.runtime }).run()
      .catch((error: unknown) => error);
    expect(error).toBeInstanceOf(StepFailedError);
    expect(error).toMatchObject({ cause: { message: "no 2" } });
    expect(calls).toEqual([
      "beforeAll failing",
      "setup 1",
      "teardown 1 FAILED",
      "setup 2",
      "teardown 2 FAILED",
      "afterAll",
    ]);
  },
);

onEachStorage(
  "A durable run that is cancelled has ended when its setup is torn down and afterAll called",
  async (world) => {
    await using process = await world.process();
    await using other = await world.process();
    const calls: string[] = [];
    const begun = Promise.withResolvers<void>();
    const forever = task(async (): Promise<void> => {
      begun.resolve();
      await new Promise(() => {});
    }, { name: "forever", hooks: noted(calls) });
    const definition = defineWorkflow("cancelled", { version: "1" }, () => forever());
    await using _serving = new Serving(process, [definition]);
    const run = await other.runtime.start(definition);
    await begun.promise;
    await run.cancel();
    expect((await run.status()).status).toBe("CANCELLED");
    expect(calls.slice(2)).toEqual(["teardown 1 CANCELLED", "afterAll"]);
  },
);

onEachStorage("An afterAll that fails is a warning of a durable run, whose result stands", async (world) => {
  await using process = await world.process();
  const warnings: unknown[] = [];
  await configure({
    sinks: { kept: ({ rawMessage }) => void warnings.push(rawMessage) },
    loggers: [
      { category: ["fusewire"], sinks: ["kept"], lowestLevel: "warning" },
      { category: ["logtape", "meta"], lowestLevel: "error" },
    ],
  });
  try {
    const work = task(() => 1, { name: "work", hooks: { afterAll: () => Promise.reject(new Error("too late")) } });
    const definition = defineWorkflow("warned", { version: "1" }, () => work());
    expect(await process.runtime.run(definition, undefined, { id: "one" })).toBe(1);
    await until(() => warnings.length > 0);
    expect(warnings).toEqual(["Hook afterAll() of run one of workflow `warned` failed: too late"]);
  } finally {
    await reset();
  }
});

onEachStorage("A beforeAll of a definition that fails, fails the durable run", async (world) => {
  await using process = await world.process();
  let ran = false;
  const work = task(() => void (ran = true), { name: "work" });
  const hooks = { beforeAll: () => Promise.reject(new Error("no database")) };
  const definition = defineWorkflow("refused", { version: "1", hooks }, () => work());
  await expect(process.runtime.run(definition)).rejects.toThrow(/Hook beforeAll\(\) of run .* failed: no database/);
  expect(ran).toBe(false);
});

onEachStorage(
  "After a crash the next holder calls beforeAll again, and afterAll also for what ran before the crash",
  async (world) => {
    const process = await world.process();
    const calls: string[] = [];
    let crash = true;
    const first = task(() => 1, { name: "first", hooks: noted(calls, " of first") });
    const second = task(async (n: number): Promise<number> => {
      if (crash) await new Promise(() => {});
      return n + 1;
    }, { name: "second", hooks: noted(calls, " of second") });
    const definition = defineWorkflow("crashed", { version: "1" }, () => second(first()));
    {
      const serving = new Serving(process, [definition]);
      serving.done.catch(() => {});
      const run = await process.runtime.start(definition, undefined, { id: "crashed" });
      await until(async () =>
        calls.includes("setup 1 of second") && (await run.status()).steps[1]!.status === "RUNNING"
      );
    }
    process.kill();
    calls.splice(0);
    crash = false;
    await using next = await world.process();
    await using _serving = new Serving(next, [definition]);
    const run = next.runtime.get("crashed");
    const result = run.result();
    await world.skip(30_000);
    expect(await result).toBe(2);
    expect(calls.filter((call) => !/^(setup|teardown)/.test(call))).toEqual([
      "beforeAll crashed of second",
      "afterAll of second",
      "afterAll of first",
    ]);
  },
  { kinds: ["memory", "KV on a file"] },
);

onEachStorage(
  "Steps with hooks around the run stay with its holder, and those with setup and teardown are lent",
  async (world) => {
    const calls: string[] = [];
    const settings = { concurrency: 2 };
    const made = (name: string, hooks: TaskHooks, begins: () => Promise<void>) => {
      const work = task(async (n: number): Promise<number> => {
        await begins();
        return n;
      }, { name, hooks });
      const gather = task((...of: number[]) => of.length, { name: "gather" });
      return defineWorkflow(name, { version: "1" }, () => {
        const nodes: Node<number>[] = Array.from({ length: 100 }, (_, n) => work(n));
        return gather(...nodes);
      });
    };
    const around = made("around", noted(calls), () => new Promise((resolve) => setTimeout(resolve, 2)));
    let [up, down] = [0, 0];
    // Those for which the holder has room wait until somebody else has begun with one.
    const othersToo = async (): Promise<void> => {
      while (up <= settings.concurrency) await new Promise((resolve) => setTimeout(resolve, 1));
    };
    const within = made("within", { setup: () => void up++, teardown: () => void down++ }, othersToo);
    await using helper = await world.process();
    await using _helping = new Serving(helper, [around, within], settings);
    await until(() => world.storage.hasIdleWorkers("default", "nobody", Date.now()), "an idle worker");
    await using holder = await world.process();
    await using _own = new Serving(holder, [around, within], settings);
    for (const [definition, lends] of [[around, false], [within, true]] as const) {
      const before = holder.watch.count("report") + helper.watch.count("report");
      const run = await holder.runtime.start(definition);
      expect(await run.result()).toBe(100);
      const lent = holder.watch.count("report") + helper.watch.count("report") - before;
      expect(lent > 0).toBe(lends);
    }
    expect(calls.filter((call) => call.startsWith("beforeAll"))).toEqual(["beforeAll around"]);
    expect(calls.filter((call) => call.startsWith("afterAll"))).toEqual(["afterAll"]);
    expect([up, down]).toEqual([100, 100]);
  },
  { kinds: ["memory"] },
);

onEachStorage("What a durable run shares is made once, and disposed when the run leaves the process", async (world) => {
  await using process = await world.process();
  const calls: string[] = [];
  const use = task(async (_after?: unknown): Promise<string> => {
    const client = await context().shared.getOrCreate("client", () => {
      calls.push("made");
      return { [Symbol.asyncDispose]: () => Promise.resolve(void calls.push("disposed")) };
    });
    return typeof client;
  }, { name: "use" });
  const definition = defineWorkflow("sharing", { version: "1" }, () => use(use(use())));
  expect(await process.runtime.run(definition)).toBe("object");
  expect(calls).toEqual(["made", "disposed"]);
});

onEachStorage("What a run shares is disposed when the run is given up to wait for its next attempt", async (world) => {
  const process = await world.process();
  const calls: string[] = [];
  const use = task(async (): Promise<string> => {
    await context().shared.getOrCreate("client", () => ({
      async [Symbol.asyncDispose]() {
        await new Promise((resolve) => setTimeout(resolve, 20));
        calls.push("disposed");
      },
    }));
    return "used";
  }, { name: "use" });
  const later = task((text: string) => text, { name: "later", retry: { maxAttempts: 2 } });
  const fails = task((_: string): string => {
    if (context().attempt === 1) throw new Error("once");
    return "again";
  }, { name: "fails", retry: { maxAttempts: 2, initialDelay: 3_600_000, jitter: 0 } });
  const definition = defineWorkflow("leaving", { version: "1" }, () => later(fails(use())));
  const run = await process.runtime.start(definition);
  const serving = new Serving(process, [definition]);
  await until(async () => (await run.status()).steps[1]!.attempt === 1 && calls.length === 1);
  expect(calls).toEqual(["disposed"]);
  await serving.stop();
  await process[Symbol.asyncDispose]();
}, { kinds: ["memory"] });

onEachStorage(
  "A runtime that closes waits until what its runs share is disposed, also of those that go on elsewhere",
  async (world) => {
    const process = await world.process();
    const calls: string[] = [];
    const gate = Promise.withResolvers<void>();
    const use = task(async (): Promise<string> => {
      await context().shared.getOrCreate("client", () => ({
        async [Symbol.asyncDispose]() {
          await new Promise((resolve) => setTimeout(resolve, 30));
          calls.push("disposed");
        },
      }));
      calls.push("used");
      await gate.promise;
      return "used";
    }, { name: "use" });
    const after = task((text: string) => void calls.push(`after ${text}`), { name: "after" });
    const definition = defineWorkflow("leaving", { version: "1" }, () => after(use()));
    const run = process.runtime.run(definition, undefined, { id: "leaving" });
    run.catch(() => {});
    await until(() => calls.includes("used"));
    const closing = process[Symbol.asyncDispose]();
    gate.resolve();
    await closing;
    expect(calls).toEqual(["used", "disposed"]);
    await using next = await world.process();
    await next.runtime.run(definition, undefined, { id: "leaving" });
    expect(calls).toEqual(["used", "disposed", "after used"]);
  },
);

onEachStorage(
  "Hooks of a KvWorkflow are called around its run, those of the workflow outside of those of its tasks",
  async (world) => {
    await using process = await world.process();
    const calls: string[] = [];
    const work = task(() => 1, { name: "work", hooks: noted(calls, " of work") });
    const { beforeAll, afterAll } = noted(calls, " of workflow");
    const hooks = { ...(beforeAll && { beforeAll }), ...(afterAll && { afterAll }) };
    expect(await new KvWorkflow(work(), { workflowName: "kv", runtime: process.runtime, hooks }).run()).toBe(1);
    expect(calls.filter((call) => !/^(setup|teardown)/.test(call))).toEqual([
      "beforeAll kv of workflow",
      "beforeAll kv of work",
      "afterAll of work",
      "afterAll of workflow",
    ]);
  },
);
