/**
 * Orders that are fulfilled: stock is reserved, large orders wait for somebody to approve them, each line is packed by itself, and what nobody
 * decides in time is let go.
 *
 * Each order is a durable run in a Deno KV file under its own number, so starting the script again starts no order twice: it goes on with what
 * is not done, and prints the rest as it ended.
 *
 *     deno run --unstable-kv --allow-read --allow-write=.fusewire examples/orders.ts
 */
import {
  approval,
  branch,
  context,
  type Decision,
  defineWorkflow,
  type Input,
  map,
  openRuntime,
  optional,
  sleep,
  task,
} from "@fusewire/fusewire";
import data from "./orders/orders.json" with { type: "json" };

/** Some of one thing. */
interface Line {
  readonly item: keyof typeof data.prices;
  readonly count: number;
}

/** What somebody wants. */
interface Order {
  readonly id: string;
  readonly customer: string;
  readonly lines: readonly Line[];
}

/** From so much on somebody has to approve. */
const LARGE = 1_000;

/** How long they may take, in milliseconds. */
const PATIENCE = 2_000;

const stock = new Map(Object.entries(data.stock));

const total = task(function total(lines: readonly Line[]) {
  return lines.reduce((sum, { item, count }) => sum + data.prices[item] * count, 0);
}, { pure: true });

const isLarge = task((sum: number) => sum >= LARGE, { name: "isLarge", pure: true });

const reserve = task(function reserve(lines: readonly Line[]) {
  const missing = lines.filter(({ item, count }) => (stock.get(item) ?? 0) < count);
  if (missing.length > 0) throw new Error(`there is no ${missing.map(({ item }) => item).join(", ")} left`);
  for (const { item, count } of lines) stock.set(item, (stock.get(item) ?? 0) - count);
  // Where it is called again after a crash, a warehouse would know this key.
  return context().idempotencyKey;
});

const release = task(function release(lines: readonly Line[], _reservation: string) {
  for (const { item, count } of lines) stock.set(item, (stock.get(item) ?? 0) + count);
});

const verdict = task(function verdict(decision: Decision | undefined) {
  if (decision === undefined) return "nobody decided";
  return decision.approved ? "approved" : "rejected";
}, { pure: true });

const pack = task(async function pack({ item, count }: Line) {
  await new Promise((resolve) => setTimeout(resolve, 20 * count));
  return `${count} × ${item}`;
}, { retry: { maxAttempts: 3 } });

const ship = task((customer: string, parcels: readonly (string | undefined)[], sum: number) => {
  return `shipped to ${customer}: ${parcels.join(", ")}, ${sum} €`;
}, { name: "ship" });

const letGo = task((customer: string, why: string) => `let go for ${customer}: ${why}`, { name: "letGo" });

const fulfil = defineWorkflow("fulfil", { version: "1" }, (order: Input<Order>) => {
  const sum = total(order.lines);
  const reservation = reserve(order.lines);
  const decided = branch(isLarge(sum), {
    true: () => verdict(optional(approval("decision", { timeout: PATIENCE }).after(reservation))),
    false: () => verdict({ approved: true }),
  });
  const goOn = branch(decided, {
    approved: () => ship(order.customer, map(order.lines, pack).after(reservation), sum),
    default: () => letGo(order.customer, decided).after(release(order.lines, reservation)),
  });
  const ask = task((customer: string) => `${customer} was asked how it was`, { name: "askForReview" });
  // A shop would wait for a week; the run is at rest meanwhile, in no process.
  ask(order.customer).after(sleep(100).after(goOn));
  return goOn;
});

await Deno.mkdir(".fusewire", { recursive: true });
await using runtime = await openRuntime({ kv: ".fusewire/orders.db" });
const orders: readonly Order[] = data.orders.map((order) => ({
  ...order,
  lines: order.lines.map(({ item, count }) => ({ item: item as Line["item"], count })),
}));
const runs = await Promise.all(orders.map((order) => runtime.start(fulfil, order, { id: order.id })));

const stop = new AbortController();
const serving = runtime.worker([fulfil]).run({ signal: stop.signal });

// Somebody decides about two of the three large orders. This may come before the run waits for it, from any process, or not at all.
const isOpen = async (id: string): Promise<boolean> =>
  ["PENDING", "RUNNING"].includes((await runtime.get(id).status()).status);
if (await isOpen("order-1002")) await runtime.get("order-1002").signal("decision", { approved: true, by: "Ada" });
if (await isOpen("order-1003")) {
  await runtime.get("order-1003").signal("decision", { approved: false, by: "Ada", comment: "too many desks" });
}

for (const run of runs) {
  try {
    console.log(`${run.id} ${await run.result()}`);
  } catch (error) {
    console.log(`${run.id} failed: ${error instanceof Error ? error.message : error}`);
  }
}
stop.abort();
await serving;
