/**
 * What to deploy: a cron that looks every five minutes how long a site takes to answer, and a page with the latest results. All that it
 * keeps lies in Deno KV; on Deno Deploy this file is the whole app.
 *
 *     deno run --unstable-kv --unstable-cron --allow-env --allow-net --allow-read --allow-write examples/deploy.ts
 *
 * Environment: `FUSEWIRE_KV` is the path of the KV; on Deno Deploy leave it out, and the app's own is taken. `FUSEWIRE_SITE` is the site.
 * To try it out, `FUSEWIRE_CRON="* * * * * *"` looks every second, by timers of this process, since Deno.cron knows minutes only.
 */
import { context, defineWorkflow, type Input, openRuntime, scheduleCron, task, timerTrigger } from "@fusewire/fusewire";

const kv = Deno.env.get("FUSEWIRE_KV");
const site = Deno.env.get("FUSEWIRE_SITE") ?? "https://deno.com";
const every = Deno.env.get("FUSEWIRE_CRON") ?? "*/5 * * * *";

const probe = task(async function probe(url: string) {
  const begun = performance.now();
  const response = await fetch(url, { signal: context().signal });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return performance.now() - begun;
}, { timeout: 30_000, retry: { maxAttempts: 3 } });

const summary = task(function summary(url: string, due: string, times: number[]) {
  return { site: url, due, milliseconds: Math.round(Math.min(...times)) };
}, { pure: true });

const uptime = defineWorkflow("uptime", { version: "1" }, (input: Input<{ site: string; due: string }>) => {
  const cold = probe(input.site).setName("cold");
  const warm = probe(input.site).setName("warm").after(cold);
  return summary(input.site, input.due, [cold, warm]).setName("summary");
});

// Deno Deploy asks with SIGINT, and waits for 5 seconds: steps have 3 to end, and are run again elsewhere if they do not.
const ending = new AbortController();
Deno.addSignalListener("SIGINT", () => ending.abort());

const runtime = await openRuntime(kv === undefined ? {} : { kv });

// At the top level and before Deno.serve(), where Deno Deploy finds it. One run each time, however many instances there are.
scheduleCron("uptime", every, uptime, {
  runtime,
  input: ({ due }) => ({ site, due: due.toISOString() }),
  signal: ending.signal,
  patience: 3_000,
  ...(every.split(" ").length > 5 ? { trigger: timerTrigger } : {}),
});

async function latestRuns() {
  const { runs } = await runtime.list({ workflow: uptime.name, limit: 10 });
  return await Promise.all(runs.map(async ({ id, status }) => {
    const run = runtime.get(id);
    const { steps } = await run.status();
    return { id, status, steps, result: status === "SUCCEEDED" ? await run.result() : undefined };
  }));
}

const server = Deno.serve({ signal: ending.signal }, async (request) => {
  const runs = await latestRuns();
  if (new URL(request.url).pathname === "/runs.json") return Response.json(runs);
  const rows = runs.map(({ id, status, steps, result }) =>
    `<tr><td>${id}<td>${status}<td>${steps.map(({ name, status }) => `${name} ${status}`).join(", ")}` +
    `<td>${JSON.stringify(result ?? null).replaceAll("<", "&lt;")}`
  );
  return new Response(`<!doctype html><title>Uptime</title><table>${rows.join("\n")}</table>`, {
    headers: { "content-type": "text/html; charset=utf-8" },
  });
});

await server.finished;
await runtime.close();
