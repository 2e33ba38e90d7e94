/**
 * What a graph costs a node: to build, to put in order, to run; and in memory. Prints JSON lines. Every figure has its goal
 * beside it; `floor` lines are what plain objects and calls of the same functions take in the same run.
 *
 *     deno task bench:graph [--quick]
 */
import { LocalWorkflow, type Node, task } from "../mod.ts";
import { namingScope } from "../src/naming.ts";

const quick = Deno.args.includes("--quick");
const sizes = quick ? [1e3, 1e4] : [1e3, 1e4, 1e5, 1e6];

/** Eight different functions, so that no call site sees only one. */
const binary = [
  (a: number, b: number) => (a + b) | 0,
  (a: number, b: number) => (a - b) | 0,
  (a: number, b: number) => a ^ b,
  (a: number, b: number) => a & b,
  (a: number, b: number) => a | b,
  (a: number, b: number) => Math.imul(a, b),
  (a: number, b: number) => (a + 2 * b) | 0,
  (a: number, b: number) => Math.max(a, b),
];
const calls = binary.map((fn, i) => task(fn, { name: `f${i}` }));
const sum = task((values: number[]) => values.length, { name: "sum" });
const nestedCall = task((o: { a: number; list: { b: number }[] }) => (o.a + o.list[0]!.b) | 0, { name: "nested" });
// deno-lint-ignore require-await -- an asynchronous function that never waits is the cheapest one, which is what is measured
const asyncCall = task(async (a: number, b: number) => (a + b) | 0, { name: "async" });

type Shape = (
  size: number,
  call: (i: number, a: Node<number> | number, b: Node<number> | number) => Node<number>,
) => Node<unknown>;

function random(seed: number): () => number {
  return () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 4294967296;
}

const shapes: Record<string, Shape> = {
  chain(size, call) {
    let node = call(0, 1, 2);
    for (let i = 1; i < size; i++) node = call(i, node, i);
    return node;
  },
  "fan-out"(size, call) {
    const root = call(0, 1, 2);
    const leaves: Node<number>[] = [];
    for (let i = 1; i < size - 1; i++) leaves.push(call(i, root, i));
    return sum(leaves);
  },
  gather(size, call) {
    const leaves: Node<number>[] = [];
    for (let i = 0; i < size - 1; i++) leaves.push(call(i, i, 2));
    return sum(leaves);
  },
  grid(size, call) {
    const width = Math.floor(Math.sqrt(size));
    let row: (Node<number> | number)[] = Array.from({ length: width }, (_, i) => i);
    let last: Node<number> = call(0, 1, 2);
    for (let y = 0; y < width; y++) {
      const next: Node<number>[] = [];
      for (let x = 0; x < width; x++) next.push(last = call(y + x, row[x]!, x === 0 ? y : next[x - 1]!));
      row = next;
    }
    return last;
  },
  layers(size, call) {
    const next = random(42);
    const width = Math.max(2, Math.floor(size ** 0.5));
    let layer: (Node<number> | number)[] = Array.from({ length: width }, (_, i) => i);
    let made = 0;
    while (made + width < size) {
      const above = layer;
      layer = above.map((_, i) =>
        call(made + i, above[Math.floor(next() * width)]!, above[Math.floor(next() * width)]!)
      );
      made += width;
    }
    return sum(layer.filter((node) => typeof node !== "number"));
  },
};

