import { type Arg, type Deep, type Node, type Ref, task } from "@fusewire/fusewire";
import { refused, typeOf } from "./type_of.ts";

interface Point {
  x: number;
  y: number;
}
interface Settings {
  readonly name: string;
  readonly rates: readonly number[];
  readonly nested?: { readonly deep: readonly Point[] };
}
type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
interface Tree {
  value: number;
  children: Tree[];
}
class Money {
  #cents: number;
  constructor(cents: number) {
    this.#cents = cents;
  }
  get cents(): number {
    return this.#cents;
  }
}

const number = task(() => 1, { name: "number" });
const text = task(() => "a", { name: "text" });
const point = task((): Point => ({ x: 1, y: 2 }), { name: "point" });
const total = task((numbers: number[]) => numbers.length, { name: "total" });
const configure = task((settings: Settings) => settings.name, { name: "configure" });
const distance = task((from: Point, to: Point) => from.x - to.x, { name: "distance" });

Deno.test("An array parameter takes arrays with nodes among the values", () => {
  typeOf(total([1, 2])).is<Node<number>>();
  typeOf(total([number(), 2, point().item("x")])).is<Node<number>>();
  typeOf(total(task((): number[] => [1])())).is<Node<number>>();
  const many = [1, 2, 3].map(() => number());
  typeOf(total(many)).is<Node<number>>();
  const frozen = task((numbers: readonly number[]) => numbers.length, { name: "frozen" });
  typeOf(frozen([number(), 1])).is<Node<number>>();
  typeOf(frozen([1, 2] as const)).is<Node<number>>();
  const matrix = task((rows: number[][]) => rows.length, { name: "matrix" });
  typeOf(matrix([[number(), 1], task((): number[] => [1])()])).is<Node<number>>();
  refused(() => {
    // @ts-expect-error: a string among numbers
    total([1, "2"]);
    // @ts-expect-error: a node of a string among numbers
    total([number(), text()]);
    // @ts-expect-error: a node is not an array
    total(number());
    // @ts-expect-error: one level too deep
    total([[number()]]);
  });
});

Deno.test("A tuple parameter takes nodes place by place", () => {
  const label = task((pair: [string, number]) => pair[0], { name: "label" });
  typeOf(label(["a", 1])).is<Node<string>>();
  typeOf(label([text(), number()])).is<Node<string>>();
  typeOf(label(task((): [string, number] => ["a", 1])())).is<Node<string>>();
  refused(() => {
    // @ts-expect-error: the places are the wrong way round
    label([number(), text()]);
    // @ts-expect-error: too short
    label([text()]);
    // @ts-expect-error: too long
    label([text(), 1, 2]);
  });
});

Deno.test("An object parameter takes nodes at any depth", () => {
  typeOf(distance({ x: number(), y: 2 }, point())).is<Node<number>>();
  typeOf(configure({ name: text(), rates: [number(), 0.5] })).is<Node<string>>();
  typeOf(configure({ name: "a", rates: [], nested: { deep: [point(), { x: number(), y: 1 }] } })).is<Node<string>>();
  typeOf(configure({ name: "a", rates: task((): number[] => [1])() })).is<Node<string>>();
  refused(() => {
    // @ts-expect-error: a key is missing
    distance({ x: number() }, point());
    // @ts-expect-error: a key too many
    distance({ x: 1, y: 2, z: number() }, point());
    // @ts-expect-error: the name is a string
    configure({ name: number(), rates: [] });
    // @ts-expect-error: deep down a string where a number is wanted
    configure({ name: "a", rates: [], nested: { deep: [{ x: text(), y: 1 }] } });
    // @ts-expect-error: a node has a name, but it is no settings object
    configure(number());
  });
});

Deno.test("A node is never taken for a plain object that happens to have its keys", () => {
  const named = task((thing: { name: string }) => thing.name, { name: "named" });
  typeOf(named({ name: text() })).is<Node<string>>();
  refused(() => {
    // @ts-expect-error: the node of a number has a name, but its value has none
    named(number());
  });
});

