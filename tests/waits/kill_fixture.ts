/**
 * What the processes of the kill tests run: a map whose items many workers share, and runs of another definition within.
 *
 *     deno run kill_fixture.ts <KV>              serves until SIGTERM, and prints `ready` when it can
 *     deno run kill_fixture.ts <KV> <log> <kind> starts a run for others to work on, and prints what came of it
 *
 * @module
 */
import { context, defineWorkflow, type Input, map, openRuntime, subWorkflow, task } from "@fusewire/fusewire";

/** How many items the lists have. */
export const COUNTS = { items: 80, children: 20 } as const;

interface Item {
  readonly log: string;
  readonly n: number;
}

const items = task(
  (log: string, count: number) => Array.from({ length: count }, (_, n): Item => ({ log, n })),
  { name: "items" },
);

/** Writes a line for each call, and gives it back: no other call gives the same. */
const work = task(async function work({ log, n }: Item, after?: string): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, 5 + n % 7));
  const line = `${n} ${after === undefined ? "first" : "second"} ${Deno.pid} ${context().fence}`;
  Deno.writeTextFileSync(log, `${line}\n`, { append: true });
  return line;
});

const child = defineWorkflow("child", { version: "1" }, (item: Input<Item>) => work(item, work(item)));

const kinds = {
  items: defineWorkflow(
    "items",
    { version: "1" },
    ({ log }: Input<{ log: string }>) => map(items(log, COUNTS.items), (item) => work(item, work(item))),
  ),
  children: defineWorkflow(
    "children",
    { version: "1" },
    ({ log }: Input<{ log: string }>) => map(items(log, COUNTS.children), (item) => subWorkflow(child, item)),
  ),
};

if (import.meta.main) {
  const [kv = "", log, kind] = Deno.args;
  await using runtime = await openRuntime({ kv, lease: 1_000 });
  if (log === undefined) {
    const worker = runtime.worker([kinds.items, kinds.children], { concurrency: 4 }).run();
    console.log("ready");
    await worker;
  } else {
    const run = await runtime.start(kind === "children" ? kinds.children : kinds.items, { log }, { id: "r" });
    console.log(JSON.stringify({ result: await run.result(), status: await run.status() }));
  }
}
