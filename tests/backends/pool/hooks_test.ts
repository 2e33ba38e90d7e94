import { expect } from "@std/expect";
import { configure, reset } from "@logtape/logtape";
import { defineWorkflow, openRuntime, PoolWorkflow } from "@fusewire/fusewire";
import { add, broken, fail, LOG, share, shareBadly, spin, stay } from "../pool_fixtures/hooked.ts";
import { poolTest } from "./counted_workers.ts";

const options = { workflowName: "hooked", workers: 1 };

/** Runs `body`, and gives what the tasks have noted meanwhile. */
async function notes(body: (noted: () => string[]) => Promise<unknown>): Promise<string[]> {
  const path = await Deno.makeTempFile();
  Deno.env.set(LOG, path);
  const noted = (): string[] => Deno.readTextFileSync(path).split("\n").filter((line) => line !== "");
  try {
    await body(noted);
    return noted();
  } finally {
    Deno.env.delete(LOG);
    await Deno.remove(path);
  }
}

/** Waits until a line is noted. */
async function until(noted: () => string[], line: string): Promise<void> {
  while (!noted().includes(line)) await new Promise((resolve) => setTimeout(resolve, 5));
}

poolTest(
  "setup and teardown are called in the worker, around the function, beforeAll and afterAll in the parent",
  async () => {
    const calls = await notes(async () => {
      expect(await new PoolWorkflow(add(1), options).run()).toBe(11);
    });
    expect(calls).toEqual([
      "parent beforeAll hooked",
      "worker setup 1",
      "worker add 1",
      "worker teardown 10 SUCCEEDED",
      "parent afterAll",
    ]);
  },
);

poolTest("Each attempt on a pool has its setup and teardown, also those that fail", async () => {
  const calls = await notes(async () => {
    const node = fail().with({ retry: { maxAttempts: 2, initialDelay: 0 } });
    await expect(new PoolWorkflow(node, options).run()).rejects.toThrow("attempt 2");
  });
  expect(calls).toEqual([
    "parent beforeAll hooked",
    "worker setup 1",
    "worker teardown 10 FAILED",
    "worker setup 2",
    "worker teardown 20 FAILED",
    "parent afterAll",
  ]);
});

poolTest("The end of a run that was cancelled waits until its workers have torn down what was set up", async () => {
  const calls = await notes(async (noted) => {
    const run = await new PoolWorkflow(stay(), options).start();
    await until(noted, "worker stays");
    await run.cancel();
  });
  expect(calls.slice(3)).toEqual(["worker teardown 10 CANCELLED", "parent afterAll"]);
});

poolTest("After a timeout an asynchronous function's setup is torn down in its worker", async () => {
  const calls = await notes(async () => {
    await expect(new PoolWorkflow(stay().with({ timeout: 100 }), options).run()).rejects.toThrow("longer than 100 ms");
  });
  expect(calls.slice(3)).toEqual(["worker teardown 10 FAILED", "parent afterAll"]);
});

poolTest("A synchronous function past its timeout is stopped, and its setup is torn down", async () => {
  const calls = await notes(async () => {
    const error = await new PoolWorkflow(spin().with({ timeout: 100 }), options).run().catch((error: unknown) => error);
    expect(error).toMatchObject({ cause: { code: "TIMEOUT", name: "TimeoutError" } });
  });
  expect(calls.slice(2)).toEqual(["worker spins", "worker teardown 10 FAILED", "parent afterAll"]);
});

poolTest("A setup that fails in a worker is a HookError as in process", async () => {
  const error = await new PoolWorkflow(broken(), options).run().catch((error: unknown) => error);
  expect(error).toMatchObject({
    cause: {
      code: "HOOK",
      message: expect.stringContaining("Hook setup() of node `broken_0000`"),
      cause: new RangeError("no setup"),
    },
  });
});

poolTest("Hooks that only one node has are refused, because no worker can find them", async () => {
  const node = share("x").with({ hooks: { teardown: () => {} } });
  const error = await new PoolWorkflow(node, options).run().catch((error: unknown) => error);
  expect(String(error)).toContain("has hooks of its own, which no worker of a pool can find; give them to its task");
});

poolTest("Calls of a run share in their worker, and it is disposed before the worker ends", async () => {
  const calls = await notes(async () => {
    const first = share("first");
    expect(await new PoolWorkflow([first, share("second").after(first)], options).run()).toEqual(["first", "first"]);
  });
  expect(calls).toEqual(["worker made by first", "worker disposed of first"]);
});

const sharing = defineWorkflow("sharing", { version: "1" }, () => share("durable"));

poolTest(
  "On the pool of a durable worker what a run shared is disposed when the run ends, and the threads go on",
  async (started) => {
    const calls = await notes(async (noted) => {
      await using runtime = await openRuntime({ kv: ":memory:" });
      const stop = new AbortController();
      const serving = runtime.worker([sharing], { pool: { workers: 1 } }).run({
        signal: stop.signal,
        handleSignals: false,
      });
      for (let i = 1; i <= 2; i++) {
        const run = await runtime.start(sharing);
        expect(await run.result()).toBe("durable");
        while (noted().length < 2 * i) await new Promise((resolve) => setTimeout(resolve, 5));
      }
      expect(started()).toBe(1);
      stop.abort();
      await serving;
    });
    expect(calls).toEqual([
      "worker made by durable",
      "worker disposed of durable",
      "worker made by durable",
      "worker disposed of durable",
    ]);
  },
);

poolTest(
  "What a worker can not release is a warning in the log of the scheduling thread, and the result stands",
  async () => {
    const warnings: string[] = [];
    const logged = Promise.withResolvers<void>();
    await configure({
      sinks: {
        kept: ({ rawMessage }) => {
          warnings.push(String(rawMessage));
          logged.resolve();
        },
      },
      loggers: [
        { category: ["fusewire"], sinks: ["kept"], lowestLevel: "warning" },
        { category: ["logtape", "meta"], lowestLevel: "error" },
      ],
    });
    try {
      expect(await new PoolWorkflow(shareBadly(), options).run()).toBe(1);
      await logged.promise;
      expect(warnings).toEqual([
        expect.stringMatching(
          /^A worker of a pool could not release .* run .* shared could not be released: Error: stuck$/,
        ),
      ]);
    } finally {
      await reset();
    }
  },
);
