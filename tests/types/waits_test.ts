import {
  approval,
  branch,
  type Decision,
  defineWorkflow,
  type Input,
  map,
  mapSettled,
  type Node,
  type NodeItem,
  optional,
  type SettledItem,
  sleep,
  type StandardSchema,
  subWorkflow,
  task,
  waitForSignal,
} from "@fusewire/fusewire";
import { refused, typeOf } from "./type_of.ts";

const text = task(() => "a", { name: "text" });
const count = task(() => 1, { name: "count" });
const when = task(() => new Date(), { name: "when" });
const either = task((): number | Date => 1, { name: "either" });
const words = task((): readonly string[] => ["a"], { name: "words" });
const length = task((word: string) => word.length, { name: "length" });
const sum = task((...all: (number | undefined)[]) => all.length, { name: "sum" });
const people = task(() => [{ name: "Ada", tags: ["a"] }], { name: "people" });

Deno.test("sleep() takes times and nodes of them, and gives nothing", () => {
  typeOf(sleep(5)).is<Node<void>>();
  typeOf(sleep(new Date())).is<Node<void>>();
  typeOf(sleep(count())).is<Node<void>>();
  typeOf(sleep(when())).is<Node<void>>();
  typeOf(sleep(either())).is<Node<void>>();
  refused(() => {
    // @ts-expect-error a text is no time
    sleep("5");
    // @ts-expect-error nor is a node of one
    sleep(text());
    // @ts-expect-error nor what may be missing
    sleep(optional(count()));
  });
});

Deno.test("waitForSignal() gives what it is told, or what the schema gives back", () => {
  typeOf(waitForSignal("s")).is<Node<unknown>>();
  typeOf(waitForSignal<{ n: number }>("s")).is<Node<{ n: number }>>();
  typeOf(waitForSignal(text(), { timeout: 5 })).is<Node<unknown>>();
  const schema: StandardSchema<string, Date> = {
    "~standard": { version: 1, vendor: "test", validate: (value) => ({ value: new Date(String(value)) }) },
  };
  typeOf(waitForSignal("s", { schema })).is<Node<Date>>();
  const asynchronous = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value: unknown): Promise<{ value: number } | { issues: { message: string }[] }> =>
        Promise.resolve(typeof value === "number" ? { value } : { issues: [{ message: "no" }] }),
    },
  } as const;
  typeOf(waitForSignal("s", { schema: asynchronous })).is<Node<number>>();
  refused(() => {
    // @ts-expect-error a name is a text
    waitForSignal(5);
    // @ts-expect-error a name is a text
    waitForSignal(count());
    // @ts-expect-error a schema has a property of the standard
    waitForSignal("s", { schema: {} });
    // @ts-expect-error milliseconds
    waitForSignal("s", { timeout: "5" });
    // @ts-expect-error the schema gives something else
    waitForSignal<number>("s", { schema });
  });
});

Deno.test("approval() gives a decision", () => {
  const decision = approval("a");
  typeOf(decision).is<Node<Decision>>();
  typeOf(decision.item("approved")).is<NodeItem<boolean>>();
  typeOf(decision.item("by")).is<NodeItem<string | undefined>>();
  typeOf(branch(decision.item("approved"), { true: () => text(), false: () => count() })).is<Node<string | number>>();
  refused(() => {
    // @ts-expect-error a case is missing
    branch(decision.item("approved"), { true: () => text() });
    // @ts-expect-error it has a schema of its own
    approval("a", { schema: undefined });
  });
});

Deno.test("map() knows the item and what its body gives", () => {
  typeOf(map(words(), length)).is<Node<(number | undefined)[]>>();
  typeOf(map(words(), (word) => {
    typeOf(word).is<NodeItem<string>>();
    return length(word);
  })).is<Node<(number | undefined)[]>>();
  typeOf(map(people(), (person) => {
    typeOf(person.item("name")).is<NodeItem<string>>();
    return map(person.item("tags"), length);
  })).is<Node<((number | undefined)[] | undefined)[]>>();
  const pair = task((word: string): [number, string] => [word.length, word], { name: "pair" });
  typeOf(map(words(), (word) => pair(word).item(1))).is<Node<(string | undefined)[]>>();
  typeOf(mapSettled(words(), length)).is<Node<SettledItem<number>[]>>();
  const ofInput = (input: Input<{ words: string[] }>) => map(input.words, length, { concurrency: 2 });
  typeOf<ReturnType<typeof ofInput>>().is<Node<(number | undefined)[]>>();
  refused(() => {
    // @ts-expect-error a list is a node of an array
    map(["a"], length);
    // @ts-expect-error a list is a node of an array
    map(text(), length);
    // @ts-expect-error the items are texts
    map(words(), (word) => sum(word));
    // @ts-expect-error a body gives a reference
    map(words(), () => 1);
    // @ts-expect-error a body is synchronous
    map(words(), async (word) => await length(word));
    // @ts-expect-error a share is a number
    map(words(), length, { minSuccessRatio: "half" });
    // @ts-expect-error it does not fail because of items
    mapSettled(words(), length, { minSuccessRatio: 0.5 });
  });
});

Deno.test("subWorkflow() takes the input of the definition, and gives its result", () => {
  const none = defineWorkflow("none", { version: "1" }, () => text());
  const one = defineWorkflow(
    "one",
    { version: "1" },
    (input: Input<{ word: string }>) => [length(input.word), text()] as const,
  );
  const list = defineWorkflow(
    "list",
    { version: "1" },
    (input: Input<{ words: string[] }>) => map(input.words, length),
  );
  typeOf(subWorkflow(none)).is<Node<string>>();
  typeOf(subWorkflow(one, { word: "a" }).item(0)).is<NodeItem<number>>();
  typeOf(subWorkflow(one, { word: text() }).item(1)).is<NodeItem<string>>();
  typeOf(subWorkflow(list, { words: [text(), "b"] })).is<Node<(number | undefined)[]>>();
  const inMap = map(people(), (person) => subWorkflow(one, { word: person.item("name") }).item(1));
  typeOf(inMap).is<Node<(string | undefined)[]>>();
  refused(() => {
    // @ts-expect-error the input is missing
    subWorkflow(one);
    // @ts-expect-error of another type
    subWorkflow(one, { word: 5 });
    // @ts-expect-error a node of another type
    subWorkflow(one, { word: count() });
    // @ts-expect-error it takes none
    subWorkflow(none, { word: "a" });
    // @ts-expect-error no definition
    subWorkflow(text);
  });
});
