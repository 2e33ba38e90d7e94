import { type Arg, type Node, task } from "@fusewire/fusewire";
import { refused, typeOf } from "./type_of.ts";

const identity = task(<T>(value: T): T => value, { name: "identity" });
const first = task(<T>(list: T[]): T | undefined => list[0], { name: "first" });
const zip = task(<A, B>(left: A[], right: B[]): [A, B][] => left.map((a, i) => [a, right[i]!]), { name: "zip" });
const pluck = task(<T, K extends keyof T>(from: T, key: K): T[K] => from[key], { name: "pluck" });
const number = task(() => 1, { name: "number" });
const texts = task((): string[] => ["a"], { name: "texts" });

Deno.test("A generic function stays generic", () => {
  typeOf(identity(number())).is<Node<number>>();
  typeOf(identity(texts())).is<Node<string[]>>();
  typeOf(identity(identity(texts()))).is<Node<string[]>>();
  typeOf(first(texts())).is<Node<string | undefined>>();
  typeOf(first(task((): Date[] => [])())).is<Node<Date | undefined>>();
  typeOf(zip(texts(), task((): number[] => [1])())).is<Node<[string, number][]>>();
  typeOf(pluck(task(() => ({ a: 1, b: "x" }))(), "b")).is<Node<string>>();
  typeOf(identity<number[]>([number(), 2])).is<Node<number[]>>();
  refused(() => {
    // @ts-expect-error: a list is wanted
    first(number());
    // @ts-expect-error: no such key
    pluck(task(() => ({ a: 1 }))(), "c");
    // @ts-expect-error: a string among the numbers
    identity<number[]>([number(), "2"]);
  });
});

Deno.test("An asynchronous generic function is awaited and stays generic", () => {
  const later = task(async <T>(value: T): Promise<T[]> => await Promise.resolve([value]), { name: "later" });
  const node: Node<number[]> = later(number());
  typeOf(node).is<Node<number[]>>();
  typeOf(later<string>("a")).is<Node<string[]>>();
});

function parse(text: string): number;
function parse(list: string[]): number[];
function parse(input: string | string[]): number | number[] {
  return Array.isArray(input) ? input.map(Number) : Number(input);
}

function convert(value: number): string;
function convert(value: string): number;
function convert(value: boolean): boolean[];
function convert(value: Date, zone: string): Date;
function convert(value: unknown): unknown {
  return value;
}

Deno.test("Overloads of a function are overloads of its builder", () => {
  const parsed = task(parse);
  typeOf(parsed("1")).is<Node<number>>();
  typeOf(parsed(["1"])).is<Node<number[]>>();
  typeOf(parsed(texts())).is<Node<number[]>>();
  const converted = task(convert);
  typeOf(converted(number())).is<Node<string>>();
  typeOf(converted("1")).is<Node<number>>();
  typeOf(converted(true)).is<Node<boolean[]>>();
  typeOf(converted(new Date(0), "UTC")).is<Node<Date>>();
  refused(() => {
    // @ts-expect-error: none of the overloads
    parsed(1);
    // @ts-expect-error: none takes a second argument after a number
    converted(1, "UTC");
    // @ts-expect-error: the overload of a date wants a zone
    converted(new Date(0));
  });
});

function generic<T>(value: Arg<T>): Node<T> {
  return identity<T>(value);
}

Deno.test("Builders can be used in generic functions of one's own", () => {
  typeOf(generic<number>(number())).is<Node<number>>();
  typeOf(generic<string>("a")).is<Node<string>>();
});
