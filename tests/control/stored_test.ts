import { expect } from "@std/expect";
import {
  anyOf,
  branch,
  LocalWorkflow,
  MemoryStorage,
  namingScope,
  optional,
  type Ref,
  repeatUntil,
  task,
} from "@fusewire/fusewire";

interface Calls {
  readonly made: string[];
  fails: boolean;
}

/** A workflow over one storage, with its calls. */
function stored(build: (calls: ReturnType<typeof tasksOf>) => Ref<unknown>, cache: "name" | "content" = "name") {
  const calls: Calls = { made: [], fails: true };
  const storage = new MemoryStorage();
  const workflow = (): LocalWorkflow<Ref<unknown>> => {
    const made = namingScope(() => new LocalWorkflow(build(tasksOf(calls)), { workflowName: "stored", cache }));
    made.setStorage(storage);
    return made;
  };
  return { calls, storage, workflow, run: () => workflow().run(), plan: async () => await workflow().plan() };
}

function tasksOf(calls: Calls) {
  const give = task((name: string, ..._above: unknown[]) => {
    calls.made.push(name);
    return name;
  }, { name: "give" });
  const slow = task(async (name: string) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    calls.made.push(name);
    return name;
  }, { name: "slow" });
  const flaky = task((name: string): string => {
    calls.made.push(name);
    if (calls.fails) throw new Error(name);
    return name;
  }, { name: "flaky" });
  const join = task((...of: unknown[]) => of, { name: "join", cache: false });
  return { give, slow, flaky, join };
}

Deno.test("FF5 with optional: the next run tries again only what failed, and control nodes are never stored", async () => {
  const { calls, storage, run, plan } = stored(({ give, flaky, join }) => join(give("a"), optional(flaky("b"))));
  expect(await run()).toEqual(["a", undefined]);
  expect(await storage.listTasks("stored")).toEqual(["give_0000"]);
  calls.made.length = 0;
  expect((await plan()).steps.map(({ action }) => action)).toEqual(["stored", "run", "run", "run"]);
  expect(await run()).toEqual(["a", undefined]);
  calls.fails = false;
  expect(await run()).toEqual(["a", "b"]);
  expect(calls.made.splice(0)).toEqual(["b", "b"]);
  expect(await run()).toEqual(["a", "b"]);
  expect(calls.made).toEqual([]);
  expect(await storage.listTasks("stored")).toEqual(["flaky_0000", "give_0000"]);
});

Deno.test("a stored value is the first of an anyOf, and the others are not run for it", async () => {
  const { calls, run, plan } = stored(({ give, slow, join }) =>
    join(anyOf(slow("slow"), give("quick")).setName("any"))
  );
  const before = await plan();
  expect(before.steps.slice(0, 2).map(({ action, reasons }) => [action, reasons.at(-1)])).toEqual([
    ["maybe", { kind: "first-of", node: "any" }],
    ["maybe", { kind: "first-of", node: "any" }],
  ]);
  expect(before.steps[0]!.message).toBe(
    "`slow_0000` may run: nothing is stored and only `any` needs it, which takes the value that is there first.",
  );
  expect(await run()).toEqual(["quick"]);
  expect((await plan()).steps.map(({ name, action }) => [name, action])).toEqual([
    ["slow_0000", "unneeded"],
    ["give_0000", "stored"],
    ["any", "run"],
    ["join_0000", "run"],
  ]);
  expect(await run()).toEqual(["quick"]);
  expect(calls.made).toEqual(["quick"]);
});

Deno.test("what something else needs is not in doubt, nor what is above it", async () => {
  const { plan } = stored(({ give, join }) => {
    const above = give("above");
    const read = give("read", above);
    return join(anyOf(read, give("other", above)), read);
  });
  expect((await plan()).steps.map(({ action }) => action)).toEqual(["run", "run", "maybe", "run", "run"]);
});

Deno.test("a plan says of nodes in a case in which one they are, and that what follows hangs on it", async () => {
  const { run, plan } = stored(({ give, join }) => {
    const selector = give("a");
    return join(branch(selector, { a: () => give("one"), default: () => give("two") }));
  });
  const { steps } = await plan();
  expect(steps.map(({ action }) => action)).toEqual(["run", "maybe", "maybe", "maybe", "maybe"]);
  expect(steps[1]!.reasons.at(-1)).toEqual({ kind: "case", node: "give_0000", case: "a" });
  expect(steps[2]!.message).toBe(
    '`give_0002` may run: nothing is stored and it is in the case "default" of `give_0000`.',
  );
  expect(await run()).toEqual(["one"]);
  const after = await plan();
  expect(after.steps.map(({ action }) => action)).toEqual(["stored", "stored", "maybe", "maybe", "maybe"]);
});

