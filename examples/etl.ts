/**
 * A durable pipeline on real data: extract three months of flights, clean them, aggregate them, and report, with a chart.
 *
 * Every step's result is committed to a Deno KV file. Kill the process at any time, with `kill -9` too, and start it again: it goes on
 * from the last commit. The report is written to .fusewire/flights.txt, the chart to .fusewire/flights.svg.
 *
 *     deno run --unstable-kv --allow-read --allow-write=.fusewire examples/etl.ts
 *
 * With a pause in every step, so that there is time to kill it:
 *
 *     deno run --unstable-kv --allow-read --allow-write=.fusewire examples/etl.ts --slowly
 */
import { context, defineWorkflow, type Input, openRuntime, task } from "@fusewire/fusewire";
import "npm:vega-datasets@3.2.1";

/** One flight of the data set. */
interface Flight {
  readonly hour: number;
  readonly delay: number;
  readonly route: string;
}

/** How many flights there were, and how late they were in all, in minutes. */
interface Total {
  readonly flights: number;
  readonly delay: number;
}

/** Prints that a step is at work, and pauses with `--slowly`. */
async function atWork(what: string): Promise<void> {
  console.log(`${context().nodeName}: ${what}`);
  if (Deno.args.includes("--slowly")) await new Promise((resolve) => setTimeout(resolve, 400));
}

const extract = task(async function extract(source: string, month: string) {
  await atWork(`reads ${month} of ${source}`);
  const file = new URL(`../data/${source}.json`, import.meta.resolve("npm:vega-datasets@3.2.1"));
  const records: Record<string, unknown>[] = (await import(file.href, { with: { type: "json" } })).default;
  return records.filter(({ date }) => String(date).startsWith(month));
}, { retry: { maxAttempts: 3 } });

const clean = task(async function clean(records: readonly Record<string, unknown>[]) {
  await atWork(`checks ${records.length} flights`);
  const seen = new Set<string>();
  const flights: Flight[] = [];
  for (const { date, delay, origin, destination } of records) {
    const key = `${date} ${origin} ${destination}`;
    const hour = Number(/ (\d\d):/.exec(String(date))?.[1]);
    if (seen.has(key) || !(hour >= 0 && hour < 24) || typeof delay !== "number" || delay > 600) continue;
    seen.add(key);
    flights.push({ hour, delay, route: `${origin} → ${destination}` });
  }
  return flights;
});

// These have no side effects, so that what reads them need not wait until they are committed.
const aggregate = task(function aggregate(flights: readonly Flight[], by: "hour" | "route"): Map<string, Total> {
  const totals = new Map<string, Total>();
  for (const flight of flights) {
    const key = String(flight[by]);
    const { flights, delay } = totals.get(key) ?? { flights: 0, delay: 0 };
    totals.set(key, { flights: flights + 1, delay: delay + flight.delay });
  }
  return totals;
}, { pure: true });

const merge = task(function merge(parts: readonly Map<string, Total>[]): Map<string, Total> {
  const all = new Map<string, Total>();
  for (const [key, { flights, delay }] of parts.flatMap((part) => [...part])) {
    const sum = all.get(key) ?? { flights: 0, delay: 0 };
    all.set(key, { flights: sum.flights + flights, delay: sum.delay + delay });
  }
  return all;
}, { pure: true });

/** Minutes that a flight was late, on average. */
function average({ flights, delay }: Total): number {
  return delay / flights;
}

const chart = task(function chart(byHour: Map<string, Total>): string {
  const bars = Array.from({ length: 24 }, (_, hour) => {
    const late = average(byHour.get(String(hour)) ?? { flights: 1, delay: 0 });
    const height = Math.max(0, late) * 8;
    const bar = `<rect x="${30 + hour * 20}" y="${220 - height}" width="16" height="${height}"/>`;
    return `${bar}<text x="${38 + hour * 20}" y="236">${hour}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 530 250" font-size="10" text-anchor="middle" fill="#346">` +
    `<text x="265" y="16">Minutes that flights were late, by hour of departure</text>${bars.join("")}</svg>\n`;
});

const report = task(async function report(byRoute: Map<string, Total>, svg: string): Promise<string> {
  await atWork("writes the report");
  const worst = [...byRoute].filter(([, { flights }]) => flights >= 20)
    .sort(([, a], [, b]) => average(b) - average(a)).slice(0, 5);
  const flights = [...byRoute.values()].reduce((sum, total) => sum + total.flights, 0);
  const lines = worst.map(([route, total]) =>
    `${route}  ${average(total).toFixed(1)} min late, ${total.flights} flights`
  );
  const text = [`${flights} flights on ${byRoute.size} routes. The latest:`, ...lines].join("\n");
  await Deno.writeTextFile(".fusewire/flights.svg", svg);
  await Deno.writeTextFile(".fusewire/flights.txt", `${text}\n`);
  return text;
});

/** Three months side by side, then all of them together. */
export const etl = defineWorkflow("flights", { version: "1" }, (input: Input<{ source: string }>) => {
  const months = ["2001/01", "2001/02", "2001/03"].map((month) => {
    const flights = clean(extract(input.source, month).setName(`${month}/extract`)).setName(`${month}/clean`);
    return {
      byHour: aggregate(flights, "hour").setName(`${month}/by hour`),
      byRoute: aggregate(flights, "route").setName(`${month}/by route`),
    };
  });
  const byHour = merge(months.map(({ byHour }) => byHour)).setName("by hour");
  const byRoute = merge(months.map(({ byRoute }) => byRoute)).setName("by route");
  return report(byRoute, chart(byHour).setName("chart")).setName("report");
});

if (import.meta.main) {
  await Deno.mkdir(".fusewire", { recursive: true });
  await using runtime = await openRuntime({ kv: ".fusewire/etl.db", lease: 2_000 });
  const source = "flights-20k";
  // The same key gives the same run, so that a program that is started again goes on with it.
  const run = await runtime.start(etl, { source }, { idempotencyKey: source });
  const { steps } = await run.status();
  const done = steps.filter(({ status }) => status === "SUCCEEDED").length;
  console.log(`Run ${run.id}: ${done} of ${steps.length} steps are done.`);
  console.log(await runtime.run(etl, { source }, { idempotencyKey: source }));
}
