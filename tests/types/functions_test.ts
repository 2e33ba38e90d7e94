import {
  type Args,
  type Builder,
  type Node,
  type NodeItem,
  type Ref,
  task,
  type TaskOf,
  workflow,
} from "@fusewire/fusewire";
import { refused, typeOf } from "./type_of.ts";

const add = task((a: number, b: number) => a + b, { name: "add" });
const greet = task((name: string, times?: number) => name.repeat(times ?? 1), { name: "greet" });
const sum = task((...terms: number[]) => terms.reduce((a, b) => a + b, 0), { name: "sum" });
const join = task((separator: string, ...parts: string[]) => parts.join(separator), { name: "join" });
abstract class Shape {
  abstract area(): number;
}
const show = task((value: string | number) => String(value), { name: "show" });

Deno.test("A builder takes plain values, nodes and items, and gives a node of the result", () => {
  const node = add(1, 2);
  typeOf(node).is<Node<number>>();
  typeOf(add(node, 2)).is<Node<number>>();
  typeOf(add(node, node)).is<Node<number>>();
  const pair = task((): [number, string] => [1, "a"], { name: "pair" })();
  typeOf(add(pair.item(0), node)).is<Node<number>>();
  typeOf(greet(pair.item(1))).is<Node<string>>();
  typeOf(workflow((x: number) => `${x}`)(node)).is<Node<string>>();
  typeOf(add).is<(...args: Args<[a: number, b: number]>) => Node<number>>();
});

Deno.test("A builder refuses arguments of other types, too few and too many", () => {
  const text = greet("a");
  refused(() => {
    // @ts-expect-error: a string is not a number
    add("x", 1);
    // @ts-expect-error: an argument is missing
    add(1);
    // @ts-expect-error: one argument too many
    add(1, 2, 3);
    // @ts-expect-error: a node of a string is not a number
    add(text, 1);
    // @ts-expect-error: an item of a string is not a number
    add(1, task(() => ({ name: "a" }))().item("name"));
    // @ts-expect-error: null is not a number
    add(null, 1);
    // @ts-expect-error: undefined is not a number
    add(1, undefined);
    // @ts-expect-error: the node of an optional number may be undefined
    add(task((): number | undefined => 1)(), 1);
    // @ts-expect-error: a builder is not a node
    add(add, 1);
    // @ts-expect-error: an array of numbers is not a number
    add([1], 1);
  });
});

Deno.test("The result of an asynchronous function is awaited", () => {
  typeOf(task((x: number) => Promise.resolve(`${x}`))(1)).is<Node<string>>();
  typeOf(task(async () => await Promise.resolve({ rate: 0.1 }))()).is<Node<{ rate: number }>>();
  typeOf<ReturnType<TaskOf<() => Promise<Promise<number>>>>>().is<Node<number>>();
  typeOf(task((): number | Promise<number> => 1)()).is<Node<number>>();
  typeOf(task((): PromiseLike<boolean> => Promise.resolve(true))()).is<Node<boolean>>();
  typeOf(task((): Promise<void> => Promise.resolve())()).is<Node<void>>();
});

Deno.test("Results keep their types: unions, literals, undefined, never, unknown", () => {
  typeOf(task((): "on" | "off" => "on")()).is<Node<"on" | "off">>();
  typeOf(task((): number | undefined => 1)()).is<Node<number | undefined>>();
  typeOf(task((): null => null)()).is<Node<null>>();
  typeOf(task((): unknown => 1)()).is<Node<unknown>>();
  typeOf(task((): void => {})()).is<Node<void>>();
  typeOf(
    task((): never => {
      throw new Error("never");
    })(),
  ).is<Node<never>>();
  typeOf(task((): number[] => [1])()).is<Node<number[]>>();
  typeOf(task((): Map<string, number> => new Map())()).is<Node<Map<string, number>>>();
});

Deno.test("Optional, default and rest parameters stay what they are", () => {
  typeOf(greet("a")).is<Node<string>>();
  typeOf(greet("a", 2)).is<Node<string>>();
  typeOf(greet(greet("a"), add(1, 1))).is<Node<string>>();
  typeOf(greet("a", undefined)).is<Node<string>>();
  const rounded = task((x: number, digits = 2) => x.toFixed(digits), { name: "rounded" });
  typeOf(rounded(1)).is<Node<string>>();
  typeOf(rounded(1, add(1, 1))).is<Node<string>>();
  typeOf(sum()).is<Node<number>>();
  typeOf(sum(1, add(1, 2), sum())).is<Node<number>>();
  typeOf(sum(...[add(1, 2), add(3, 4)])).is<Node<number>>();
  typeOf(join(", ", greet("a"), "b")).is<Node<string>>();
  refused(() => {
    // @ts-expect-error: the optional parameter is a number
    greet("a", "b");
    // @ts-expect-error: the default tells that it is a number
    rounded(1, "2");
    // @ts-expect-error: the rest are numbers
    sum(1, "2");
    // @ts-expect-error: the rest are strings
    join(", ", "a", 1);
    // @ts-expect-error: the first is not optional
    join();
  });
});

