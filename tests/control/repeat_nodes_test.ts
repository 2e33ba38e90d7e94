import { expect } from "@std/expect";
import {
  ConfigError,
  defineWorkflow,
  GraphError,
  GraphWorkflow,
  type Input,
  LocalWorkflow,
  namingScope,
  type Ref,
  repeatUntil,
  task,
} from "@fusewire/fusewire";
import { next, record, same, square } from "./tasks.ts";

const options = { workflowName: "loops" };

Deno.test("what no loop can be made of is refused where it is made", () => {
  const bounds = { until: () => true, maxIterations: 3 };
  const wrong = (options: object) => () => repeatUntil(1, (x) => same(x), { ...bounds, ...options });
  for (const maxIterations of [0, -1, 1.5, 10_001, NaN, Infinity, "3", undefined]) {
    expect(wrong({ maxIterations })).toThrow(ConfigError);
    expect(wrong({ maxIterations })).toThrow(
      /`maxIterations` of repeatUntil\(\) is .*; it must be a whole number from 1/,
    );
  }
  expect(wrong({ until: undefined })).toThrow(/`until` of repeatUntil\(\) is the undefined undefined/);
  expect(wrong({ onLimit: "first" })).toThrow(/`onLimit` of repeatUntil\(\) is the string "first"/);
  expect(() => Reflect.apply(repeatUntil, undefined, [1, (x: Ref<number>) => same(x)])).toThrow(ConfigError);

  const any = (value: unknown) => value as Ref<number>;
  const body = (give: (value: Ref<number>, i: number) => unknown, start: unknown = 1) => () =>
    repeatUntil(any(start), (value, i) => any(give(value, i)), bounds);
  const outside = same(7).setName("outside");
  expect(() => repeatUntil(1, 5 as never, bounds)).toThrow(/body of repeatUntil\(\) is the number 5/);
  expect(body(() => 3)).toThrow(/The body of repeatUntil\(\) was given the number 3/);
  expect(body((value, i) => i === 2 ? undefined : same(value))).toThrow(
    /called for iteration 2, was given the undefined/,
  );
  expect(body(() => Promise.resolve(same(1)))).toThrow(/The body of repeatUntil\(\) is an asynchronous function/);
  expect(body((value) => value)).toThrow(
    /called for iteration 1, returned node `initial_\d+`, which was not made in it/,
  );
  expect(body(() => outside)).toThrow(GraphError);
  expect(body(() => outside.item(0 as never))).toThrow(/returned item `outside\[0\]`/);
  expect(body((value) => same(value), { deep: [outside] })).toThrow(/with references inside to begin with/);
  class Account {}
  expect(body((value) => same(value), task(Account)())).toThrow(/repeatUntil\(\) was given the instance/);
  // The first iteration may be something that is there already.
  expect(body((value, i) => i === 0 ? outside : same(value))().name).toMatch(/^repeat_\d+$/);
});

Deno.test("the nodes of a loop are named and counted like all nodes, the same each time", () => {
  const names = () =>
    namingScope(() => {
      const loop = repeatUntil(0, (x) => square(same(x)), { until: () => true, maxIterations: 2 });
      return new LocalWorkflow([loop, same(1)], options).graph.nodes();
    });
  expect(names()).toEqual([
    "initial_0000",
    "same_0000",
    "square_0000",
    "same_0001",
    "square_0001",
    "repeat_0000",
    "same_0002",
  ]);
  expect(names()).toEqual(names());
  const loop = repeatUntil(0, (x) => same(x), { until: () => true, maxIterations: 2 });
  expect([loop.func, loop.setName("loop").name]).toEqual([repeatUntil, "loop"]);
  expect(() => loop.with({ timeout: 5 })).toThrow(/means nothing, because repeatUntil\(\) makes no call/);
});

Deno.test("a workflow that is built inside a loop is none of it", async () => {
  const inner = defineWorkflow("inner", { version: "1" }, () => same(5));
  const built: LocalWorkflow<typeof inner>[] = [];
  const loop = repeatUntil(0, (x) => {
    built.push(new LocalWorkflow(inner, {}));
    return square(x);
  }, { until: () => true, maxIterations: 2 });
  expect(await new LocalWorkflow(loop, options).run()).toBe(0);
  expect(await built[1]?.run()).toBe(5);
});

Deno.test("drawings show every iteration, when it runs, and its number", () => {
  const dot = namingScope(() =>
    new GraphWorkflow(
      repeatUntil(0, (x) => square(same(1).after(square(x))), { until: () => true, maxIterations: 2 }),
      options,
    )
  ).toDot();
  expect(dot).toContain('"initial_0000" [shape=hexagon');
  expect(dot).toContain('"square_0001" -> "same_0001" [style=dashed]');
  expect(dot).toContain('"square_0001" -> "repeat_0000" [arrowhead=empty, label="0", fontsize=10]');
  expect(dot).toContain('"square_0003" -> "repeat_0000" [arrowhead=empty, label="1", fontsize=10]');
});

Deno.test("a loop begins with a part of the input, and ends by a part of its value", async () => {
  const definition = defineWorkflow(
    "sums",
    { version: "1" },
    (input: Input<{ from: number; to: number }>) =>
      repeatUntil(record(input.from, input.to), (now) => record(next(now.item("sum")), now.item("by")), {
        until: ({ sum, by }) => sum >= by,
        maxIterations: 9,
      }),
  );
  expect(await new LocalWorkflow(definition, { input: { from: 1, to: 5 } }).run()).toEqual({ sum: 5, by: 5 });
  const plain = defineWorkflow(
    "plain",
    { version: "1" },
    (input: Input<{ from: number }>) =>
      repeatUntil(input.from, (x) => next(x), { until: (x) => x >= 3, maxIterations: 5 }),
  );
  expect(await new LocalWorkflow(plain, { input: { from: 1 } }).run()).toBe(3);
});
