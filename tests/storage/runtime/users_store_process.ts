/** A process that drives a run kept in a user's own store; the step `clean` kills it the first time. Arguments: folder, log file. */
import { defineWorkflow, type Input, openRuntime, task } from "../../../mod.ts";
import { UsersStore } from "./users_store.ts";

const [folder = "", logFile = ""] = Deno.args;

function note(what: string): void {
  Deno.writeTextFileSync(logFile, `${what}\n`, { append: true });
}

const extract = task(function extract(day: string) {
  note("extract");
  return new Map([[day, 3n]]);
});
const clean = task(function clean(rows: Map<string, bigint>) {
  note("clean");
  if (Deno.readTextFileSync(logFile).split("clean").length === 2) Deno.kill(Deno.pid, "SIGKILL");
  return [...rows.keys()];
});
const load = task(function load(days: readonly string[]) {
  note("load");
  return `loaded ${days.join()}`;
});

const etl = defineWorkflow(
  "etl",
  { version: "1" },
  (input: Input<{ day: string }>) => load(clean(extract(input.day))),
);
await using runtime = await openRuntime({ runtimeStorage: new UsersStore(folder) });
console.log(await runtime.run(etl, { day: "monday" }, { id: "monday" }));
