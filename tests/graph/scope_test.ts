import { expect } from "@std/expect";
import { ConfigError, LocalWorkflow, namingScope, task } from "@fusewire/fusewire";

/** Tasks that write down which of them ran. */
function recorder() {
  const ran: string[] = [];
  const step = task((name: string, ..._of: unknown[]) => {
    ran.push(name);
    return name;
  }, { name: "step" });
  return { ran, step: (name: string, ...of: unknown[]) => step(name, ...of).setName(name) };
}

Deno.test("The scope ancestors runs what the target needs and no more", async () => {
  const { ran, step } = recorder();
  const a = step("a");
  const b = step("b", a);
  step("c", b);
  step("d", a);
  expect(await new LocalWorkflow(b, { workflowName: "scope" }).run()).toBe("b");
  expect(ran).toEqual(["a", "b"]);
});

Deno.test("The scope descendants runs everything below the roots of the target", async () => {
  const { ran, step } = recorder();
  const a = step("a");
  const b = step("b", a);
  step("c", b);
  step("d", { deep: [a] });
  step("e").after(b);
  step("f").when(a);
  step("g", a.item(0));
  step("unrelated");
  const workflow = new LocalWorkflow(b, { workflowName: "scope", scope: "descendants" });
  expect(workflow.graph.nodes()).toEqual(["a", "b", "c", "d", "e", "f", "g"]);
  expect(await workflow.run()).toBe("b");
  expect(ran).toEqual(["a", "b", "c", "d", "e", "f", "g"]);
});

Deno.test("What is below the roots brings along what it needs from elsewhere", async () => {
  const { ran, step } = recorder();
  const data = step("data");
  const elsewhere = step("elsewhere");
  step("joins", data, elsewhere);
  expect(await new LocalWorkflow(data, { workflowName: "scope", scope: "descendants" }).run()).toBe("data");
  expect(ran).toContain("joins");
  expect(ran).toContain("elsewhere");
});

Deno.test("Several targets and their several roots are one graph", () => {
  const { step } = recorder();
  const [one, two] = [step("one"), step("two")];
  const below = [step("below one", one), step("below two", two)];
  const workflow = new LocalWorkflow([below[0]!, two], { workflowName: "scope", scope: "descendants" });
  expect(workflow.graph.nodes()).toEqual(["one", "two", "below one", "below two"]);
});

Deno.test("Calls on an instance are below it", async () => {
  class Log {
    readonly lines: string[] = [];
    write(line: string): number {
      return this.lines.push(line);
    }
  }
  const log = task(Log)();
  log.write("a");
  log.write("b");
  const value = await new LocalWorkflow(log, { workflowName: "scope", scope: "descendants" }).run();
  expect(value.lines).toEqual(["a", "b"]);
});

Deno.test("What is below is found where graphs grew together, and nothing beside it", () => {
  const { step } = recorder();
  const [left, right, lone] = [step("left"), step("right"), step("lone")];
  const [l, r] = [step("l", left), step("r", right)];
  step("both", l, r);
  step("beside", right, lone);
  step("self").after(step("other"));
  const below = (node: typeof left) =>
    new LocalWorkflow(node, { workflowName: "scope", scope: "descendants" }).graph.nodes();
  expect(below(l)).toEqual(["left", "right", "l", "r", "both"]);
  expect(below(lone)).toEqual(["right", "lone", "beside"]);
});

Deno.test("A cycle elsewhere among what hangs together does not matter", () => {
  const { step } = recorder();
  const root = step("root");
  const child = step("child", root);
  const [a, b] = [step("a"), step("b")];
  a.after(b);
  b.after(a);
  a.after(a);
  step("joins", root).setName("joins");
  const workflow = new LocalWorkflow(child, { workflowName: "scope", scope: "descendants" });
  expect(workflow.graph.nodes()).toEqual(["root", "child", "joins"]);
});

Deno.test("Nodes made after the workflow are not in it", () => {
  const { step } = recorder();
  const a = step("a");
  const workflow = new LocalWorkflow(a, { workflowName: "scope", scope: "descendants" });
  step("late", a);
  expect(workflow.graph.nodes()).toEqual(["a"]);
  expect(new LocalWorkflow(a, { workflowName: "scope", scope: "descendants" }).graph.nodes()).toEqual(["a", "late"]);
});

Deno.test("A node of another naming scope is not below: a long-lived root does not gather every graph", () => {
  const { step } = recorder();
  const root = step("root");
  namingScope(() => step("in another scope", root));
  expect(new LocalWorkflow(root, { workflowName: "scope", scope: "descendants" }).graph.nodes()).toEqual(["root"]);
});

Deno.test("A scope that is none is refused", () => {
  expect(() => new LocalWorkflow([], { workflowName: "scope", scope: "everything" as never })).toThrow(ConfigError);
});

Deno.test("Graphs of other naming scopes are collected although a node that lives on is in them", async () => {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--v8-flags=--expose-gc", import.meta.resolve("./dropped_fixture.ts")],
  }).output();
  expect(`${new TextDecoder().decode(stdout).trim()}${new TextDecoder().decode(stderr)}`).toBe("[100,2]");
});
