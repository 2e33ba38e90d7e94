import { expect } from "@std/expect";
import {
  CancelledError,
  GraphError,
  LocalWorkflow,
  type Node,
  type Run,
  type RunStatus,
  StepFailedError,
  task,
  type TaskOptions,
} from "@fusewire/fusewire";

const options = { workflowName: "failure" };
const give = task((value: unknown, ..._more: unknown[]) => value, { name: "give" });
const fail = (message: string, more: TaskOptions<unknown> = {}): Node<unknown> =>
  task((): unknown => {
    throw new RangeError(message);
  }, { name: "fail", ...more })();

const failureOf = async (run: Promise<unknown>): Promise<Error> => {
  const error = await run.then(() => undefined, (error: unknown) => error);
  if (!(error instanceof Error)) throw new TypeError("the run was expected to fail");
  return error;
};

const statusesOf = async (run: Run<unknown>): Promise<Record<string, string>> => {
  const { steps }: RunStatus = await run.status();
  return Object.fromEntries(steps.map(({ name, status }) => [name, status]));
};

Deno.test("A failure names workflow and node, and has the original error as its cause", async () => {
  const error = await failureOf(new LocalWorkflow(fail("boom").setName("fit"), options).run());
  expect(error).toBeInstanceOf(StepFailedError);
  expect(error).toMatchObject({ code: "STEP_FAILED", workflow: "failure", node: "fit", name: "StepFailedError" });
  expect(error.message).toBe("Node `fit` of workflow `failure` failed: boom");
  expect(error.cause).toBeInstanceOf(RangeError);
});

Deno.test("What is thrown need not be an error", async () => {
  for (const thrown of ["text", undefined, null, 7, { code: 1 }]) {
    const node = task(() => {
      throw thrown;
    })();
    const error = await failureOf(new LocalWorkflow(node, options).run());
    expect(error).toBeInstanceOf(StepFailedError);
    expect(error.cause).toBe(thrown);
    const later = await failureOf(new LocalWorkflow(task(() => Promise.reject(thrown))(), options).run());
    expect(later.cause).toBe(thrown);
  }
});

Deno.test("Dependents of a failed node are cancelled, siblings and independent branches finish", async () => {
  for (const pause of [0, 1]) {
    const wait = task(async (value: unknown) => {
      for (let i = 0; i < pause; i++) await new Promise((resolve) => setTimeout(resolve, 1));
      return value;
    }, { name: "wait" });
    const failed = fail("boom").setName("failed");
    const below = give(failed).setName("below");
    const further = give([below]).setName("further");
    const sibling = wait(1).setName("sibling");
    const after = give(sibling).setName("after sibling");
    const ordered = give(2).setName("ordered").after(failed);
    const run = await new LocalWorkflow([further, after, ordered], options).start();
    expect((await failureOf(run.result())).message).toMatch(/`failed`.*boom/);
    expect(await statusesOf(run)).toEqual({
      failed: "FAILED",
      below: "CANCELLED",
      further: "CANCELLED",
      sibling: "SUCCEEDED",
      "after sibling": "SUCCEEDED",
      ordered: "CANCELLED",
    });
    expect((await run.status()).status).toBe("FAILED");
  }
});

