import { expect } from "@std/expect";
import {
  anyOf,
  branch,
  defineWorkflow,
  GraphError,
  MemoryRuntimeStorage,
  type Node,
  openRuntime,
  optional,
  type Ref,
  repeatUntil,
  type RunCommit,
  StepFailedError,
  task,
} from "@fusewire/fusewire";
import { executableOf } from "../../src/engine/executable.ts";
import { list, same, square } from "./tasks.ts";

/** Fails as long as it is told to. */
function flaky(name: string) {
  const state = { fails: true, calls: 0 };
  const node = task((...above: unknown[]): string => {
    state.calls++;
    if (state.fails) throw new Error(`${name} fails`);
    return above.length === 0 ? name : `${name} of ${above}`;
  }, { name });
  return { state, node };
}

Deno.test("retry() makes again what failed and is needed; what others went on without stays, and what they made of it", async () => {
  const [handled, shared, last] = [flaky("handled"), flaky("shared"), flaky("last")];
  const definition = defineWorkflow("retried", { version: "1" }, () => {
    const one = optional(handled.node()).setName("one");
    const both = shared.node();
    const two = optional(both).setName("two");
    return [list(one, two).setName("gone on"), last.node(both)];
  });
  await using runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage() });
  await expect(runtime.run(definition, undefined, { id: "r" })).rejects.toThrow("shared fails");
  const run = runtime.get("r");
  const statuses = async () => Object.fromEntries((await run.status()).steps.map(({ name, status }) => [name, status]));
  expect(await statuses()).toEqual({
    handled_0000: "FAILED",
    one: "SUCCEEDED",
    shared_0000: "FAILED",
    two: "SUCCEEDED",
    "gone on": "SUCCEEDED",
    last_0000: "CANCELLED",
  });
  handled.state.fails = shared.state.fails = last.state.fails = false;
  await run.retry();
  const worker = runtime.worker([definition]);
  await worker.tick({ budgetMs: 10_000 });
  expect(await run.result()).toEqual([[undefined, undefined], "last of shared"]);
  expect(await statuses()).toMatchObject({ handled_0000: "FAILED", shared_0000: "SUCCEEDED", two: "SUCCEEDED" });
  expect([handled.state.calls, shared.state.calls]).toEqual([1, 2]);
});

Deno.test("a run whose failures were all handled has succeeded, and can not be tried again", async () => {
  const bad = flaky("bad");
  const definition = defineWorkflow("handled", { version: "1" }, () => optional(bad.node()));
  await using runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage() });
  expect(await runtime.run(definition, undefined, { id: "r" })).toBe(undefined);
  const { status, steps } = await runtime.get("r").status();
  expect([status, steps[0]!.status, steps[0]!.error?.message]).toEqual(["SUCCEEDED", "FAILED", "bad fails"]);
  await expect(runtime.get("r").retry()).rejects.toThrow(GraphError);
});

Deno.test("the error of a run is its first failure that is not handled, also for a process that only looks", async () => {
  const [handled, counts] = [flaky("handled"), flaky("counts")];
  const definition = defineWorkflow("error", { version: "1" }, () => [
    optional(handled.node()),
    counts.node(optional(same(1))),
  ]);
  const storage = new MemoryRuntimeStorage();
  await using runtime = await openRuntime({ runtimeStorage: storage });
  await runtime.run(definition, undefined, { id: "r" }).catch(() => {});
  await using other = await openRuntime({ runtimeStorage: storage });
  const error = await other.get("r").result().catch((error: unknown) => error);
  expect(error).toBeInstanceOf(StepFailedError);
  expect(error).toMatchObject({ node: "counts_0000" });
});