Deno.test("Records and index signatures take nodes as values", () => {
  const weigh = task((weights: Record<string, number>) => Object.keys(weights).length, { name: "weigh" });
  typeOf(weigh({ a: 1, b: number() })).is<Node<number>>();
  const pick = task((choice: Record<"on" | "off", string>) => choice.on, { name: "pick" });
  typeOf(pick({ on: text(), off: "b" })).is<Node<string>>();
  refused(() => {
    // @ts-expect-error: the values are numbers
    weigh({ a: text() });
    // @ts-expect-error: a key is missing
    pick({ on: text() });
  });
});

Deno.test("Recursive types stay usable", () => {
  const parse = task((json: Json) => JSON.stringify(json), { name: "parse" });
  typeOf(parse({ a: [1, "b", null, { c: true }] })).is<Node<string>>();
  typeOf(parse({ a: [number(), text(), { c: [number()] }] })).is<Node<string>>();
  typeOf(parse(task((): Json => [1])())).is<Node<string>>();
  const depth = task((tree: Tree) => tree.children.length, { name: "depth" });
  typeOf(
    depth({
      value: number(),
      children: [{ value: 1, children: [] }, task((): Tree => ({ value: 1, children: [] }))()],
    }),
  )
    .is<Node<number>>();
  refused(() => {
    // @ts-expect-error: a symbol is not JSON
    parse(Symbol("a"));
    // @ts-expect-error: nor is a node of a bigint
    parse(task(() => 1n)());
    // @ts-expect-error: a string three levels down
    depth({ value: 1, children: [{ value: 1, children: [{ value: text(), children: [] }] }] });
  });
});

Deno.test("Opaque values are passed whole, as values or as nodes", () => {
  const opaque = task(
    (when: Date, where: URL, how: RegExp, what: Map<string, number>, which: Set<string>) =>
      `${when}${where}${how}${what.size}${which.size}`,
    { name: "opaque" },
  );
  const made = task(() => new Map([["a", 1]]), { name: "made" });
  typeOf(opaque(new Date(0), new URL("https://example.org"), /a/, made(), new Set(["a"]))).is<Node<string>>();
  const bytes = task((data: Uint8Array, grid: Float64Array) => data.length + grid.length, { name: "bytes" });
  typeOf(bytes(new Uint8Array(1), task(() => new Float64Array(1))())).is<Node<number>>();
  const callback = task((f: (x: number) => number) => f(1), { name: "callback" });
  typeOf(callback((x) => x + 1)).is<Node<number>>();
  const pay = task((price: Money) => price.cents, { name: "pay" });
  typeOf(pay(new Money(1))).is<Node<number>>();
  typeOf(pay(task(() => new Money(1))())).is<Node<number>>();
  typeOf<Deep<Date>>().is<Date>();
  typeOf<Deep<Map<string, number>>>().is<Map<string, number>>();
  typeOf<Deep<Uint8Array>>().is<Uint8Array>();
  typeOf<Deep<Money>>().is<Money>();
  typeOf<Deep<(x: number) => number>>().is<(x: number) => number>();
  refused(() => {
    // @ts-expect-error: nodes inside a Map would not be found
    opaque(new Date(0), new URL("https://example.org"), /a/, new Map([["a", number()]]), new Set(["a"]));
    // @ts-expect-error: nodes inside a Set would not be found
    opaque(new Date(0), new URL("https://example.org"), /a/, made(), new Set([text()]));
    // @ts-expect-error: a string is no date
    opaque("2026-01-01", new URL("https://example.org"), /a/, made(), new Set(["a"]));
    // @ts-expect-error: an object of the same shape is not one of the class
    pay({ cents: number() });
    // @ts-expect-error: the function takes a string
    callback((x: string) => x.length);
  });
});

Deno.test("Arg says what a parameter accepts", () => {
  typeOf<Arg<number>>().is<Ref<number> | number>();
  typeOf<Arg<string | undefined>>().is<Ref<string | undefined> | string | undefined>();
  typeOf<Deep<unknown>>().is<unknown>();
  typeOf<Deep<number[]>>().is<Arg<number>[]>();
  typeOf<Deep<readonly string[]>>().is<readonly Arg<string>[]>();
  typeOf<Deep<[number, string]>>().is<[Arg<number>, Arg<string>]>();
  typeOf<Deep<"a" | 1 | null>>().is<"a" | 1 | null>();
});
