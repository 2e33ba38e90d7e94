import { expect } from "@std/expect";
import { context, LocalWorkflow, type Policy, runAttempt, StepFailedError, task } from "@fusewire/fusewire";
import { ManualClock } from "../manual_clock.ts";

/** A policy that writes down what it sees. */
function logger(name: string, log: string[]): Policy {
  return {
    execute: async (call) => {
      log.push(`${name} {`);
      try {
        return await call();
      } finally {
        log.push(`} ${name}`);
      }
    },
    onStart: () => void log.push(`start ${name}`),
    onSuccess: (value) => void log.push(`success ${name} ${value}`),
    onFailure: (error) => void log.push(`failure ${name} ${error}`),
  };
}

Deno.test("Policies nest in the order workflow, first of the step, second of the step", async () => {
  const log: string[] = [];
  const node = task(() => {
    log.push("function");
    return 1;
  }, { policies: [logger("step1", log), logger("step2", log)] })();
  await new LocalWorkflow(node, { workflowName: "policies", policies: [logger("workflow", log)] }).run();
  expect(log).toEqual([
    "start workflow",
    "start step1",
    "start step2",
    "workflow {",
    "step1 {",
    "step2 {",
    "function",
    "} step2",
    "} step1",
    "} workflow",
    "success workflow 1",
    "success step1 1",
    "success step2 1",
  ]);
});

Deno.test("A failure goes through the policies from the inside out", async () => {
  const log: string[] = [];
  const node = task((): number => {
    throw "broken";
  }, { policies: [logger("step1", log), logger("step2", log)] })();
  const workflow = new LocalWorkflow(node, { workflowName: "policies", policies: [logger("workflow", log)] });
  await expect(workflow.run()).rejects.toThrow(StepFailedError);
  expect(log.filter((line) => line.startsWith("failure"))).toEqual([
    "failure step2 broken",
    "failure step1 broken",
    "failure workflow broken",
  ]);
});

Deno.test("A policy may give another result, or none of its own", async () => {
  const node = task(() => 20, {
    policies: [
      { execute: async (call) => Number(await call()) + 1 },
      { onSuccess: () => {} },
      { execute: async (call) => Number(await call()) * 2 },
    ],
  })();
  expect(await new LocalWorkflow(node, { workflowName: "policies" }).run()).toBe(41);
});

Deno.test("A policy may call more than once, or not at all", async () => {
  let calls = 0;
  const count = task(() => ++calls, {
    policies: [{
      execute: async (call) => {
        await call();
        return await call();
      },
    }],
  });
  expect(await new LocalWorkflow(count(), { workflowName: "policies" }).run()).toBe(2);
  const cached = task(() => ++calls, { policies: [{ execute: () => "from a cache" }] });
  expect(await new LocalWorkflow(cached(), { workflowName: "policies" }).run()).toBe("from a cache");
  expect(calls).toBe(2);
});

Deno.test("The innermost policy that decides is obeyed, and options come before all of them", async () => {
  const retry = (delay: number): Policy => ({ onFailure: () => ({ action: "retry", delay }) });
  const skip: Policy = { onFailure: () => ({ action: "skip" }) };
  const fail: Policy = { onFailure: () => ({ action: "fail" }) };
  const decide = async (policies: Policy[], outer: Policy[] = [], maxAttempts = 1) => {
    const outcome = await runAttempt({ workflowName: "w", runId: "r", nodeName: "n", attempt: 1 }, () => {
      throw new Error("x");
    }, { options: { policies, retry: { maxAttempts, initialDelay: 7 } }, policies: outer, clock: new ManualClock() });
    return "delay" in outcome ? `${outcome.kind} ${outcome.delay}` : outcome.kind;
  };
  expect(await decide([])).toBe("failed");
  expect(await decide([retry(1), retry(2)])).toBe("retry 2");
  expect(await decide([retry(1), fail])).toBe("retry 1");
  expect(await decide([retry(1), skip])).toBe("skipped");
  expect(await decide([{}, { onFailure: () => {} }], [retry(3)])).toBe("retry 3");
  expect(await decide([skip], [retry(3)])).toBe("skipped");
  expect(await decide([skip], [], 2)).toBe("retry 7");
});

Deno.test("A policy's retry without a delay comes at once, and sees the number of the attempt", async () => {
  const attempts: number[] = [];
  const node = task(() => {
    attempts.push(context().attempt);
    if (attempts.length < 3) throw new Error("again");
    return "third";
  }, { policies: [{ onFailure: (_error, { attempt }) => ({ action: attempt < 5 ? "retry" : "fail" }) }] })();
  expect(await new LocalWorkflow(node, { workflowName: "policies" }).run()).toBe("third");
  expect(attempts).toEqual([1, 2, 3]);
});

Deno.test("A policy sees the context of the attempt that it wraps", async () => {
  const seen: unknown[] = [];
  const node = task(() => 1, {
    name: "seen",
    policies: [{
      execute: (call, given) => {
        seen.push(given.nodeName, given.workflowName, given === context());
        return call();
      },
    }],
  })();
  await new LocalWorkflow(node, { workflowName: "policies" }).run();
  expect(seen).toEqual([node.name, "policies", true]);
});

Deno.test("A policy that throws fails the attempt, wherever it throws", async () => {
  const broken = () => {
    throw new RangeError("broken policy");
  };
  for (const policy of [{ onStart: broken }, { execute: broken }, { onSuccess: broken }] satisfies Policy[]) {
    const node = task(() => 1, { policies: [policy] })();
    await expect(new LocalWorkflow(node, { workflowName: "policies" }).run()).rejects.toThrow(/broken policy/);
  }
  const node = task((): number => {
    throw new Error("first");
  }, { policies: [{ onFailure: broken }] })();
  await expect(new LocalWorkflow(node, { workflowName: "policies" }).run()).rejects.toThrow(/broken policy/);
});

Deno.test("Policies of one workflow do not follow its nodes into another", async () => {
  const log: string[] = [];
  const node = task(() => 1)();
  await new LocalWorkflow(node, { workflowName: "first", policies: [logger("first", log)] }).run();
  log.length = 0;
  await new LocalWorkflow(node, { workflowName: "second" }).run();
  expect(log).toEqual([]);
});
