import { expect } from "@std/expect";
import { defineWorkflow, sleep, subWorkflow, waitForSignal } from "@fusewire/fusewire";
import { until } from "../engine/storages.ts";
import { backends } from "./backends.ts";

const child = defineWorkflow("child", { version: "1" }, () => waitForSignal("go"));

for (const name of ["local", "durable"] as const) {
  Deno.test(`a signal that several runs wait for goes to that of the first node in the graph, not to that which began first (${name})`, async () => {
    const { result } = await backends[name](() => {
      const late = subWorkflow(child).after(sleep(10)).setName("late");
      return [late, subWorkflow(child).setName("early")];
    }, async (run, runtime) => {
      const begun = async (node: string): Promise<boolean> => {
        const { steps } = await run.status();
        const id = steps.find(({ name }) => name === node)?.child;
        if (id === undefined) return false;
        return await (runtime?.get(id) ?? run).status().then(({ status }) => status === "RUNNING", () => false);
      };
      await until(async () => await begun("late") && await begun("early"), "two runs");
      await run.signal("go", 1);
      // It is ended by the first one, and then waits for none.
      await until(async () => (await run.status()).steps.some(({ status, child }) => status === "SUCCEEDED" && child));
      await run.signal("go", 2);
    });
    expect(result).toEqual([1, 2]);
  });
}
