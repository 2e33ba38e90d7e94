import { expect } from "@std/expect";
import fc from "fast-check";
import { ConfigError, LocalWorkflow, type Plugin, PluginCollection, RandomStatePlugin, task } from "../../mod.ts";

const ignore = () => {};

Deno.test("RandomStatePlugin gives each node the next state, and wraps to min after max", async () => {
  const states: number[] = [];
  const work = task(() => {}, { name: "work" });
  const workflow = new LocalWorkflow([work(), work(), work(), work()], { workflowName: "w", concurrency: 1 });
  workflow.setPlugin(
    "*",
    new RandomStatePlugin({ min: 3, max: 5, seed: 3, seedFunc: (state) => void states.push(state) }),
  );
  await workflow.run();
  expect(states).toEqual([4, 5, 3, 4]);
  await workflow.run();
  expect(states.slice(4)).toEqual([5, 3, 4, 5]);
});

Deno.test("RandomStatePlugin seeds right before a synchronous function, also where nodes are at work together", async () => {
  let global = 0;
  const plugin = new RandomStatePlugin({ min: 0, max: 99, seed: 0, seedFunc: (state) => void (global = state) });
  const draw = task(() => global, { name: "draw" });
  const alone: Plugin<unknown> = plugin;
  for (const set of [alone, new PluginCollection([{ remoteInitialize: () => {} }, plugin])]) {
    const workflow = new LocalWorkflow([draw(), draw(), draw()], { workflowName: "w", concurrency: 3 });
    workflow.setPlugin("*", set);
    const states = await workflow.run();
    expect(states).toEqual([states[0]!, states[0]! + 1, states[0]! + 2]);
  }
  expect(global).toBe(6);
});

Deno.test("RandomStatePlugin seeds every attempt of a node with the same state", async () => {
  const states: number[] = [];
  let tries = 0;
  const work = task(() => {
    if (++tries < 3) throw new Error("not yet");
  }, { name: "work", retry: { maxAttempts: 3, initialDelay: 0 } });
  const workflow = new LocalWorkflow(work(), { workflowName: "w" });
  workflow.setPlugin(
    "*",
    new RandomStatePlugin({ min: 0, max: 9, seed: 6, seedFunc: (state) => void states.push(state) }),
  );
  await workflow.run();
  expect(states).toEqual([7, 7, 7]);
});

Deno.test("RandomStatePlugin starts with min if the seed is one less", () => {
  const plugin = new RandomStatePlugin({ min: -2, max: 0, seed: -3, seedFunc: ignore });
  expect([1, 2, 3, 4].map(() => plugin.localInitialize())).toEqual([-2, -1, 0, -2]);
});

Deno.test("RandomStatePlugin stays in its range, and repeats no state before it has given all", () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat(20), fc.nat(21), (min, length, offset) => {
      const max = min + length;
      const plugin = new RandomStatePlugin({ min, max, seed: min - 1 + offset % (length + 2), seedFunc: ignore });
      const states = Array.from({ length: length + 1 }, () => plugin.localInitialize());
      expect(states.toSorted((a, b) => a - b)).toEqual(Array.from({ length: length + 1 }, (_, i) => min + i));
    }),
  );
});

Deno.test("RandomStatePlugin refuses options out of range, naming them", () => {
  const good = { min: 0, max: 9, seed: 5, seedFunc: ignore };
  const refusal = (bad: object): unknown => {
    try {
      return new RandomStatePlugin({ ...good, ...bad });
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      return error instanceof Error && error.message;
    }
  };
  expect(refusal({ min: 0.5 })).toBe("Option `min` of RandomStatePlugin is 0.5; it must be a safe integer.");
  expect(refusal({ max: 2 ** 53 })).toContain("`max` of RandomStatePlugin is 9007199254740992");
  expect(refusal({ seed: NaN })).toContain("`seed` of RandomStatePlugin is NaN");
  expect(refusal({ min: 10 })).toContain("`min` of RandomStatePlugin is 10, which is more than `max`, 9");
  expect(refusal({ seed: 10 })).toContain("`seed` of RandomStatePlugin is 10; it must be from -1");
  expect(refusal({ seed: -2 })).toContain("`seed` of RandomStatePlugin is -2");
  expect(refusal({ seedFunc: 1 })).toContain("`seedFunc` of RandomStatePlugin is 1");
});
