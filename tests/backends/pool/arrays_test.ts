import { expect } from "@std/expect";
import { LocalWorkflow, MemoryStorage, NdArray, type Node, PoolWorkflow, RetryPolicy } from "@fusewire/fusewire";
import {
  echo,
  keptBytes,
  makeAndGive,
  makeAndKeep,
  makeBuffered,
  ones,
  part,
  resizable,
  spoil,
  sum,
  table,
  tableSum,
  views,
  wasm,
} from "../pool_fixtures/arrays.ts";
import { poolTest } from "./counted_workers.ts";

const workflowName = "arrays";
const options = { workflowName, workers: 1 };
const LENGTH = 8 * 1024 * 1024;

/** How many buffers this thread has copied, to send the copy. */
async function copiesDuring(body: () => Promise<void>): Promise<number> {
  const { slice } = ArrayBuffer.prototype;
  let copies = 0;
  ArrayBuffer.prototype.slice = function (begin?: number, end?: number): ArrayBuffer {
    copies++;
    return slice.call(this, begin, end);
  };
  try {
    await body();
  } finally {
    ArrayBuffer.prototype.slice = slice;
  }
  return copies;
}

poolTest(
  "A result of 64 MiB is moved where its task says that nothing is kept: the worker's array is detached",
  async () => {
    const array = makeAndGive(LENGTH);
    const [result, left] = await new PoolWorkflow([array, keptBytes(array)], options).run();
    expect(left).toBe(0);
    expect([result.length, result[0], result.at(-1)]).toEqual([LENGTH, 1, 1]);
  },
);

poolTest("An array that a module keeps stays as it is, and comes again the next time", async () => {
  const array = makeAndKeep(LENGTH);
  const [result, left] = await new PoolWorkflow([array, keptBytes(array)], options).run();
  expect([result.length, left]).toEqual([LENGTH, 8 * LENGTH]);
});

poolTest("The result of the last call of a run is moved, because its worker makes no other", async () => {
  const { postMessage } = Worker.prototype;
  const moves: unknown[] = [];
  Worker.prototype.postMessage = function (this: Worker, ...args: unknown[]): void {
    const [message] = args;
    if (typeof message === "object" && message !== null && "move" in message) moves.push(message.move);
    Reflect.apply(postMessage, this, args);
  };
  try {
    const array = makeAndKeep(LENGTH);
    const pool = new PoolWorkflow(array, options);
    expect((await pool.run())[0]).toBe(1);
    expect(moves).toEqual([true]);
    const results = await Promise.all([pool.run(), pool.run()]);
    expect(results.map(({ length }) => length)).toEqual([LENGTH, LENGTH]);
    expect(moves).toEqual([true, false, false]);
    await new PoolWorkflow(keptBytes(array), options).run();
    expect(moves.slice(3)).toEqual([false, true]);
  } finally {
    Worker.prototype.postMessage = postMessage;
  }
});

poolTest("An instance keeps the array that it gives out", async () => {
  const buffered = makeBuffered();
  const targets = [buffered.add(1), buffered.add(2), buffered.add(3)];
  const results = await new PoolWorkflow(targets, options).run();
  expect(results.map((array) => array[0])).toEqual([1, 3, 6]);
});

poolTest("An argument is moved to its last reader", async () => {
  const count = sum(ones(LENGTH));
  const copies = await copiesDuring(async () => {
    expect(await new PoolWorkflow(count, options).run()).toBe(LENGTH);
  });
  expect(copies).toBe(0);
});

poolTest("An argument that another node reads, or that is a target, stays intact", async () => {
  const array = ones(LENGTH / 8);
  const spoiled = spoil(array);
  const after = sum(array).after(spoiled);
  const result = await new PoolWorkflow([spoiled, after, array], { workflowName, workers: 2 }).run();
  expect([result[0], result[1], result[2][0]]).toEqual([LENGTH / 8, LENGTH / 8, 1]);
});

poolTest("A part of a result is moved to the last reader of the whole, but not before", async () => {
  const whole = echo({ a: new Float64Array(LENGTH / 8).fill(1), b: new Float64Array(LENGTH / 8).fill(2) });
  const first = sum(whole.item("a"));
  const second = sum(whole.item("b")).after(first);
  const third = sum(whole.item("a")).after(second);
  const targets: Node<number>[] = [first, second, third];
  const copies = await copiesDuring(async () => {
    expect(await new PoolWorkflow(targets, options).run()).toEqual([LENGTH / 8, LENGTH / 4, LENGTH / 8]);
  });
  // The two arrays that the caller gave, and the two parts that were not read for the last time.
  expect(copies).toBe(4);
});