Deno.test("a control node takes no commit of its own: it is committed with what it follows from, and before what follows it", async () => {
  const commits: number[][] = [];
  class Watched extends MemoryRuntimeStorage {
    override async commit(commit: RunCommit): Promise<void> {
      const ended = commit.steps.flatMap(({ place, record }) => record.endedAt > 0 ? place : []);
      if (ended.length > 0) commits.push(ended);
      await super.commit(commit);
    }
  }
  const definition = defineWorkflow("commits", { version: "1" }, () => {
    const first = square(2);
    const taken = anyOf(optional(first));
    return square(branch(same<"a">("a").after(taken), { a: () => square(3) }));
  });
  await using runtime = await openRuntime({ runtimeStorage: new Watched() });
  expect(await runtime.run(definition, undefined)).toBe(81);
  // In topological order: square, optional, anyOf, same, square, branch, square.
  expect(commits).toEqual([[0, 1, 2], [3], [4, 5], [6]]);
});

Deno.test("a loop goes on where it was, also in a process that has none of its values, and a failed iteration is tried again", async () => {
  const storage = new MemoryRuntimeStorage();
  const made: string[] = [];
  let broken = true;
  const step = task((text: string): string => {
    if (broken && text === "0123") throw new Error("no further");
    made.push(text);
    return `${text}${text.length}`;
  }, { name: "step" });
  const definition = defineWorkflow(
    "resumed",
    { version: "1" },
    () => list(repeatUntil("", (text) => step(text), { until: (text) => text.length === 5, maxIterations: 8 })),
  );
  {
    await using runtime = await openRuntime({ runtimeStorage: storage });
    await expect(runtime.run(definition, undefined, { id: "r" })).rejects.toThrow("no further");
  }
  expect(made.splice(0)).toEqual(["", "0", "01", "012"]);
  broken = false;
  await using runtime = await openRuntime({ runtimeStorage: storage });
  const run = runtime.get("r");
  await run.retry();
  await runtime.worker([definition]).tick({ budgetMs: 10_000 });
  expect(await run.result()).toEqual(["01234"]);
  expect(made).toEqual(["0123"]);
  const { steps } = await run.status();
  expect(steps.map(({ status }) => status)).toEqual([
    ...Array.from({ length: 6 }, () => "SUCCEEDED"),
    ...Array.from({ length: 3 }, () => "SKIPPED"),
    "SUCCEEDED",
    "SUCCEEDED",
  ]);
});

Deno.test("graphs that differ only in joins, cases or loops have another schema", () => {
  const schemas = [
    () => list(optional(same(1)).setName("x")),
    () => list(anyOf(same(1)).setName("x")),
    () => list(branch(same<string>("a"), { a: () => square(2), b: () => square(3) }).setName("x")),
    () => list(branch(same<string>("a"), { b: () => square(2), a: () => square(3) }).setName("x")),
    () => list(branch(same<string>("a"), { a: () => square(2), c: () => square(3) }).setName("x")),
    () => {
      const [one, two] = [square(2), square(3)];
      return list(branch(same<string>("a"), { a: () => one, b: () => two }).setName("x"));
    },
    ...[
      { maxIterations: 2 },
      { maxIterations: 3 },
      { maxIterations: 2, onLimit: "last" as const },
    ].map((options) => () =>
      list(repeatUntil(same(1), (x) => square(x), { until: () => true, ...options }).setName("x"))
    ),
    () => list(repeatUntil(1, (x) => square(x), { until: () => true, maxIterations: 2 }).setName("x")),
    // The same nodes and edges, but the second square is made in one iteration or the other.
    ...[0, 1].map((inIteration) => () => {
      let between: Node<number> | undefined;
      const body = (x: Ref<number>, i: number): Node<number> => {
        if (i === 1 && inIteration === 1) between = square(x);
        const made = square(between ?? x);
        if (i === 0 && inIteration === 0) between = square(made);
        return made;
      };
      return list(repeatUntil(1, body, { until: () => true, maxIterations: 2 }).setName("x"));
    }),
    // The same as a loop, but for its condition.
    () => {
      const begin = same(1);
      const one = square(begin);
      return list(branch(same<string>("a"), { a: () => one, b: () => square(one) }).setName("x"));
    },
  ].map((build) => executableOf(defineWorkflow("schema", { version: "1" }, build)).definition.schema);
  expect(new Set(schemas).size).toBe(schemas.length);
});
