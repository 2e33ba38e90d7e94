import { expect } from "@std/expect";
import {
  anyOf,
  branch,
  ConfigError,
  defineWorkflow,
  GraphError,
  GraphWorkflow,
  type Input,
  LocalWorkflow,
  namingScope,
  optional,
  type Ref,
  task,
} from "@fusewire/fusewire";
import { backends } from "./backends.ts";
import { fails, list, same, square } from "./tasks.ts";

const options = { workflowName: "nodes" };

Deno.test("control nodes are named and counted like all nodes, and take setName() and with({ name })", () => {
  namingScope(() => {
    const a = same(1);
    expect([optional(a).name, optional(a).name, anyOf(a).name]).toEqual([
      "optional_0000",
      "optional_0001",
      "anyOf_0000",
    ]);
    expect(branch(same<"x">("x"), { x: () => a }).setName("choice").name).toBe("choice");
    expect(anyOf(a).with({ name: "first" }).name).toBe("first");
    expect(optional(a).func).toBe(optional);
    expect(optional(a).parents[0] === a).toBe(true);
  });
});

Deno.test("options that are about calls are refused on a control node, and its function can not be replaced", () => {
  const node = namingScope(() => optional(same(1)));
  expect(() => node.with({ timeout: 5 })).toThrow(ConfigError);
  expect(() => node.with({ timeout: 5 })).toThrow(/`timeout` of node `optional_0000` means nothing/);
  const workflow = new LocalWorkflow(node, options);
  expect(() => workflow.replaceFunc(node, () => 1)).toThrow(GraphError);
});

Deno.test("what is set on all nodes of a workflow leaves control nodes alone", async () => {
  const told: string[] = [];
  const workflow = namingScope(() => new LocalWorkflow(optional(same(3)), options));
  workflow.query("*").setOptions({ retry: { maxAttempts: 2 }, timeout: 1_000 });
  workflow.setPlugin("*", { finished: (_, { nodeName }) => void told.push(nodeName) });
  expect(await workflow.run()).toBe(3);
  expect(told).toEqual(["same_0000"]);
});

Deno.test("what brings no value in a run is refused where the node is made", () => {
  class Account {
    balance(): number {
      return 0;
    }
  }
  const account = task(Account, { name: "account" })();
  const wrong = (value: unknown) => value as Ref<number>;
  expect(() => optional(wrong(3))).toThrow(/optional\(\) was given the number 3/);
  expect(() => optional(account)).toThrow(/instance `account_\d+`.*one of its methods/);
  expect(() => Reflect.apply(anyOf, undefined, [])).toThrow(/at least one/);
  expect(() => branch(same<string>("a"), {})).toThrow(/no cases/);
  expect(() => branch(same<"a">("a"), { a: wrong(3) as unknown as () => Ref<number> })).toThrow(
    /`a` of branch\(\) is the number 3/,
  );
  expect(() => branch(same<"a">("a"), { a: () => wrong(3) })).toThrow(/case `a`.*was given the number 3/);
  expect(() => branch(same<"a">("a"), { a: () => wrong(Promise.resolve(1)) })).toThrow(/asynchronous/);
  const inputs = defineWorkflow("inputs", { version: "1" }, (input: Input<{ x: number }>) => {
    expect(() => optional(input.x)).toThrow(/`input.x`, which is there before any step/);
    return same(1);
  });
  new LocalWorkflow(inputs, { input: { x: 1 } });
});