poolTest("What the caller gave stays with the caller", async () => {
  const own = new Float64Array(LENGTH / 8).fill(1);
  expect(await new PoolWorkflow(spoil(own), options).run()).toBe(own.length);
  expect([own.length, own[0]]).toEqual([LENGTH / 8, 1]);
  const result = await new PoolWorkflow(ones(LENGTH / 8), options).run();
  expect(await new PoolWorkflow(spoil(result), options).run()).toBe(LENGTH / 8);
  expect(result[0]).toBe(1);
});

const seen: { readonly value: unknown }[] = [];
const careful: readonly {
  readonly because: string;
  readonly run: (workflow: PoolWorkflow<Node<number>>) => void;
}[] = [
  { because: "a storage may still be writing it", run: (workflow) => workflow.setStorage(new MemoryStorage()) },
  {
    because: "a plugin has seen it",
    run: (workflow) =>
      workflow.setPlugin("ones_*", {
        finished: (outcome) => {
          if (outcome.status === "SUCCEEDED") seen.push(outcome);
        },
      }),
  },
  {
    because: "the call may be repeated",
    run: (workflow) => workflow.query("spoil_*").setOptions({ retry: { maxAttempts: 2 } }),
  },
  {
    because: "a policy may repeat the call",
    run: (workflow) => workflow.query("spoil_*").setOptions({ policies: [new RetryPolicy()] }),
  },
  {
    because: "a policy has seen it",
    run: (workflow) =>
      workflow.query("ones_*").setOptions({ policies: [{ onSuccess: (value) => void seen.push({ value }) }] }),
  },
];

for (const { because, run } of careful) {
  poolTest(`An argument is not moved if ${because}`, async () => {
    const array = ones(LENGTH / 8);
    const workflow = new PoolWorkflow(spoil(array), options);
    run(workflow);
    seen.length = 0;
    expect(await copiesDuring(async () => void (await workflow.run()))).toBe(1);
    for (const { value } of seen) expect(value instanceof Float64Array && value.every((each) => each === 1)).toBe(true);
    if (because.includes("seen")) expect(seen.length).toBe(1);
  });
}

poolTest("An argument is not moved if a condition has looked at it", async () => {
  let looked: Float64Array | undefined;
  const array = ones(LENGTH / 8);
  const spoiled = spoil(array).when(array, (value) => {
    looked = value;
    return true;
  });
  await new PoolWorkflow(spoiled, options).run();
  expect([looked?.length, looked?.[0]]).toEqual([LENGTH / 8, 1]);
});

poolTest("Views of one buffer share it on the other side too", async () => {
  const node = views();
  const [result, again] = await new PoolWorkflow([node, echo(node)], options).run();
  for (const { head, tail, buffer } of [result, again]) {
    expect(head.buffer).toBe(buffer);
    expect(tail.buffer).toBe(buffer);
    expect([head[0], head.length, tail.length, tail.byteOffset]).toEqual([3, 16, 2, buffer.byteLength - 16]);
  }
});

poolTest("Parts of arrays, memory of WebAssembly and resizable buffers arrive whole", async () => {
  const targets = [part(), wasm(), resizable(), echo(wasm())] as const;
  const [small, memory, growing, back] = await new PoolWorkflow(targets, options).run();
  expect([small.length, small[0]]).toEqual([100, 9]);
  expect([memory.length, memory[0], memory.at(-1)]).toEqual([131_072, 5, 5]);
  expect([growing.length, growing[0]]).toEqual([1 << 20, 2]);
  expect(back).toEqual(memory);
});

poolTest("An NdArray goes there and back, moved and copied", async () => {
  const node = table();
  const targets = [tableSum(node), node] as const;
  const [count, result] = await new PoolWorkflow(targets, options).run();
  expect(count).toBe(4 * (1 << 17));
  expect(result).toBeInstanceOf(NdArray);
  expect([result.shape, result.get(1, 5)]).toEqual([[2, 1 << 16], 4]);
  expect(await new PoolWorkflow(tableSum(table()), options).run()).toBe(4 * (1 << 17));
});

poolTest("Arrays that share their memory are shared, not copied", async () => {
  const shared = new Float64Array(new SharedArrayBuffer(1 << 20));
  await new PoolWorkflow(spoil(shared), options).run();
  expect(shared[5]).toBe(-1);
  shared.fill(0);
  await new LocalWorkflow(spoil(shared), options).run();
  expect(shared[5]).toBe(-1);
});
