/**
 * The acceptance scenarios of policies on the backends in process; on the durable engine they are in
 * `tests/engine/acceptance_failures_test.ts`.
 *
 * @module
 */
import { expect } from "@std/expect";
import {
  CancelledError,
  LocalWorkflow,
  type Node,
  type Policy,
  PoolWorkflow,
  StepFailedError,
  TimeoutError,
} from "@fusewire/fusewire";
import { addOne, fail, second, third } from "./policy_tasks.ts";

async function errorOf(work: Promise<unknown>): Promise<StepFailedError> {
  const error: unknown = await work.catch((error: unknown) => error);
  if (error instanceof StepFailedError) return error;
  throw new TypeError(`a StepFailedError was expected, and not ${String(error)}`);
}

/** A policy that writes down what it is called for. */
function noting(name: string, order: string[]): Policy {
  return {
    onStart: ({ attempt }) => void order.push(`start ${name} ${attempt}`),
    async execute(call) {
      order.push(`into ${name}`);
      const value = await call();
      order.push(`out of ${name}`);
      return value;
    },
    onSuccess: (value) => void order.push(`success ${name} ${value}`),
    onFailure: (error) => void order.push(`failure ${name} ${error instanceof Error ? error.message : error}`),
  };
}

const BACKENDS: {
  readonly [name: string]: (
    target: Node<unknown>,
    policies?: Policy[],
  ) => LocalWorkflow<Node<unknown>> | PoolWorkflow<Node<unknown>>;
} = {
  LocalWorkflow: (target, policies = []) => new LocalWorkflow(target, { workflowName: "policies", policies }),
  PoolWorkflow: (target, policies = []) => new PoolWorkflow(target, { workflowName: "policies", policies, workers: 1 }),
};

for (const [name, workflow] of Object.entries(BACKENDS)) {
  Deno.test(`FL10 two failures and then success are the attempts 1, 2, 3 (${name})`, async () => {
    const node = third().with({ retry: { maxAttempts: 3, initialDelay: 1 } });
    const run = await workflow(node).start();
    expect(await run.result()).toBe(3);
    expect((await run.status()).steps).toEqual([{ name: node.name, status: "SUCCEEDED", attempt: 3 }]);
  });

  Deno.test(`FL11 a step whose attempts are exhausted has FAILED with its last error (${name})`, async () => {
    const run = await workflow(fail().with({ retry: { maxAttempts: 3, initialDelay: 1 } })).start();
    expect((await errorOf(run.result())).cause).toMatchObject({ message: "failure 3" });
    const { status, steps: [step] } = await run.status();
    expect([status, step?.status, step?.attempt]).toEqual(["FAILED", "FAILED", 3]);
  });

  Deno.test(`FL12 a body of one second with a limit of 50 ms is not waited for (${name})`, async () => {
    const run = await workflow(second().with({ timeout: 50 })).start();
    const began = performance.now();
    expect((await errorOf(run.result())).cause).toBeInstanceOf(TimeoutError);
    // On a pool a thread is started first, which the limit does not count.
    expect(performance.now() - began).toBeLessThan(name === "PoolWorkflow" ? 950 : 200);
  });

  Deno.test(`FL13 policies nest in the order workflow, first of the step, second of the step (${name})`, async () => {
    const order: string[] = [];
    const node = addOne(1).with({ policies: [noting("step1", order), noting("step2", order)] });
    expect(await workflow(node, [noting("workflow", order)]).run()).toBe(2);
    expect(order).toEqual([
      ...["start workflow 1", "start step1 1", "start step2 1", "into workflow", "into step1", "into step2"],
      ...["out of step2", "out of step1", "out of workflow"],
      ...["success workflow 2", "success step1 2", "success step2 2"],
    ]);
  });

  Deno.test(`FL13 a failure goes through the policies from the inside out, and comes before the fallback (${name})`, async () => {
    const order: string[] = [];
    const options = {
      policies: [noting("step1", order), noting("step2", order)],
      onFailure: () => {
        order.push("fallback");
        return -1;
      },
    };
    expect(await workflow(fail().with(options), [noting("workflow", order)]).run()).toBe(-1);
    expect(order.slice(-4)).toEqual([
      "failure step2 failure 1",
      "failure step1 failure 1",
      "failure workflow failure 1",
      "fallback",
    ]);
  });

  Deno.test(`FL14 a fallback value makes a failed step SUCCEEDED, and its readers get the value (${name})`, async () => {
    const run = await workflow(addOne(fail().with({ onFailure: () => 41 }))).start();
    expect(await run.result()).toBe(42);
    expect((await run.status()).steps.map(({ status }) => status)).toEqual(["SUCCEEDED", "SUCCEEDED"]);
  });

  Deno.test(`FL15 onFailure: skip makes a failed step and what needs it SKIPPED (${name})`, async () => {
    const run = await workflow(addOne(fail().with({ onFailure: "skip" }))).start();
    await expect(run.result()).rejects.toThrow(CancelledError);
    const { status, steps } = await run.status();
    expect([status, ...steps.map(({ status }) => status)]).toEqual(["SKIPPED", "SKIPPED", "SKIPPED"]);
    expect(steps[0]?.error?.message).toBe("failure 1");
  });

  Deno.test(`FL15 a policy decides to skip, to retry and to fail (${name})`, async () => {
    const deciding = (action: "retry" | "fail" | "skip"): Policy => ({
      onFailure: (_error, { attempt }) => ({
        action: attempt < 3 && action === "retry" ? "retry" : action === "skip" ? "skip" : "fail",
      }),
    });
    const states: unknown[] = [];
    for (const action of ["skip", "retry", "fail"] as const) {
      const run = await workflow(fail().with({ policies: [deciding(action)] })).start();
      await run.result().catch(() => {});
      const { steps: [step] } = await run.status();
      states.push([step?.status, step?.attempt]);
    }
    expect(states).toEqual([["SKIPPED", 1], ["FAILED", 3], ["FAILED", 1]]);
  });
}
