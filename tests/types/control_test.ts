import {
  anyOf,
  branch,
  type Input,
  type Node,
  type NodeItem,
  optional,
  type Ref,
  repeatUntil,
  task,
} from "@fusewire/fusewire";
import { refused, typeOf } from "./type_of.ts";

const text = task(() => "a", { name: "text" });
const count = task(() => 1, { name: "count" });
const side = task((): "left" | "right" => "left", { name: "side" });
const flag = task(() => true as boolean, { name: "flag" });
const digit = task((): 1 | 2 => 1, { name: "digit" });
const pair = task((): [number, string] => [1, "a"], { name: "pair" });

Deno.test("optional() adds undefined", () => {
  typeOf(optional(text())).is<Node<string | undefined>>();
  typeOf(optional(pair().item(0))).is<Node<number | undefined>>();
  refused(() => {
    // @ts-expect-error a value is no reference
    optional(3);
  });
});

Deno.test("anyOf() gives the union", () => {
  typeOf(anyOf(text(), count())).is<Node<string | number>>();
  typeOf(anyOf(text())).is<Node<string>>();
  typeOf(anyOf(optional(text()), pair().item(0))).is<Node<string | number | undefined>>();
  refused(() => {
    // @ts-expect-error at least one
    anyOf();
    // @ts-expect-error a value is no reference
    anyOf(text(), 3);
  });
});

Deno.test("branch() gives the union of its cases, and knows those of literal selectors", () => {
  typeOf(branch(side(), { left: () => text(), right: () => count() })).is<Node<string | number>>();
  typeOf(branch(side(), { left: () => text(), default: () => flag() })).is<Node<string | boolean>>();
  typeOf(branch(flag(), { true: () => text(), false: () => pair().item(0) })).is<Node<string | number>>();
  typeOf(branch(digit(), { 1: () => text(), 2: () => count() })).is<Node<string | number>>();
  typeOf(branch(text(), { anything: () => text(), else: () => count() })).is<Node<string | number>>();
  typeOf(branch(text(), { default: () => text() })).is<Node<string>>();
  const ofInput = (input: Input<{ side: "left" | "right"; n: number }>) =>
    branch(input.side, { left: () => input.n, right: () => text() });
  typeOf<ReturnType<typeof ofInput>>().is<Node<string | number>>();
  refused(() => {
    // @ts-expect-error `right` is missing
    branch(side(), { left: () => text() });
    // @ts-expect-error there is no case `up`
    branch(side(), { left: () => text(), right: () => text(), up: () => text() });
    // @ts-expect-error there is no case `up`, also where there is a default
    branch(side(), { up: () => text(), default: () => text() });
    // @ts-expect-error a case is a function
    branch(side(), { left: text(), right: () => text() });
    // @ts-expect-error a case gives a reference
    branch(side(), { left: () => 1, right: () => text() });
    // @ts-expect-error a selector is text, a number or a boolean
    branch(pair(), { a: () => text() });
  });
});

Deno.test("repeatUntil() has the type of what it begins with, and so have its iterations", () => {
  const bounds = { until: () => true, maxIterations: 1 };
  const next = task((x: number) => x + 1, { name: "next" });
  const sums = task((sum: number, by: number) => ({ sum, by }), { name: "sums" });
  typeOf(repeatUntil(0, (x) => next(x), { until: (x) => x > 3, maxIterations: 5 })).is<Node<number>>();
  typeOf(repeatUntil(count(), (x, i) => (typeOf(i).is<number>(), next(x)), bounds)).is<Node<number>>();
  typeOf(repeatUntil(count(), next, bounds)).is<Node<number>>();
  typeOf(repeatUntil(pair().item(1), () => text(), bounds)).is<Node<string>>();
  typeOf(repeatUntil(side(), () => side(), bounds)).is<Node<"left" | "right">>();
  typeOf(repeatUntil({ sum: 0, by: 1 }, (now) => sums(now.item("sum"), now.item("by")), {
    until: ({ sum }) => sum > 3,
    maxIterations: 9,
  })).is<Node<{ sum: number; by: number }>>();
  typeOf(repeatUntil<number | undefined>(undefined, () => optional(count()), {
    until: (x) => (typeOf<typeof x>().is<number | undefined>(), x === 1),
    maxIterations: 2,
  })).is<Node<number | undefined>>();
  typeOf(repeatUntil(pair(), (now) => {
    typeOf(now.item(0)).is<NodeItem<number>>();
    return pair();
  }, bounds)).is<Node<[number, string]>>();
  const ofInput = (input: Input<{ n: number }>) => repeatUntil(input.n, (x) => next(x), bounds);
  typeOf<ReturnType<typeof ofInput>>().is<Node<number>>();
  refused(() => {
    // @ts-expect-error an iteration gives what the next one takes
    repeatUntil(0, () => text(), bounds);
    // @ts-expect-error an iteration gives a reference
    repeatUntil(0, () => 1, bounds);
    // @ts-expect-error `until` takes a number
    repeatUntil(0, (x) => next(x), { until: (x: string) => x === "", maxIterations: 1 });
    // @ts-expect-error `until` gives true or false
    repeatUntil(0, (x) => next(x), { until: (x) => x, maxIterations: 1 });
    // @ts-expect-error there is no such limit
    repeatUntil(0, (x) => next(x), { ...bounds, onLimit: "first" });
    // @ts-expect-error there is no bound
    repeatUntil(0, (x) => next(x), { until: () => true });
    // @ts-expect-error the body takes a number
    repeatUntil("a", (x) => next(x), bounds);
  });
});

Deno.test("what control nodes give goes on typed", () => {
  const show = task((x: string | number | undefined) => `${x}`, { name: "show" });
  const strict = task((x: string) => x, { name: "strict" });
  typeOf(show(optional(text()))).is<Node<string>>();
  const ref: Ref<string | number> = anyOf(text(), count());
  show(ref);
  refused(() => {
    // @ts-expect-error it may be undefined
    strict(optional(text()));
    // @ts-expect-error it may be a number
    strict(anyOf(text(), count()));
  });
});
