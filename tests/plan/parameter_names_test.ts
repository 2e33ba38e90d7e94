import { expect } from "@std/expect";
import { LocalWorkflow, MemoryStorage, type Node, task } from "@fusewire/fusewire";

/** What a plan calls the input in which two nodes of one task differ. */
async function nameOfChange(before: Node<unknown>, after: Node<unknown>): Promise<string | undefined> {
  const storage = new MemoryStorage();
  const workflow = (node: Node<unknown>) => {
    const made = new LocalWorkflow(node.setName("node"), { workflowName: "names", cache: "content" });
    made.setStorage(storage);
    return made;
  };
  await workflow(before).run();
  const [reason] = (await workflow(after).plan()).steps[0]?.reasons ?? [];
  return reason?.kind === "input-changed" ? reason.input : undefined;
}

const functions: [fn: (first: number, second: number) => unknown, names: [string, string]][] = [
  [(rate, steps) => [rate, steps], ["rate", "steps"]],
  [
    function named(rate, steps) {
      return [rate, steps];
    },
    ["rate", "steps"],
  ],
  [async (rate, steps) => await Promise.resolve([rate, steps]), ["rate", "steps"]],
  [
    {
      method(rate: number, steps: number) {
        return [rate, steps];
      },
    }.method,
    ["rate", "steps"],
  ],
  [(rate = (1 + 2) * 3, steps = [4, 5].length) => [rate, steps], ["rate", "steps"]],
  [(rate, ...others: number[]) => [rate, others], ["rate", "others"]],
  [(rate, /* per (day), in % */ steps /* how many */) => [rate, steps], ["rate", "steps"]],
  [($rate_1, größe) => [$rate_1, größe], ["$rate_1", "größe"]],
  [(rate: unknown = "http://x.org/),(", steps: unknown = `}${")"}{`) => [rate, steps], ["rate", "steps"]],
];

Deno.test("A changed input is called by the name of its parameter, however the function is written", async () => {
  for (const [fn, names] of functions) {
    const make = task(fn, { name: "make" });
    const text = fn.toString();
    expect([text, await nameOfChange(make(1, 1), make(2, 1))]).toEqual([text, names[0]]);
    expect([text, await nameOfChange(make(1, 1), make(1, 2))]).toEqual([text, names[1]]);
  }
});

Deno.test("A lone parameter without parentheses, and an argument beyond the parameters, have names too", async () => {
  const lone = task(Function("return rate => rate")() as (rate: number) => number, { name: "lone" });
  expect(await nameOfChange(lone(1), lone(2))).toBe("rate");
  const none = task(
    function (): number {
      return arguments.length;
    } as (n: number) => number,
    { name: "none" },
  );
  expect(await nameOfChange(none(1), none(2))).toBe("argument 1");
});

Deno.test("A destructured parameter is called by its place", async () => {
  const make = task(({ a }: { a: number }, [b = 0]: number[], rate: number) => a + b + rate, { name: "make" });
  expect(await nameOfChange(make({ a: 1 }, [1], 1), make({ a: 2 }, [1], 1))).toBe("argument 1");
  expect(await nameOfChange(make({ a: 1 }, [1], 1), make({ a: 1 }, [2], 1))).toBe("argument 2");
  expect(await nameOfChange(make({ a: 1 }, [1], 1), make({ a: 1 }, [1], 2))).toBe("rate");
});
