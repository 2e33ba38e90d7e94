import { context, LocalWorkflow, task } from "@fusewire/fusewire";
import { expect } from "@std/expect";

Deno.test("context() is there in a plain task that runs after the graph's first asynchronous one", async () => {
  const load = task(async function load() {
    await Promise.resolve();
    return 1;
  });
  const who = task(function who(_: number) {
    return context().nodeName;
  });
  const target = who(load()).setName("second");
  expect(await new LocalWorkflow(target, { workflowName: "names" }).run()).toBe("second");
});
