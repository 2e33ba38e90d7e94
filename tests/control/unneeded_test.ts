import { expect } from "@std/expect";
import {
  anyOf,
  CancelledError,
  context,
  defineWorkflow,
  KvWorkflow,
  LocalWorkflow,
  MemoryRuntimeStorage,
  namingScope,
  type Node,
  openRuntime,
  optional,
  type Run,
  type Targets,
  task,
} from "@fusewire/fusewire";
import { onEachStorage, Serving, until } from "../engine/storages.ts";
import { backends, outcomeOf } from "./backends.ts";
import { fails, later, list, same } from "./tasks.ts";

/** Gives its name when it is told to, and keeps why it was stopped. */
function held(name: string) {
  const gate = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<unknown>();
  const node = task(async (..._above: unknown[]) => {
    const { signal } = context();
    signal.addEventListener("abort", () => stopped.resolve(signal.reason));
    began.resolve();
    await gate.promise;
    return name;
  }, { name });
  return { node, began: began.promise, stopped: stopped.promise, open: () => gate.resolve() };
}

const starters: Readonly<Record<string, (targets: Targets) => Promise<Run<unknown>>>> = {
  local: async (targets) => await new LocalWorkflow(targets, { workflowName: "unneeded" }).start(),
  durable: async (targets) => {
    const runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage() });
    return await new KvWorkflow(targets, { workflowName: "unneeded", runtime }).start();
  },
};

for (const [name, start] of Object.entries(starters)) {
  Deno.test(`what an anyOf does not need any more is told by its signal, and what it gives later counts for nothing (${name})`, async () => {
    const [slow, above] = [held("slow"), held("above")];
    const quick = task(async () => {
      await Promise.all([slow.began, above.began]);
      return "quick";
    }, { name: "quick" });
    const run = await start(namingScope(() => {
      const waiting = list(above.node()).setName("waiting");
      return list(anyOf(slow.node(), waiting, quick()).setName("any")).setName("last");
    }));
    expect(await run.result()).toEqual(["quick"]);
    expect(await slow.stopped).toBeInstanceOf(CancelledError);
    expect(await above.stopped).toMatchObject({ message: expect.stringContaining("is not needed any more") });
    slow.open();
    const { status, steps } = await run.status();
    expect(status).toBe("SUCCEEDED");
    expect(Object.fromEntries(steps.map(({ name, status, attempt }) => [name, `${status} ${attempt}`]))).toMatchObject({
      slow_0000: "CANCELLED 1",
      above_0000: "CANCELLED 1",
      waiting: "CANCELLED 0",
      quick_0000: "SUCCEEDED 1",
      any: "SUCCEEDED 1",
      last: "SUCCEEDED 1",
    });
  });

  Deno.test(`what is a target, or something else waits for, goes on (${name})`, async () => {
    const build = (): Node<unknown>[] => {
      const target = later("target", 20).setName("target");
      const read = later("read", 20).setName("read");
      const alone = later("alone", 60_000).setName("alone");
      const any = anyOf(target, read, alone, same("first"));
      return [any, target, list(read).setName("reader")];
    };
    const { status, steps, result } = await outcomeOf(await start(build()));
    expect([status, result]).toEqual(["SUCCEEDED", ["first", "target", ["read"]]]);
    expect(steps).toMatchObject({ target: "SUCCEEDED", read: "SUCCEEDED", alone: "CANCELLED" });
  });

  Deno.test(`a step that waits for another attempt is not tried again when nothing needs it (${name})`, async () => {
    let attempts = 0;
    const flaky = task((): string => {
      attempts++;
      throw new Error("not yet");
    }, { name: "flaky", retry: { maxAttempts: 9, initialDelay: 120_000, jitter: 0 } });
    const { status, steps } = await outcomeOf(await start(anyOf(flaky().setName("flaky"), later("other", 30))));
    expect([status, steps["flaky"], attempts]).toEqual(["SUCCEEDED", "CANCELLED", 1]);
  });
}

Deno.test("an optional loser that fails late is handled, and an anyOf of anyOfs takes the first of all (sequential too)", async () => {
  for (const name of ["local", "durable", "sequential"] as const) {
    const { status, result } = await backends[name](() =>
      anyOf(anyOf(fails("a"), fails("b")), anyOf(optional(fails("c")), later("d", 5)))
    );
    expect([name, status, result]).toEqual([name, "SUCCEEDED", undefined]);
  }
});

onEachStorage(
  "a lent step that nothing needs any more is stopped where it runs, and its late report is refused",
  async (world) => {
    const stopped: unknown[] = [];
    const begun = new Set<number>();
    const slow = task(async (n: number): Promise<number> => {
      const { signal } = context();
      begun.add(n);
      signal.addEventListener("abort", () => stopped.push(signal.reason));
      while (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 5));
      return n;
    }, { name: "slow" });
    const quick = task(async (): Promise<number> => {
      // The holder has room for this one; the others are lent.
      while (begun.size < 2) await new Promise((resolve) => setTimeout(resolve, 1));
      return -1;
    }, { name: "quick" });
    const last = task((n: number) => n, { name: "last" });
    const flow = defineWorkflow("flow", { version: "1" }, () => last(anyOf(quick(), slow(1), slow(2))));
    await using helper = await world.process();
    await using _serving = new Serving(helper, [flow], { concurrency: 4 });
    await until(() => world.storage.hasIdleWorkers("default", "nobody", Date.now()), "an idle worker");
    await using holder = await world.process();
    const run = await holder.runtime.start(flow);
    await using _holding = new Serving(holder, [flow], { concurrency: 1 });
    expect(await run.result()).toBe(-1);
    const { steps } = await run.status();
    expect(steps.map(({ status }) => status).filter((status) => status === "CANCELLED").length).toBe(2);
  },
);