Deno.test("optional makes certain what it takes: a plan does not doubt what is below it", async () => {
  const { plan } = stored(({ give, join }) => join(optional(give("x").when(give("no"), () => false))));
  expect((await plan()).steps.map(({ name, action }) => [name, action])).toEqual([
    ["give_0001", "run"],
    ["give_0000", "maybe"],
    ["optional_0000", "run"],
    ["join_0000", "run"],
  ]);
});

Deno.test("by content too: what a control node gives is compared like any value", async () => {
  const { calls, run } = stored(({ give, flaky }) => give("last", optional(flaky("b"))), "content");
  await run();
  await run();
  // The failed one is tried again; its `undefined` is the same as before.
  expect(calls.made).toEqual(["b", "last", "b"]);
  calls.fails = false;
  await run();
  expect(calls.made.slice(3)).toEqual(["b", "last"]);
});

Deno.test("a logged node runs, also where an anyOf does not need it", async () => {
  const { workflow, calls } = stored(({ give, slow, join }) => join(anyOf(slow("logged"), give("quick"))));
  const logging = workflow();
  logging.logNodes("slow_*");
  expect(await logging.run()).toEqual(["quick"]);
  expect(calls.made).toEqual(["quick", "logged"]);
  expect((await logging.plan()).steps[0]!.action).toBe("run");
});

Deno.test("of two stored values one is taken, nothing runs, and both count as there", async () => {
  const calls: Calls = { made: [], fails: false };
  const storage = new MemoryStorage();
  const run = async (build: (calls: ReturnType<typeof tasksOf>) => Ref<unknown>) => {
    const workflow = namingScope(() => new LocalWorkflow(build(tasksOf(calls)), { workflowName: "both" }));
    workflow.setStorage(storage);
    const run = await workflow.start();
    return { result: await run.result(), steps: (await run.status()).steps };
  };
  await run(({ give, join }) => join(give("a"), give("b")));
  const { result, steps } = await run(({ give, join }) => join(anyOf(give("a"), give("b"))));
  expect(["a", "b"]).toContain((result as unknown[])[0]);
  expect(calls.made).toEqual(["a", "b"]);
  expect(steps.map(({ status, attempt }) => [status, attempt])).toEqual([
    ["SUCCEEDED", 0],
    ["SUCCEEDED", 0],
    ["SUCCEEDED", 1],
    ["SUCCEEDED", 1],
  ]);
});

for (const cache of ["name", "content"] as const) {
  Deno.test(`a loop with a storage: a plan promises only what is certain, and its iterations are taken from there (${cache})`, async () => {
    const { calls, storage, run, plan } = stored(({ give, join }) => {
      let text = 0;
      return join(repeatUntil("", (value) => give(String(text++), value), {
        until: (value) => value === "2",
        maxIterations: 5,
      }));
    }, cache);
    const before = await plan();
    expect(before.steps.map(({ name, action }) => [name, action])).toEqual([
      ["initial_0000", "run"],
      ["give_0000", "run"],
      ["give_0001", "maybe"],
      ["give_0002", "maybe"],
      ["give_0003", "maybe"],
      ["give_0004", "maybe"],
      ["repeat_0000", "maybe"],
      ["join_0000", "maybe"],
    ]);
    expect(before.steps[2]!.reasons).toContainEqual({ kind: "loop", node: "give_0000" });
    expect(before.steps[2]!.message).toContain("it is in a loop that may end with `give_0000`");
    expect(await run()).toEqual(["2"]);
    expect(calls.made.splice(0)).toEqual(["0", "1", "2"]);
    expect(await storage.listTasks("stored")).toEqual(["give_0000", "give_0001", "give_0002"]);

    const after = (await plan()).steps.filter(({ name }) => name.startsWith("give_"));
    const isStored = cache === "name" ? "stored" : "maybe";
    expect(after.map(({ action }) => action)).toEqual([
      // By content, it reads what a node that makes no call gives in this run.
      cache === "name" ? "stored" : "maybe",
      isStored,
      isStored,
      "maybe",
      "maybe",
    ]);
    expect(await run()).toEqual(["2"]);
    expect(calls.made).toEqual([]);

    await storage.removeTask("stored", { taskName: "give_0001" });
    expect((await plan()).steps.find(({ name }) => name === "give_0001")!.action).toBe("maybe");
    expect(await run()).toEqual(["2"]);
    expect(calls.made).toEqual(["1"]);
  });
}

Deno.test("a failed iteration is tried again in the next run, and those before it are not", async () => {
  const { calls, run } = stored(({ give, flaky, join }) =>
    join(repeatUntil("", (value, i) => i === 1 ? flaky("b") : give(`a${i}`, value), {
      until: () => false,
      maxIterations: 3,
      onLimit: "last",
    }))
  );
  await expect(run()).rejects.toThrow("b");
  expect(calls.made.splice(0)).toEqual(["a0", "b"]);
  calls.fails = false;
  expect(await run()).toEqual(["a2"]);
  expect(calls.made).toEqual(["b", "a2"]);
});
