/** Runs the workflow of `shared_definition.ts` on a KV file: `shared_fixture.ts <kv> <log> <day> [objects]`. */
import { FileObjectStore, openRuntime } from "@fusewire/fusewire";
import { daily } from "./shared_definition.ts";

const [kv = "", log = "", day = "", objects] = Deno.args;
await using runtime = await openRuntime({
  kv,
  ...(objects === undefined ? {} : { storage: new FileObjectStore({ path: objects }) }),
});
console.log(await runtime.run(daily, { log, day }));
