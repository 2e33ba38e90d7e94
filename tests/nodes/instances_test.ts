import { expect } from "@std/expect";
import { GraphError, LocalWorkflow, namingScope, nodeOf, StepFailedError, task } from "@fusewire/fusewire";

class Sum {
  static made = 0;
  total: number;
  constructor(start = 0) {
    Sum.made++;
    this.total = start;
  }
  add(n: number): number {
    return this.total += n;
  }
  async addLater(n: number): Promise<number> {
    const before = this.total;
    await new Promise((resolve) => setTimeout(resolve, 1));
    return this.total = before + n;
  }
  fail(): never {
    throw new RangeError("broken");
  }
}
class LoudSum extends Sum {
  override add(n: number): number {
    return super.add(10 * n);
  }
  shout(): string {
    return `${this.total}!`;
  }
}

const makeSum = task(Sum);
const options = { workflowName: "instances" };

Deno.test("An instance is named after its class, its calls after class and method", () => {
  namingScope(() => {
    const sum = makeSum(1);
    expect(nodeOf(sum).name).toBe("Sum_0000");
    expect([sum.add(1).name, sum.add(2).name, sum.addLater(3).name]).toEqual([
      "Sum.add_0000",
      "Sum.add_0001",
      "Sum.addLater_0000",
    ]);
    const named = task(Sum, { name: "Acc" })(1);
    expect([nodeOf(named).name, named.add(1).name]).toEqual(["Acc_0000", "Acc.add_0000"]);
    expect(makeSum(2).add(1).name).toBe("Sum.add_0002");
  });
});

Deno.test("Calls run in program order on one object, one at a time, whatever they return", async () => {
  const sum = makeSum(1);
  const first = sum.addLater(1);
  const second = sum.add(10);
  const third = sum.addLater(100);
  expect(await new LocalWorkflow([third, first, second], options).run()).toEqual([112, 2, 12]);
});

Deno.test("Only the calls up to the target run, and every run has an object of its own", async () => {
  const sum = makeSum(0);
  const first = sum.add(1);
  sum.add(10);
  const workflow = new LocalWorkflow(first, options);
  const made = Sum.made;
  expect(await workflow.run()).toBe(1);
  expect(await workflow.run()).toBe(1);
  expect(Sum.made - made).toBe(2);
});

Deno.test("Inherited methods are there, overridden ones as overridden", async () => {
  const sum = task(LoudSum)(1);
  sum.add(1);
  expect(await new LocalWorkflow(sum.shout(), options).run()).toBe("11!");
});

Deno.test("Statics, fields, symbols and the constructor are not there", () => {
  const sum = makeSum(1);
  for (const key of ["made", "total", "constructorArgs", "toString2"]) expect(Reflect.has(sum, key)).toBe(false);
  expect(() => nodeOf(1 as never)).toThrow(GraphError);
  expect(() => nodeOf({} as never)).toThrow(/not an instance/);
});

Deno.test("Arguments of constructor and methods may be nodes, at any depth", async () => {
  class Bag {
    constructor(readonly of: { items: number[] }) {}
    with(more: number[]): number {
      return [...this.of.items, ...more].reduce((a, b) => a + b);
    }
  }
  const number = task((x: number) => x, { name: "number" });
  const bag = task(Bag)({ items: [number(1), number(2)] });
  expect(await new LocalWorkflow(bag.with([number(3), 4]), options).run()).toBe(10);
});

Deno.test("An instance as a target gives the object after all calls made so far", async () => {
  const sum = makeSum(1);
  sum.add(2);
  const value = await new LocalWorkflow(sum, options).run();
  expect(value).toBeInstanceOf(Sum);
  expect(value.total).toBe(3);
});

Deno.test("An instance as an argument comes in program order too", async () => {
  const seen = task((sum: Sum) => sum.total, { name: "seen" });
  const sum = makeSum(0);
  sum.add(1);
  const between = seen(sum);
  sum.add(10);
  const inside = task((sums: { all: Sum[] }) => sums.all.map(({ total }) => total), { name: "inside" })({ all: [sum] });
  expect(await new LocalWorkflow([inside, between], options).run()).toEqual([[11], 1]);
});

Deno.test("A task that was given an instance runs before the instance's later calls", async () => {
  const slowly = task(async (sum: Sum) => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    return sum.total;
  }, { name: "slowly" });
  const sum = makeSum(5);
  const read = slowly(sum);
  const later = sum.add(1);
  expect(await new LocalWorkflow([later, read], options).run()).toEqual([6, 5]);
});

Deno.test("A failed call cancels the later calls of its instance", async () => {
  const sum = makeSum(0);
  sum.add(1);
  sum.fail();
  const last = sum.add(2);
  const run = await new LocalWorkflow(last, options).start();
  const error: unknown = await run.result().catch((error: unknown) => error);
  expect(error).toBeInstanceOf(StepFailedError);
  expect((await run.status()).steps.map(({ status }) => status)).toEqual([
    "SUCCEEDED",
    "SUCCEEDED",
    "FAILED",
    "CANCELLED",
  ]);
});

Deno.test("A method taken off its instance says so", () => {
  const { add } = makeSum(0);
  expect(() => add(1)).toThrow(/`Sum.add` was called without its instance/);
});

Deno.test("Built-in classes can be tasks", async () => {
  const map = task(Map<string, number>)();
  map.set("a", 1);
  map.set("b", 2);
  const value = await new LocalWorkflow(map, options).run();
  expect([...value]).toEqual([["a", 1], ["b", 2]]);
});

Deno.test("A class with a method `item` or `then` does not confuse anything", async () => {
  class Odd {
    item(key: string): string {
      return `item ${key}`;
    }
    name(): string {
      return "odd";
    }
  }
  const odd = task(Odd)();
  expect(await new LocalWorkflow([odd.item("a"), odd.name()], options).run()).toEqual(["item a", "odd"]);
});

Deno.test("Two workflows at once each have their own object", async () => {
  const sum = makeSum(0);
  const nodes = [sum.addLater(1), sum.addLater(2)];
  const results = await Promise.all(
    [1, 2, 3].map((i) => new LocalWorkflow(nodes, { workflowName: `at once ${i}` }).run()),
  );
  expect(results).toEqual([[1, 3], [1, 3], [1, 3]]);
});

Deno.test("An argument that is read back from an earlier node does not set an instance back", async () => {
  const sum = makeSum(1);
  const total = task((of: Sum) => of.total, { name: "total" });
  const early = total(sum);
  const added = sum.add(1);
  const again = total(...early.args as [typeof sum]);
  expect(sum.add(1).parents).toContain(added);
  expect(await new LocalWorkflow(again, options).run()).toBeGreaterThanOrEqual(1);
});
