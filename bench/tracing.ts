/**
 * What a trace costs a step: runs of 10,000 steps with and without a tracer, in turns. Prints JSON lines. `none` is what the same run
 * takes without one.
 *
 *     deno task bench:tracing [--quick]
 */
import {
  defineWorkflow,
  FileTracer,
  LocalWorkflow,
  type Node,
  openRuntime,
  task,
  TelemetryPlugin,
  type Tracer,
} from "../mod.ts";
import { namingScope } from "../src/naming.ts";

const goal = 5;
const steps = 10_000;
const rounds = Deno.args.includes("--quick") ? 3 : 15;
const folder = await Deno.makeTempDir();

const add = task((a: number, b: number) => (a + b) | 0, { name: "add", pure: true });
// deno-lint-ignore require-await -- an asynchronous function that never waits is the cheapest one, which is what is measured
const addLater = task(async (a: number, b: number) => (a + b) | 0, { name: "addLater" });

function chain(make: (before: Node<number> | number, n: number) => Node<number>): Node<number> {
  let node = make(0, 0);
  for (let n = 1; n < steps; n++) node = make(node, n);
  return node;
}

const definition = defineWorkflow("durable", { version: "1" }, () => chain(add));

/** Each kind of run, in microseconds a step. */
const kinds: Record<string, (tracer: Tracer | undefined) => Promise<number>> = {
  "synchronous chain": (tracer) => local(add, tracer),
  "asynchronous chain": (tracer) => local(addLater, tracer),
  "durable chain of pure steps, in memory": durable,
};

async function local(make: typeof add | typeof addLater, tracer: Tracer | undefined): Promise<number> {
  const workflow = new LocalWorkflow(namingScope(() => chain(make)), { workflowName: "bench" });
  if (tracer !== undefined) workflow.setTracer(tracer);
  return await timed(() => workflow.run());
}

async function durable(tracer: Tracer | undefined): Promise<number> {
  await using runtime = await openRuntime({ kv: ":memory:", ...(tracer === undefined ? {} : { tracer }) });
  return await timed(() => runtime.run(definition));
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run();
  return (performance.now() - started) * 1_000 / steps;
}

/** Of the fastest rounds, since whatever else a machine does can only make a round slower. */
const lowest = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 3]!;
const rounded = (value: number): number => Math.round(value * 100) / 100;

const tracers: Record<string, (path: string) => (Tracer & Disposable) | undefined> = {
  none: () => undefined,
  "no-op": () => ({ open: () => ({ event: () => {}, close: () => {} }), [Symbol.dispose]: () => {} }),
  "telemetry without an SDK": () => Object.assign(new TelemetryPlugin(), { [Symbol.dispose]: () => {} }),
  file: (path) => new FileTracer({ path }),
};

for (const [kind, run] of Object.entries(kinds)) {
  const times = new Map(Object.keys(tracers).map((name) => [name, [] as number[]]));
  for (let round = -2; round < rounds; round++) {
    for (const [name, make] of Object.entries(tracers)) {
      const path = `${folder}/${round}.jsonl`;
      using tracer = make(path);
      const time = await run(tracer);
      if (round >= 0) times.get(name)!.push(time);
      if (name === "file") await Deno.remove(path);
    }
  }
  const none = lowest(times.get("none")!);
  for (const [name, all] of times) {
    if (name === "none") continue;
    const value = lowest(all) - none;
    console.log(JSON.stringify({
      bench: "tracing",
      run: kind,
      tracer: name,
      steps,
      unit: "µs/step",
      value: rounded(value),
      none: rounded(none),
      goal,
      ok: value <= goal,
    }));
  }
}
await Deno.remove(folder, { recursive: true });
