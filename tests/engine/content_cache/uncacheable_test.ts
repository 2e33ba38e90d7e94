import { expect } from "@std/expect";
import {
  ChunkedArray,
  defineWorkflow,
  type Definition,
  type Input,
  MemoryObjectStore,
  MemoryRuntimeStorage,
  openRuntime,
  type RunEvent,
  type Runtime,
  task,
} from "@fusewire/fusewire";
import { onEachStorage } from "../storages.ts";

const log: string[] = [];
const calls = (): string[] => log.splice(0);

/** Runs a definition, and gives its warnings. */
async function warningsOf(runtime: Runtime, definition: Definition<void, unknown>): Promise<string[]> {
  const id = crypto.randomUUID();
  await runtime.run(definition, undefined, { id });
  const events: RunEvent[] = await Array.fromAsync(runtime.get(id).events());
  return events.flatMap((event) => event.event === "warning" ? event.message : []);
}

class Counter {
  #count = 0;
  add(n: number): number {
    log.push(`add ${n}`);
    return this.#count += n;
  }
}
const makeCounter = task(Counter);
const apply = task((f: (n: number) => number, n: number) => {
  log.push(`apply ${n}`);
  return f(n);
}, { name: "apply" });
const ask = task((counter: Counter) => {
  log.push("ask");
  return counter.add(10);
}, { name: "ask" });
const plain = task((n: number) => {
  log.push(`plain ${n}`);
  return n + 1;
}, { name: "plain" });
const bound = task(
  function add(this: unknown, n: number) {
    log.push("bound");
    return n;
  }.bind(null),
  { name: "bound" },
);

const mixed = defineWorkflow("mixed", { version: "1", cache: "content" }, () => {
  const counter = makeCounter();
  const first = counter.add(1);
  return [
    apply((n) => 2 * n, 1),
    apply((n) => 3 * n, 2),
    plain(ask(counter).after(first)),
    bound(1),
    bound(2).with({ version: "1" }),
  ];
});

onEachStorage(
  "What has no content to compare is run every time, and a warning says why, once a task",
  async (world) => {
    calls();
    await using process = await world.process();
    const expected = [
      "`apply_0000` can not be cached by content, because Input `f` has no content to compare: $ is a function",
      "`ask_0000` can not be cached by content, because Input `counter` has no content to compare: ",
      "`bound_0000` can not be cached by content, because The source of `bound add` can not be read, because it is built " +
      "in or bound; give the task a `version`.",
    ];
    const first = await warningsOf(process.runtime, mixed);
    expect(first.toSorted().map((message, i) => message.slice(0, expected[i]?.length))).toEqual(expected);
    expect(calls().toSorted()).toEqual(
      ["add 1", "add 10", "apply 1", "apply 2", "ask", "bound", "bound", "plain 11"],
    );
    expect((await warningsOf(process.runtime, mixed)).length).toBe(3);
    // What is below hits all the same: the result of `ask` came out the same.
    expect(calls().toSorted()).toEqual(["add 1", "add 10", "apply 1", "apply 2", "ask", "bound"]);
  },
);

const chunks = task(() => {
  log.push("chunks");
  return ChunkedArray.create({ shape: [4], chunks: [2], dtype: "float64" }, ({ shape }) => {
    return new Float64Array(shape[0]!).fill(3);
  });
}, { name: "chunks" });
const sum = task(async (array: ChunkedArray) => {
  log.push("sum");
  let sum = 0;
  for await (const { data } of array) for (const of of data) sum += Number(of);
  return sum;
}, { name: "sum" });
const chunked = defineWorkflow("chunked", { version: "1", cache: "content" }, () => plain(sum(chunks())));

Deno.test("Chunked arrays are neither kept nor compared; what is made of what they give is", async () => {
  calls();
  await using runtime = await openRuntime({
    runtimeStorage: new MemoryRuntimeStorage(),
    storage: new MemoryObjectStore(),
  });
  const expected = [
    "`chunks_0000` can not be cached by content, because its result is kept in files by a serializer.",
    expect.stringMatching(
      /^`sum_0000` can not be cached by content, because Input `array` has no content to compare: /,
    ),
  ];
  expect(await warningsOf(runtime, chunked)).toEqual(expected);
  expect(calls()).toEqual(["chunks", "sum", "plain 12"]);
  expect(await warningsOf(runtime, chunked)).toEqual(expected);
  expect(calls()).toEqual(["chunks", "sum"]);
});

Deno.test("A store that keeps no results for other runs is told of once a run, and every step is run", async () => {
  calls();
  class Forgetful extends MemoryRuntimeStorage {}
  Object.defineProperty(Forgetful.prototype, "readCached", { value: undefined });
  await using runtime = await openRuntime({ runtimeStorage: new Forgetful() });
  const two = defineWorkflow("two", { version: "1", cache: "content" }, () => plain(plain(1)));
  for (let run = 0; run < 2; run++) {
    expect(await warningsOf(runtime, two)).toEqual([
      "The runtime storage keeps no results for other runs, so that the content cache is off.",
    ]);
    expect(calls()).toEqual(["plain 1", "plain 2"]);
  }
});

Deno.test("A step that reads a part that is not there fails as it does without the cache", async () => {
  await using runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage() });
  const list = task((of: number) => [of], { name: "list" });
  const broken = defineWorkflow(
    "broken",
    { version: "1", cache: "content" },
    (input: Input<{ of: number }>) => plain(list(input.of).item(5)),
  );
  for (let run = 0; run < 2; run++) {
    await expect(runtime.run(broken, { of: 1 })).rejects.toThrow(/out of range/);
  }
});