Deno.test("The run rejects with the failure that came first", async () => {
  const late = Promise.withResolvers<never>();
  const slow = task(() => late.promise, { name: "slow" })();
  const quick = task(async () => {
    await Promise.resolve();
    setTimeout(() => late.reject(new Error("second")), 0);
    throw new Error("first");
  }, { name: "quick" })();
  const run = await new LocalWorkflow([slow, quick], options).start();
  expect((await failureOf(run.result())).message).toMatch(/`quick.*first/);
  expect(await statusesOf(run)).toEqual({ [slow.name]: "FAILED", [quick.name]: "FAILED" });
});

Deno.test("The status of a failed step bears name, message, stack and cause of its error", async () => {
  const node = task(() => {
    throw new TypeError("outer", { cause: new RangeError("inner") });
  }, { name: "node" })();
  const run = await new LocalWorkflow(node, options).start();
  await failureOf(run.result());
  const [step] = (await run.status()).steps;
  expect(step).toMatchObject({ status: "FAILED", attempt: 1, error: { name: "TypeError", message: "outer" } });
  expect(step?.error?.stack).toMatch(/failure_test\.ts/);
  expect(step?.error?.cause).toMatchObject({ name: "RangeError", message: "inner" });
});

Deno.test("A function as onFailure gives the value instead", async () => {
  const seen: unknown[] = [];
  const node = fail("boom", {
    onFailure: (error) => {
      seen.push(error);
      return "fallback";
    },
  });
  const run = await new LocalWorkflow(give(node), options).start();
  expect(await run.result()).toBe("fallback");
  expect(seen).toEqual([expect.any(RangeError)]);
  expect((await run.status()).steps.map(({ status }) => status)).toEqual(["SUCCEEDED", "SUCCEEDED"]);
  expect(await new LocalWorkflow(fail("x", { onFailure: () => Promise.resolve(null) }), options).run()).toBe(null);
});

Deno.test("A fallback comes only after the last attempt, and one that throws is the failure", async () => {
  let fallbacks = 0;
  let calls = 0;
  const node = task(() => {
    if (++calls < 3) throw new Error("again");
    return "done";
  }, { retry: { maxAttempts: 3, initialDelay: 0 }, onFailure: () => ++fallbacks })();
  expect(await new LocalWorkflow(node, options).run()).toBe("done");
  expect(fallbacks).toBe(0);
  const broken = fail("boom", {
    onFailure: () => {
      throw new TypeError("no fallback");
    },
  });
  expect((await failureOf(new LocalWorkflow(broken, options).run())).message).toMatch(/no fallback/);
});

Deno.test("onFailure skip skips the node and what depends on it, and keeps the error readable", async () => {
  const node = fail("boom", { onFailure: "skip" }).setName("node");
  const below = give(node).setName("below");
  const run = await new LocalWorkflow([below], options).start();
  const error = await failureOf(run.result());
  expect(error).toBeInstanceOf(CancelledError);
  expect(error.message).toMatch(/Target `below`.*skipped/);
  const status = await run.status();
  expect(status.status).toBe("SKIPPED");
  expect(status.steps).toMatchObject([
    { name: "node", status: "SKIPPED", attempt: 1, error: { message: "boom" } },
    { name: "below", status: "SKIPPED", attempt: 0 },
  ]);
});

Deno.test("A failure beside the targets' needs does not happen: only what they need runs", async () => {
  let ran = false;
  const root = give(1);
  task(() => {
    ran = true;
    throw new Error("not needed");
  })();
  expect(await new LocalWorkflow(root, options).run()).toBe(1);
  expect(ran).toBe(false);
});

Deno.test("A synchronous throw, a rejection and a broken thenable are the same to a workflow", async () => {
  const broken: [name: string, value: () => unknown][] = [
    ["throws", () => {
      throw new Error("why");
    }],
    ["rejects", () => Promise.reject(new Error("why"))],
    ["a then that throws", () => ({
      then: () => {
        throw new Error("why");
      },
    })],
    ["a then that can not be read", () => ({
      get then(): never {
        throw new Error("why");
      },
    })],
    [
      "a then that rejects at once",
      () => ({ then: (_: unknown, reject: (error: Error) => void) => reject(new Error("why")) }),
    ],
  ];
  for (const [name, value] of broken) {
    const node = () => task(value, { name })();
    const asynchronous = task(() => Promise.resolve(1))();
    for (const target of [[node(), give(1)], [asynchronous, node().after(asynchronous), give(1)]]) {
      const error = await failureOf(new LocalWorkflow(target, options).run());
      expect(error).toBeInstanceOf(StepFailedError);
      expect(error.message).toMatch(new RegExp(`\`${name}_\\d+\`.*why`));
    }
  }
});

Deno.test("A thenable is awaited like a promise, also if it answers at once, more than once, or with another", async () => {
  const thenables: unknown[] = [
    { then: (resolve: (value: number) => void) => resolve(7) },
    { then: (resolve: (value: number) => void) => void setTimeout(() => resolve(7), 0) },
    { then: (resolve: (value: unknown) => void) => resolve({ then: (inner: (value: number) => void) => inner(7) }) },
    {
      then: (resolve: (value: number) => void, reject: (error: Error) => void) => {
        resolve(7);
        resolve(8);
        reject(new Error("too late"));
      },
    },
  ];
  const add = task((a: unknown, b: number) => Number(a) + b, { name: "add" });
  for (const thenable of thenables) {
    const node = task(() => thenable, { name: "thenable" });
    const [first, later] = [node(), node().after(task(() => Promise.resolve())())];
    expect(await new LocalWorkflow([first, add(first, 1), later, add(later, 2)], options).run()).toEqual([7, 8, 7, 9]);
  }
});

Deno.test("A failed run that nobody waits for is no unhandled rejection", async () => {
  const unhandled: unknown[] = [];
  const listen = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unhandled.push(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", listen);
  for (
    const node of [
      fail("sync"),
      task(() => Promise.reject(new Error("async")))(),
      fail("x", { retry: { maxAttempts: 1 } }),
    ]
  ) {
    const run = await new LocalWorkflow(node, options).start();
    while ((await run.status()).status !== "FAILED") await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await new Promise((resolve) => setTimeout(resolve, 0));
  globalThis.removeEventListener("unhandledrejection", listen);
  expect(unhandled).toEqual([]);
});

Deno.test("A failure at the head of a very long chain cancels all of it", async () => {
  let node: Node<unknown> = fail("head");
  for (let i = 0; i < 50_000; i++) node = give(node);
  const run = await new LocalWorkflow(node, options).start();
  expect((await failureOf(run.result())).message).toMatch(/head/);
  const { steps } = await run.status();
  expect(steps.filter(({ status }) => status === "CANCELLED").length).toBe(50_000);
});

Deno.test("A target that is no node is refused when the workflow is made, with a description of it", () => {
  const garbage: [target: unknown, shown: RegExp][] = [
    [undefined, /undefined/],
    [null, /null/],
    [0, /the number 0/],
    ["add_0000", /the string "add_0000"/],
    [{}, /an object of class Object/],
    [give, /a function/],
    [[give(1), 2], /the number 2/],
    [[[give(1)]], /an array of 1/],
    [new Promise(() => {}), /an object of class Promise/],
    [Symbol("s"), /symbol/],
    [Object.create(null), /an object/],
  ];
  for (const [target, shown] of garbage) {
    expect(() => new LocalWorkflow(target as never, options as never)).toThrow(GraphError);
    expect(() => new LocalWorkflow(target as never, options as never)).toThrow(shown);
  }
});
