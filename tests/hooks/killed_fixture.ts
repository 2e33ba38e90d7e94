/**
 * A process that drives a durable run whose tasks have hooks, and prints what is called.
 *
 *     deno run killed_fixture.ts <KV> [stay]
 *
 * @module
 */
import { defineHooks, defineWorkflow, openRuntime, task } from "@fusewire/fusewire";

const [kv = "", stay] = Deno.args;

const hooksOf = (name: string) =>
  defineHooks<string>({
    beforeAll: () => console.log(`beforeAll ${name}`),
    setup: ({ attempt }) => {
      console.log(`setup ${name} ${attempt}`);
      return name;
    },
    teardown: (_, { status }) => console.log(`teardown ${name} ${status}`),
    afterAll: () => console.log(`afterAll ${name}`),
  });

const early = task(() => 1, { name: "early", hooks: hooksOf("early") });
const late = task(async (n: number): Promise<number> => {
  // What came before is committed.
  if (stay !== undefined) {
    console.log("stays");
    await new Promise(() => {});
  }
  return n + 1;
}, { name: "late", hooks: hooksOf("late") });
const definition = defineWorkflow("killed", { version: "1" }, () => late(early()));

await using runtime = await openRuntime({ kv, lease: 500 });
console.log(`result ${await runtime.run(definition, undefined, { id: "killed" })}`);
