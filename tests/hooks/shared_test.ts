import { expect } from "@std/expect";
import { CancelledError, context, LocalWorkflow, type RunShared, task } from "@fusewire/fusewire";

const options = { workflowName: "shared" };

/** A client that notes what becomes of it. */
class Client implements AsyncDisposable {
  readonly #calls: string[];
  constructor(readonly name: string, calls: string[]) {
    this.#calls = calls;
    calls.push(`${name} made`);
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
    this.#calls.push(`${this.name} disposed`);
  }
}

Deno.test("Steps of a run share what the first of them makes, and it is disposed at the end of the run, the latest first", async () => {
  const calls: string[] = [];
  const use = task(async (name: string, _after?: unknown): Promise<string> => {
    const client = await context().shared.getOrCreate(name, () => new Client(name, calls));
    calls.push(`${client.name} used`);
    return client.name;
  }, { name: "use" });
  const workflow = new LocalWorkflow(use("b", use("a", use("a"))), options);
  await workflow.run();
  const run = ["a made", "a used", "a used", "b made", "b used", "b disposed", "a disposed"];
  expect(calls.splice(0)).toEqual(run);
  // Another run shares nothing with it.
  await workflow.run();
  expect(calls).toEqual(run);
});

Deno.test("It is made once, also if many steps ask at the same time", async () => {
  let made = 0;
  const use = task(async (_: number): Promise<number> => {
    return await context().shared.getOrCreate("slow", async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return ++made;
    });
  }, { name: "use" });
  const nodes = Array.from({ length: 20 }, (_, n) => use(n));
  expect(await new LocalWorkflow(nodes, options).run()).toEqual(nodes.map(() => 1));
});

Deno.test("What could not be made is made anew for the next that asks", async () => {
  let tries = 0;
  const use = task(async (): Promise<number> => {
    return await context().shared.getOrCreate("shy", () => {
      if (++tries < 3) throw new Error("not yet");
      return tries;
    });
  }, { name: "use", retry: { maxAttempts: 3, initialDelay: 0 } });
  expect(await new LocalWorkflow(use(), options).run()).toBe(3);
});

Deno.test("It is released by what was given for it, by Symbol.dispose, or not at all", async () => {
  const calls: string[] = [];
  const use = task(async () => {
    const { shared } = context();
    await shared.getOrCreate("own", () => ({ close: () => calls.push("closed") }), ({ close }) => void close());
    await shared.getOrCreate("sync", () => ({ [Symbol.dispose]: () => void calls.push("disposed") }));
    await shared.getOrCreate("number", () => 1);
    await shared.getOrCreate("nothing", () => undefined);
  }, { name: "use" });
  await new LocalWorkflow(use(), options).run();
  expect(calls).toEqual(["disposed", "closed"]);
});

Deno.test("It is disposed also if the run fails or is cancelled", async () => {
  const calls: string[] = [];
  const begun = Promise.withResolvers<void>();
  const use = task(async (how: "throw" | "stay"): Promise<void> => {
    await context().shared.getOrCreate("client", () => new Client(how, calls));
    if (how === "throw") throw new Error("lost");
    begun.resolve();
    await new Promise(() => {});
  }, { name: "use" });
  await expect(new LocalWorkflow(use("throw"), options).run()).rejects.toThrow("lost");
  const run = await new LocalWorkflow(use("stay"), options).start();
  await begun.promise;
  await run.cancel();
  expect(calls).toEqual(["throw made", "throw disposed", "stay made", "stay disposed"]);
});

Deno.test("What can not be released is a warning of the run, whose result stands", async () => {
  const use = task(async () => {
    await context().shared.getOrCreate("odd", () => 1, () => Promise.reject(new Error("stuck")));
    return "done";
  }, { name: "use" });
  const run = await new LocalWorkflow(use(), options).start();
  expect(await run.result()).toBe("done");
  const warnings = (await Array.fromAsync(run.events())).flatMap((event) =>
    event.event === "warning" ? [event.message] : []
  );
  expect(warnings).toEqual([`What steps of run ${run.id} shared could not be released: Error: stuck`]);
});

Deno.test("After the run nothing is made any more, and what was still being made is released when it is there", async () => {
  const gate = Promise.withResolvers<string>();
  const released = Promise.withResolvers<string>();
  let kept: RunShared | undefined;
  const use = task(async () => {
    kept = context().shared;
    await kept.getOrCreate("slow", () => gate.promise, released.resolve);
  }, { name: "use", timeout: 10 });
  await expect(new LocalWorkflow(use(), options).run()).rejects.toThrow("took longer");
  gate.resolve("late");
  expect(await released.promise).toBe("late");
  await expect(kept?.getOrCreate("slow", () => 1)).rejects.toThrow(CancelledError);
  await expect(kept?.getOrCreate("other", () => 1)).rejects.toThrow("is not at work here any more");
});

Deno.test("Plain functions on the fast path share it too, and a run that shared nothing is sealed as well", async () => {
  let kept: RunShared | undefined;
  const look = task(() => void (kept = context().shared), { name: "look" });
  await new LocalWorkflow(look(), options).run();
  await expect(kept?.getOrCreate("late", () => 1)).rejects.toThrow(CancelledError);
});
