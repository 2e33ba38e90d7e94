/**
 * A durable run on a KV file, of which each process makes a part, with requests in it: `otel_deno_fixture.ts <kv> <url> start | work`.
 *
 * @module
 */
import { defineWorkflow, openRuntime, task, TelemetryPlugin } from "@fusewire/fusewire";

const [kv = "", url = "", part = ""] = Deno.args;
const fetchPage = task(async () => await (await fetch(`${url}/page`)).text(), { name: "fetchPage" });
const measure = task((page: string) => page.length, { name: "measure" });
const definition = defineWorkflow("pages", { version: "1" }, () => measure(fetchPage().setName("f")).setName("m"));

await using runtime = await openRuntime({ kv, tracer: new TelemetryPlugin() });
if (part === "start") await runtime.start(definition, undefined, { id: "pages" });
else {
  await runtime.worker([definition]).tick({ budgetMs: 20_000 });
  console.log(await runtime.get("pages").result());
}
