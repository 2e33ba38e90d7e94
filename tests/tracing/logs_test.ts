import { expect } from "@std/expect";
import { context, defineWorkflow, LocalWorkflow, MemoryStorage, openRuntime, task } from "@fusewire/fusewire";
import { warn } from "../../src/warning.ts";
import { runChild } from "../child.ts";
import { logged } from "./logged.ts";
import { traceFile } from "./trace_file.ts";

Deno.test("Nothing is printed by a durable run that fails, repeats steps and warns", async () => {
  await using folder = await traceFile();
  const fixture = new URL("./silent_fixture.ts", import.meta.url);
  const { code, stdout, stderr } = await runChild(fixture, [folder.path]);
  expect([code, stdout, stderr]).toEqual([0, "", ""]);
});

Deno.test("A message of a task has workflow, run, step and attempt, on a durable run too", async () => {
  const say = task(() => {
    context().log.info("at {place}", { place: "here" });
    if (context().attempt === 1) throw new Error("once");
    return 1;
  }, { name: "say", retry: { maxAttempts: 2, initialDelay: 0 } });
  const definition = defineWorkflow("saying", { version: "1" }, () => say().setName("s"));
  await using runtime = await openRuntime({ kv: ":memory:" });
  const records = await logged(4, async () => {
    await new LocalWorkflow(say().setName("s"), { workflowName: "saying" }).run();
    await runtime.run(definition, undefined, { id: "durable" });
  });
  expect(records.map(({ properties }) => [properties["step"], properties["attempt"]])).toEqual([
    ["s", 1],
    ["s", 2],
    ["s", 1],
    ["s", 2],
  ]);
  for (const { category, message, properties } of records) {
    expect([category, message.join("")]).toEqual([["fusewire", "task"], "at here"]);
    expect(properties).toMatchObject({ workflow: "saying", run: expect.any(String) });
  }
  expect(records[2]!.properties).toMatchObject({ run: "durable" });
});

Deno.test("A warning of a run says which, and is an event of its trace", async () => {
  const storage = new MemoryStorage();
  const one = task(() => 1, { name: "one" });
  const workflow = () => {
    const made = new LocalWorkflow(one().setName("damaged"), { workflowName: "warned" });
    made.setStorage(storage);
    return made;
  };
  await workflow().run();
  for await (const { key } of storage.objects.list("")) {
    const bytes = await storage.objects.get(key);
    await storage.objects.put(key, bytes.slice(0, bytes.length - 3));
  }
  await using file = await traceFile();
  const records = await logged(1, async () => {
    const again = workflow();
    again.setTracer(file.tracer());
    await again.run();
  });
  const warning = (await file.events()).find(({ event }) => event === "warning");
  expect(records[0]!.properties).toMatchObject({ workflow: "warned", step: "damaged", run: warning!.runId });
  expect(warning).toMatchObject({ step: "damaged", message: records[0]!.message.join("") });
});

Deno.test("What stands in braces in a warning is text", async () => {
  const [record] = await logged(1, async () => await Promise.resolve(warn('It said {"a":{"b":1}}.', { step: "s" })));
  expect([record!.message.join(""), record!.level]).toEqual(['It said {"a":{"b":1}}.', "warning"]);
});