Deno.test("A union parameter takes each of its types, as values and as nodes", () => {
  typeOf(show("a")).is<Node<string>>();
  typeOf(show(1)).is<Node<string>>();
  typeOf(show(greet("a"))).is<Node<string>>();
  typeOf(show(add(1, 2))).is<Node<string>>();
  typeOf(show(task((): string | number => 1)())).is<Node<string>>();
  const mode = task((m: "fast" | "slow") => m.length, { name: "mode" });
  typeOf(mode("fast")).is<Node<number>>();
  typeOf(mode(task((): "slow" => "slow")())).is<Node<number>>();
  refused(() => {
    // @ts-expect-error: neither a string nor a number
    show(true);
    // @ts-expect-error: neither in its node
    show(task(() => true)());
    // @ts-expect-error: not one of the literals
    mode("medium");
    // @ts-expect-error: any string might come out
    mode(greet("fast"));
  });
});

Deno.test("A parameter of type unknown takes everything", () => {
  const anything = task((value: unknown) => String(value), { name: "anything" });
  typeOf(anything(1)).is<Node<string>>();
  typeOf(anything({ deep: [add(1, 2)] })).is<Node<string>>();
  typeOf(anything(add(1, 2))).is<Node<string>>();
});

Deno.test("Arithmetic on a node, comparison of it and its use as a value do not compile", () => {
  const node = add(1, 2);
  const other = add(3, 4);
  refused(() => {
    // @ts-expect-error: a node is not a number
    node + 1;
    // @ts-expect-error: a node is not a number
    node * 2;
    // @ts-expect-error: a node is not a number
    node > 1;
    // @ts-expect-error: a node is never equal to a number
    node === 3;
    // @ts-expect-error: a node has no methods of its value
    node.toFixed(2);
    // @ts-expect-error: an array result is not an array
    task(() => [1])().map((x: number) => x);
    // @ts-expect-error: a node is not a number
    Math.max(node, other);
    // @ts-expect-error: a node is no index
    [1, 2][node];
    // @ts-expect-error: an array result can not be destructured, its length is not known
    const [first] = task((): number[] => [1])();
    typeOf(first);
  });
});

Deno.test("Generator functions are refused", () => {
  refused(() => {
    const numbers = task(function* (n: number) {
      yield n;
    });
    const later = task(async function* () {
      yield await Promise.resolve(1);
    });
    // @ts-expect-error: there is no builder, it is never
    numbers(1);
    // @ts-expect-error: nor here
    later();
    // @ts-expect-error: not a function
    task(1);
    // @ts-expect-error: not a function
    task({ call: () => 1 });
    // @ts-expect-error: an abstract class has no objects
    task(Shape);
  });
});

Deno.test("TaskOf annotates an exported task", () => {
  const addFn = (a: number, b: number): number => a + b;
  const annotated: TaskOf<typeof addFn> = task(addFn);
  typeOf(annotated(1, add(1, 2))).is<Node<number>>();
  typeOf<TaskOf<typeof addFn>>().is<Builder<[a: number, b: number], number>>();
  typeOf<ReturnType<TaskOf<() => Promise<string>>>>().is<Node<string>>();
  refused(() => {
    // @ts-expect-error: another result
    const wrong: TaskOf<(a: number, b: number) => string> = task(addFn);
    typeOf(wrong);
    // @ts-expect-error: not a function
    typeOf<TaskOf<number>>()();
  });
});

Deno.test("The parts of a node are read-only and typed", () => {
  const node = add(1, 2);
  typeOf(node.name).is<string>();
  typeOf(node.getName()).is<string>();
  typeOf(node.backendInfo).is<Record<string, unknown>>();
  typeOf(node.args).is<readonly unknown[]>();
  typeOf(node.parents).is<readonly Node<unknown>[]>();
  typeOf(node.setName("n").after(greet("a")).when(greet("a"))).is<Node<number>>();
  typeOf(node.with({ timeout: 1 })).is<Node<number>>();
  node.when(greet("a"), (value) => {
    typeOf(value).is<string>();
    return value !== "";
  });
  const later: Ref<number> = node;
  typeOf(later).is<Ref<number>>();
  refused(() => {
    // @ts-expect-error: the name is set with setName
    node.name = "other";
    // @ts-expect-error: the arguments are fixed
    node.args = [];
    // @ts-expect-error: a name is a string
    node.setName(1);
    // @ts-expect-error: after takes nodes
    node.after(1);
    // @ts-expect-error: when takes a node
    node.when(true);
    // @ts-expect-error: the predicate gets a number
    node.when(add(1, 2), (value: string) => value === "");
    // @ts-expect-error: a node of a number is not one of a string
    const wrong: Ref<string> = node;
    typeOf(wrong);
    // @ts-expect-error: a node is no item
    const item: NodeItem<number> = node;
    typeOf(item);
  });
});