function report(line: Record<string, unknown>): void {
  console.log(JSON.stringify(line));
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const rounded = (value: number): number => Math.round(value * 1e4) / 1e4;

interface Figures {
  readonly nodes: number;
  readonly build: number;
  readonly order: number;
  readonly run: number;
}

/**
 * Microseconds a node, once. The first run also makes the graph flat, which belongs to its order; what a run costs is seen in
 * the second one.
 */
async function once(build: () => Node<unknown>): Promise<Figures> {
  return await namingScopeOf(async (open) => {
    const started = performance.now();
    const target = open(build);
    const built = performance.now();
    const workflow = new LocalWorkflow(target, { workflowName: "bench" });
    await workflow.run();
    const ranOnce = performance.now();
    await workflow.run();
    const ranTwice = performance.now();
    const nodes = workflow.graph.size;
    const per = (time: number) => time * 1000 / nodes;
    const run = ranTwice - ranOnce;
    return { nodes, build: per(built - started), order: per(ranOnce - built - run), run: per(run) };
  });
}

/** Names start anew for every graph, as in one process for each. */
async function namingScopeOf<T>(use: (open: <N>(build: () => N) => N) => Promise<T>): Promise<T> {
  return await use((build) => namingScope(build));
}

/** The least that a graph can cost: an object with an array of two arguments for each call, then the calls in order. */
function floorOf(size: number): { readonly build: number; readonly run: number } {
  const builds: number[] = [];
  const runs: number[] = [];
  for (let round = 0; round < (size >= 1e6 ? 5 : 15); round++) {
    const started = performance.now();
    const nodes: { readonly fn: (a: number, b: number) => number; readonly args: readonly [number, number] }[] = [];
    for (let i = 0; i < size; i++) nodes.push({ fn: binary[i & 7]!, args: [i - 1, i] });
    const built = performance.now();
    const values: number[] = [1];
    for (let i = 1; i < size; i++) {
      const { fn, args } = nodes[i]!;
      values.push(fn(values[args[0]]!, args[1]));
    }
    runs.push((performance.now() - built) * 1000 / size);
    builds.push((built - started) * 1000 / size);
  }
  return { build: rounded(median(builds)), run: rounded(median(runs)) };
}

/** Most microseconds a node, from 10,000 nodes on. */
interface Goals {
  readonly run?: number;
  readonly "build+order"?: number;
  readonly all?: number;
}

async function measure(name: string, size: number, build: () => Node<unknown>, goals: Goals) {
  const rounds = quick ? 3 : Math.max(5, Math.min(60, Math.floor(2e6 / size)));
  const warm = Math.max(1, Math.floor(rounds / 3));
  const all: Figures[] = [];
  for (let i = 0; i < rounds + warm; i++) {
    const figures = await once(build);
    if (i >= warm) all.push(figures);
  }
  const [buildCost, order, run] = [
    median(all.map((f) => f.build)),
    median(all.map((f) => f.order)),
    median(all.map((f) => f.run)),
  ];
  const figures = { run, "build+order": buildCost + order, all: buildCost + order + run };
  const met = (Object.keys(figures) as (keyof Goals)[]).every((key) => figures[key] <= (goals[key] ?? Infinity));
  report({
    bench: "graph",
    shape: name,
    nodes: all[0]!.nodes,
    unit: "µs/node",
    build: rounded(buildCost),
    order: rounded(order),
    run: rounded(run),
    goal: goals,
    ok: size < 1e4 || met,
  });
  return { build: buildCost + order, run };
}

/** Bytes a node, after the garbage is gone; needs `--v8-flags=--expose-gc`. */
function memory(name: string, build: () => Node<unknown>): void {
  const gc: unknown = Reflect.get(globalThis, "gc");
  if (typeof gc !== "function") return;
  const used = () => {
    gc();
    const { heapUsed, external } = Deno.memoryUsage();
    return heapUsed + external;
  };
  const before = used();
  const workflow = new LocalWorkflow(namingScope(build), { workflowName: "bench" });
  // Making the plan of a run compiles the graph; the compiled form is part of what a node takes.
  void workflow.run();
  const bytes = (used() - before) / workflow.graph.size;
  report({
    bench: "memory",
    shape: name,
    nodes: workflow.graph.size,
    unit: "bytes/node",
    value: Math.round(bytes),
    goal: 250,
    ok: bytes <= 250,
  });
}

async function cold(size: number): Promise<void> {
  const target = namingScope(() => shapes["chain"]!(size, (i, a, b) => calls[i & 7]!(a, b)));
  await new LocalWorkflow(target, { workflowName: "cold" }).run();
}

if (Deno.args.includes("--cold")) {
  const started = performance.now();
  await cold(1e5);
  console.log((performance.now() - started) * 1000 / 1e5);
  Deno.exit();
}

const callAt = (i: number, a: Node<number> | number, b: Node<number> | number) => calls[i & 7]!(a, b);
// First, while this process is still small: a child of a process with a large heap starts cold in more than one sense.
const colds: number[] = [];
for (let i = 0; i < 7; i++) {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-read", "--allow-sys", "--no-check", import.meta.filename!, "--cold"],
  }).output();
  colds.push(Number(new TextDecoder().decode(stdout)));
}
report({
  bench: "cold process",
  nodes: 1e5,
  unit: "µs/node in all",
  value: rounded(median(colds)),
  goal: 1.2,
  ok: median(colds) <= 1.2,
});
for (const size of sizes) report({ bench: "floor", nodes: size, unit: "µs/node", ...floorOf(size) });
for (const [name, shape] of Object.entries(shapes)) {
  const costs: number[] = [];
  for (const size of sizes) {
    const { build, run } = await measure(name, size, () => shape(size, callAt), { run: 0.1, "build+order": 0.6 });
    costs.push(build + run);
  }
  report({ bench: "linear", shape: name, sizes, "µs/node": costs.map(rounded), note: "flat means linear" });
}
for (const size of sizes.filter((s) => s <= 1e5)) {
  await measure(
    "nested objects",
    size,
    () => shapes["chain"]!(size, (i, a, b) => nestedCall({ a, list: [{ b: i % 2 ? b : 1 }] })),
    { all: 2 },
  );
  await measure("asynchronous chain", size, () => shapes["chain"]!(size, (_, a, b) => asyncCall(a, b)), { run: 1 });
  await measure("asynchronous fan-out", size, () => shapes["fan-out"]!(size, (_, a, b) => asyncCall(a, b)), { run: 1 });
}
for (const [name, shape] of Object.entries(shapes)) {
  memory(name, () => shape(quick ? 1e4 : 1e6, callAt));
}
