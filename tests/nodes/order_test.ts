import { expect } from "@std/expect";
import { CancelledError, GraphError, LocalWorkflow, type Node, StepFailedError, task } from "@fusewire/fusewire";

const options = { workflowName: "order" };

/** Tasks that write down in which order they ran. */
function recorder(): { ran: string[]; step: (name: string, value?: unknown) => Node<unknown> } {
  const ran: string[] = [];
  const record = task((name: string, value: unknown) => {
    ran.push(name);
    return value;
  }, { name: "record" });
  return { ran, step: (name, value = true) => record(name, value).setName(name) };
}

Deno.test("after() orders nodes without taking their values", async () => {
  const { ran, step } = recorder();
  const [first, second] = [step("first"), step("second")];
  const last = step("last").after(first, second);
  expect(await new LocalWorkflow(last, options).run()).toBe(true);
  expect(ran).toEqual(["first", "second", "last"]);
  expect(last.parents.map(({ name }) => name)).toEqual(["first", "second"]);
});

Deno.test("after() may name a node that was made later", async () => {
  const { ran, step } = recorder();
  const early = step("early");
  const late = step("late");
  early.after(late);
  await new LocalWorkflow([early, late], options).run();
  expect(ran).toEqual(["late", "early"]);
});

Deno.test("after() takes items and instances, and can be called again", async () => {
  class Log {
    readonly lines: string[] = [];
    write(line: string): number {
      return this.lines.push(line);
    }
  }
  const log = task(Log)();
  log.write("a");
  const { ran, step } = recorder();
  const pair = task((): [number, number] => [1, 2], { name: "pair" })();
  const last = step("last").after(pair.item(0)).after(log).after(step("other"));
  expect(last.parents.map(({ name }) => name)).toEqual([pair.name, "Log.write_0000", "other"]);
  await new LocalWorkflow(last, options).run();
  expect(ran).toEqual(["other", "last"]);
});

Deno.test("What after() and when() are given has to be a node", () => {
  const { step } = recorder();
  const node = step("node");
  for (const garbage of [undefined, null, 1, "first", {}, [node], () => node]) {
    expect(() => node.after(garbage as never)).toThrow(GraphError);
    expect(() => node.after(garbage as never)).toThrow(/after\(\) of node `node`/);
    expect(() => node.when(garbage as never)).toThrow(/when\(\) of node `node`/);
  }
  expect(() => node.when(node, true as never)).toThrow(/predicate/);
  expect(node.parents).toEqual([]);
});

Deno.test("A node that waits for itself, at once or through others, is refused with the names of the cycle", () => {
  const { step } = recorder();
  const own = step("own");
  expect(() => new LocalWorkflow(own.after(own), options)).toThrow(GraphError);
  const [a, b, c] = [step("a"), step("b"), step("c")];
  b.after(a);
  c.after(b);
  a.after(c);
  const outside = step("outside").after(c);
  expect(() => new LocalWorkflow(outside, options)).toThrow(
    /cycle: `a` → `b` → `c` → `a`|`b` → `c` → `a` → `b`|`c` → `a` → `b` → `c`/,
  );
  expect(() => new LocalWorkflow(outside, options)).not.toThrow(/outside/);
});

Deno.test("A cycle through when() is refused too", () => {
  const { step } = recorder();
  const a = step("a");
  const b = step("b").when(a);
  a.when(b);
  expect(() => new LocalWorkflow(a, options)).toThrow(/cycle: .*`a`.*`b`/);
});

Deno.test("A node runs only if the value that it hangs on is truthy", async () => {
  for (
    const [value, runs] of [[true, true], ["x", true], [1, true], [0, false], ["", false], [null, false], [NaN, false]]
  ) {
    const { ran, step } = recorder();
    const condition = step("condition", value);
    const node = step("node").when(condition);
    const run = await new LocalWorkflow([node], options).start();
    await run.result().catch(() => {});
    expect(ran.includes("node")).toBe(runs);
    const { steps } = await run.status();
    expect(steps.map(({ status }) => status)).toEqual(["SUCCEEDED", runs ? "SUCCEEDED" : "SKIPPED"]);
  }
});

Deno.test("A predicate decides by the value, also by that of an item", async () => {
  const { ran, step } = recorder();
  const size = step("size", 7);
  const shape = task(() => ({ kind: "round" }), { name: "shape" })();
  const nodes = [
    step("small").when(size, (value) => Number(value) < 5),
    step("large").when(size, (value) => Number(value) >= 5),
    step("round").when(shape.item("kind"), (kind) => kind === "round"),
  ];
  await new LocalWorkflow(nodes, options).run().catch(() => {});
  expect(ran.sort()).toEqual(["large", "round", "size"]);
});

Deno.test("All conditions of a node must hold", async () => {
  for (const second of [true, false]) {
    const { ran, step } = recorder();
    const node = step("node").when(step("one", true)).when(step("two", second));
    await new LocalWorkflow(node, options).run().catch(() => {});
    expect(ran.includes("node")).toBe(second);
  }
});

Deno.test("What depends on a skipped node is skipped, and a skipped target rejects the run", async () => {
  const { ran, step } = recorder();
  const skipped = step("skipped").when(step("no", false));
  const below = step("below", skipped);
  const further = step("further").after(below);
  const beside = step("beside");
  const run = await new LocalWorkflow([further, beside], options).start();
  const error: unknown = await run.result().catch((error: unknown) => error);
  expect(error).toBeInstanceOf(CancelledError);
  expect(String(error)).toMatch(/Target `further` of workflow `order` was skipped/);
  expect(ran.sort()).toEqual(["beside", "no"]);
  const { status, steps } = await run.status();
  expect(status).toBe("SKIPPED");
  expect(Object.fromEntries(steps.map(({ name, status }) => [name, status]))).toEqual({
    no: "SUCCEEDED",
    skipped: "SKIPPED",
    below: "SKIPPED",
    further: "SKIPPED",
    beside: "SUCCEEDED",
  });
});

Deno.test("A condition that throws fails its node", async () => {
  const { ran, step } = recorder();
  const node = step("node").when(step("value", 1), () => {
    throw new RangeError("no idea");
  });
  const run = await new LocalWorkflow(node, options).start();
  const error: unknown = await run.result().catch((error: unknown) => error);
  expect(error).toBeInstanceOf(StepFailedError);
  expect(String(error)).toMatch(/Node `node`.*no idea/);
  expect(ran).toEqual(["value"]);
  const events = await Array.fromAsync(run.events());
  expect(events.filter((e) => e.event === "step_finished" && e.step === "node").map((e) => "status" in e && e.status))
    .toEqual(["FAILED"]);
});

Deno.test("A condition may hang on a node that was made later", async () => {
  const { ran, step } = recorder();
  const early = step("early");
  const switchedOff = step("switch", false);
  early.when(switchedOff);
  await new LocalWorkflow(early, options).run().catch(() => {});
  expect(ran).toEqual(["switch"]);
});

Deno.test("A workflow keeps the order, names and options that its nodes had when it was made", async () => {
  const { ran, step } = recorder();
  const [first, second] = [step("first"), step("second")];
  const workflow = new LocalWorkflow([first, second], options);
  first.after(second);
  first.setName("renamed");
  first.with({ onFailure: "skip" });
  await workflow.run();
  expect(ran).toEqual(["first", "second"]);
  expect(workflow.graph.nodes()).toEqual(["first", "second"]);
});
