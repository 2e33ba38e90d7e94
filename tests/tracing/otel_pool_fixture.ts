/**
 * A graph on a pool of Web Workers, and a durable run whose worker has a pool, with a request in each: `otel_pool_fixture.ts <url>`.
 *
 * @module
 */
import { defineWorkflow, openRuntime, PoolWorkflow, task, TelemetryPlugin } from "@fusewire/fusewire";

export const fetchPage = task(async (url: string) => await (await fetch(`${url}/page`)).text(), { name: "fetchPage" });

if (import.meta.main) {
  const [url = ""] = Deno.args;
  const workflow = new PoolWorkflow(fetchPage(url).setName("f"), { workflowName: "pool", workers: 1 });
  workflow.setTracer(new TelemetryPlugin());
  console.log(await workflow.run());
  const definition = defineWorkflow("durable", { version: "1" }, () => fetchPage(url).setName("f"));
  await using runtime = await openRuntime({ kv: ":memory:", tracer: new TelemetryPlugin() });
  const run = await runtime.start(definition);
  await runtime.worker([definition], { pool: { workers: 1 } }).tick({ budgetMs: 20_000 });
  console.log(await run.result());
}