for (const [name, run] of Object.entries(backends).filter(([name]) => name !== "pool")) {
  Deno.test(`a selector is a node, an item, or a part of the input, and cases are strings (${name})`, async () => {
    const chosen = async (build: () => Ref<unknown>) => (await run(() => build())).result;
    expect(
      await chosen(() => branch(same(2), { "1": () => same("one"), "2": () => same("two"), default: () => same("?") })),
    )
      .toBe("two");
    expect(
      await chosen(() => branch(same({ ok: true }).item("ok"), { true: () => same("yes"), false: () => same("no") })),
    )
      .toBe("yes");
    expect(await chosen(() => branch(same<string>("other"), { a: () => same(1), default: () => same(2) }))).toBe(2);
    expect(await chosen(() => branch(same<string>("default"), { a: () => same(1), default: () => same(2) }))).toBe(2);
    expect(await chosen(() => branch(same<string>("a"), { a: () => same([1, 2]).item(1) }))).toBe(2);
  });

  Deno.test(`names that objects inherit are cases like others, and none without being one (${name})`, async () => {
    const cases = { ["__proto__"]: () => same("proto"), constructor: () => same("constructor") };
    expect((await run(() => branch(same<string>("__proto__"), cases))).result).toBe("proto");
    expect((await run(() => branch(same<string>("constructor"), cases))).result).toBe("constructor");
    const { error } = await run(() => branch(same<string>("toString"), cases));
    expect(error?.message).toContain('has no case for the string "toString"');
    const { result } = await run(() => branch(same({}) as unknown as Ref<string>, { default: () => same("object") }));
    expect(result).toBe("object");
  });

  Deno.test(`branches nest, share what was made outside, and skip what was made inside (${name})`, async () => {
    const { result, steps } = await run(() => {
      const shared = square(3).setName("shared");
      const inner = () =>
        branch(same<"x" | "y">("y").setName("inner selector"), {
          x: () => square(4).setName("x"),
          y: () => list(shared, optional(fails("in y"))).setName("y"),
        }).setName("inner");
      return branch(same<"a" | "b">("a").setName("selector"), {
        a: inner,
        b: () => branch(same<"z">("z").setName("never"), { z: () => shared }).setName("other"),
      }).setName("outer");
    });
    expect(result).toEqual([9, undefined]);
    expect(steps).toMatchObject({
      x: "SKIPPED",
      y: "SUCCEEDED",
      inner: "SUCCEEDED",
      never: "SKIPPED",
      other: "SKIPPED",
    });
    expect(steps["shared"]).toBe("SUCCEEDED");
  });

  Deno.test(`an item that the value lacks fails the control node that takes it (${name})`, async () => {
    const { error, status } = await run(() => optional(same<number[]>([1]).item(7)));
    expect(status).toBe("FAILED");
    expect(error).toMatchObject({ node: "optional_0000" });
    expect((await run(() => optional(list(fails("x")).item(0)))).result).toBe(undefined);
  });
}

Deno.test("a definition's input selects the case of a run", async () => {
  const greet = defineWorkflow(
    "greet",
    { version: "1" },
    (input: Input<{ kind: "long" | "short"; name: string }>) =>
      branch(input.kind, { long: () => same("Good morning"), short: () => input.name }),
  );
  expect(await new LocalWorkflow(greet, { input: { kind: "short", name: "Ada" } }).run()).toBe("Ada");
  expect(await new LocalWorkflow(greet, { input: { kind: "long", name: "Ada" } }).run()).toBe("Good morning");
});

Deno.test("a workflow that is built inside a case is none of it", async () => {
  const inner = defineWorkflow("inner", { version: "1" }, () => same(5));
  let built: LocalWorkflow<typeof inner> | undefined;
  branch(same<"a" | "b">("b"), {
    a: () => {
      built = new LocalWorkflow(inner, {});
      return same(1);
    },
    b: () => same(2),
  });
  expect(await built?.run()).toBe(5);
});

Deno.test("drawings tell what is optional, first, or a case", () => {
  const graph = namingScope(() => {
    const selector = same<"a" | 'b"|'>("a").setName("selector");
    const shared = same(1).setName("shared");
    const chosen = branch(selector, { a: () => square(2).setName("square"), 'b"|': () => shared }).setName("branch");
    return new GraphWorkflow(list(optional(shared).setName("optional"), anyOf(shared, chosen).setName("any")), options);
  });
  const dot = graph.toDot();
  expect(dot).toContain('"shared" -> "optional" [style=dashed, arrowhead=empty]');
  expect(dot).toContain('"shared" -> "any" [style=dotted, arrowhead=empty]');
  expect(dot).toContain('"square" -> "branch" [arrowhead=empty, label="a", fontsize=10]');
  expect(dot).toContain('"selector" -> "square" [style=dashed, label="a", fontsize=10]');
  expect(dot).toContain('"shared" -> "branch" [arrowhead=empty, label="b\\"|", fontsize=10]');
  expect(dot).toContain('"optional" [shape=hexagon');
  const mermaid = graph.toMermaid();
  expect(mermaid).toMatch(/n\d+\{\{"optional"\}\}/);
  expect(mermaid).toMatch(/n\d+ -->\|"a"\| n\d+/);
  expect(mermaid).toMatch(/n\d+ -->\|"b#34;#124;"\| n\d+/);
  expect(mermaid).toContain("-.-o");
  expect(mermaid).toContain("--o");
});
