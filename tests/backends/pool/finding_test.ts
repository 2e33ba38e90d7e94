import { expect } from "@std/expect";
import {
  ConfigError,
  GraphError,
  LocalWorkflow,
  type Node,
  PoolWorkflow,
  StepFailedError,
  task,
} from "@fusewire/fusewire";
import { add } from "../pool_fixtures/arithmetic.ts";
import { evaluated, powers, quadruple, scaledBy, triple, turn } from "../pool_fixtures/closures.ts";
import { tenfold } from "../pool_fixtures/factories.ts";
import { poolTest } from "./counted_workers.ts";

const options = { workflowName: "finding", workers: 1 };

/** The error that a node fails with. */
async function causeOf(node: Node<unknown>): Promise<Error> {
  const error: unknown = await new PoolWorkflow(node, options).run().catch((error: unknown) => error);
  if (!(error instanceof StepFailedError) || !(error.cause instanceof Error)) throw error;
  return error.cause;
}

const here = task(function here(x: number): number {
  return x + 1;
});

poolTest("A worker finds the tasks of the test's own module, and of others", async () => {
  const targets = [here(1), triple(2), quadruple(2), tenfold(2), ...powers.map((power) => power(2))];
  const expected = [2, 6, 8, 20, 2, 4, 8];
  expect(await new PoolWorkflow(targets, options).run()).toEqual(expected);
  expect(await new LocalWorkflow(targets, options).run()).toEqual(expected);
});

poolTest("A task over local state is refused, and the error says what to do", async () => {
  const local = scaledBy(5);
  const error = await causeOf(local(1));
  expect(error).toBeInstanceOf(GraphError);
  expect(error.message).toMatch(/task `scale` of node `scale_\d+` can not be found in a worker/);
  expect(error.message).toContain("pool_fixtures/closures.ts");
  expect(error.message).toContain("make it at the top level of its module");
  expect(error.message).toContain("pass what it needs as arguments");
});

poolTest("A task that is another one in the worker never runs there", async () => {
  const error = await causeOf(turn());
  expect(error).toBeInstanceOf(GraphError);
  expect(error.message).toMatch(/Task `turn` of node `turn_\d+` is another one in a worker/);
  expect(error.message).toContain("pool_fixtures/closures.ts");
});

poolTest("A module that throws when it is imported again is named, with the cause", async () => {
  const { broken } = await import("../pool_fixtures/throws_on_import.ts");
  const error = await causeOf(broken());
  expect(error).toBeInstanceOf(ConfigError);
  expect(error.message).toMatch(
    /A worker could not import file:\S+throws_on_import\.ts to find task `broken` of node `broken_\d+`: no data on this machine/,
  );
  expect(error.cause).toBeInstanceOf(RangeError);
});

poolTest("A task of code that is in no file is refused", async () => {
  Reflect.set(globalThis, "fusewireTestTask", task);
  const code = "export const homeless = globalThis.fusewireTestTask(() => 1, { name: 'homeless' });";
  const { homeless }: { homeless: () => Node<number> } = await import(
    `data:text/javascript,${encodeURIComponent(code)}`
  );
  Reflect.deleteProperty(globalThis, "fusewireTestTask");
  const error = await causeOf(homeless());
  expect(error).toBeInstanceOf(GraphError);
  expect(error.message).toMatch(
    /Task `homeless` of node `homeless_\d+` can not run on a pool: it was made by code that is in no module/,
  );
});

poolTest("A task of evaluated code at the top level of a module is found there", async () => {
  expect(await new PoolWorkflow(evaluated(), options).run()).toBe(1);
});

Deno.test("A replaced function is refused: it is no task", () => {
  const node = add(1, 2);
  const pool = new PoolWorkflow(node, options);
  expect(() => pool.replaceFunc(node, () => 3)).toThrow(GraphError);
  expect(() => pool.replaceFunc(node, () => 3)).toThrow(
    new RegExp(`Node \`${node.name}\` of workflow \`finding\` can not have its function replaced on a pool`),
  );
});
