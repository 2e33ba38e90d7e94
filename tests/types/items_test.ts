import { type Node, type NodeItem, task, type TupleNode } from "@fusewire/fusewire";
import { refused, typeOf } from "./type_of.ts";

interface Report {
  title: string;
  rows: { id: number; tags: string[] }[];
  byName: Record<string, number>;
  note?: string;
  render(): string;
}

const report = task((): Report => ({ title: "a", rows: [], byName: {}, render: () => "" }), { name: "report" });
const pair = task((): [number, string] => [1, "a"], { name: "pair" });

Deno.test("item() gives the part of the result under a key, to any depth", () => {
  const node = report();
  typeOf(node.item("title")).is<NodeItem<string>>();
  typeOf(node.item("rows")).is<NodeItem<{ id: number; tags: string[] }[]>>();
  typeOf(node.item("rows").item(0)).is<NodeItem<{ id: number; tags: string[] }>>();
  typeOf(node.item("rows").item(0).item("tags").item(2)).is<NodeItem<string>>();
  typeOf(node.item("note")).is<NodeItem<string | undefined>>();
  typeOf(node.item("title").path).is<readonly PropertyKey[]>();
});

Deno.test("An item under an index signature may be missing", () => {
  typeOf(report().item("byName").item("ada")).is<NodeItem<number | undefined>>();
  const table = task((): { [key: string]: { total: number } } => ({}), { name: "table" });
  typeOf(table().item("x")).is<NodeItem<{ total: number } | undefined>>();
  refused(() => {
    // @ts-expect-error: it may be missing, so it has no parts
    table().item("x").item("total");
    // @ts-expect-error: it may be missing, so it is not a number
    task((n: number) => n)(report().item("byName").item("ada"));
  });
});

Deno.test("item() of an array takes an index, of a tuple one of its places", () => {
  typeOf(task((): string[] => [])().item(3)).is<NodeItem<string>>();
  typeOf(task((): readonly boolean[] => [])().item(0)).is<NodeItem<boolean>>();
  typeOf(pair().item(0)).is<NodeItem<number>>();
  typeOf(pair().item(1)).is<NodeItem<string>>();
  typeOf(task(() => new Float64Array(2))().item(0)).is<NodeItem<number>>();
  refused(() => {
    // @ts-expect-error: the tuple has two places
    pair().item(2);
    // @ts-expect-error: nor one before the first
    pair().item(-1);
    // @ts-expect-error: an array has no such key
    task((): string[] => [])().item("first");
    // @ts-expect-error: the methods of an array are no data
    task((): string[] => [])().item("map");
  });
});

Deno.test("item() refuses keys that the result does not have, and methods", () => {
  refused(() => {
    // @ts-expect-error: no such key
    report().item("subtitle");
    // @ts-expect-error: no such key at depth
    report().item("rows").item(0).item("name");
    // @ts-expect-error: a method is no data
    report().item("render");
    // @ts-expect-error: a number has no parts
    task(() => 1)().item("toFixed");
    // @ts-expect-error: undefined has no parts
    task((): void => {})().item("a");
    // @ts-expect-error: the keys of one case of a union only
    task((): { a: number } | { b: number } => ({ a: 1 }))().item("a");
  });
});

const show = task((value: string | number) => String(value), { name: "show" });

Deno.test("A tuple result can be destructured and read by place", () => {
  const node = pair();
  typeOf(node).is<TupleNode<[number, string]>>();
  const [count, name] = node;
  typeOf(count).is<NodeItem<number>>();
  typeOf(name).is<NodeItem<string>>();
  typeOf(node[0]).is<NodeItem<number>>();
  typeOf(node[1]).is<NodeItem<string>>();
  const [, [inner]] = [node, task((): [Report, null] => [report as never, null])()];
  typeOf(inner).is<NodeItem<Report>>();
  typeOf(inner.item("rows").item(0).item("id")).is<NodeItem<number>>();
  const fixed = task(() => [1, "a", true] as const, { name: "fixed" })();
  typeOf(fixed).is<TupleNode<readonly [1, "a", true]>>();
  const [, second] = fixed;
  typeOf(second).is<NodeItem<"a">>();
  const later = task((): Promise<[number, Date]> => Promise.resolve([1, new Date(0)]))();
  const [, when] = later;
  typeOf(when).is<NodeItem<Date>>();
  refused(() => {
    const [, , third] = node;
    // @ts-expect-error: there is no third place, so it is undefined
    show(third);
    // @ts-expect-error: so it is by number
    show(node[2]);
    // @ts-expect-error: a node of a tuple is not a tuple
    node.map((x: unknown) => x);
    typeOf(node[2]).is<undefined>();
    typeOf(third).is<undefined>();
    // @ts-expect-error: it has no length before a run
    typeOf(node.length).is<2>();
    // @ts-expect-error: an item of an array can not be destructured
    const [row] = report().item("rows");
    typeOf(row);
  });
});

Deno.test("Only a tuple result makes a tuple node", () => {
  typeOf(task((): number[] => [1])()).is<Node<number[]>>();
  typeOf(task((): string => "a")()).is<Node<string>>();
  typeOf(task((): [number] | null => null)()).is<Node<[number] | null>>();
});
