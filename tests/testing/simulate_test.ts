import { expect } from "@std/expect";
import { simulate, type SimulatedWorld, SimulationError } from "../../testing/mod.ts";

/** Adds one to a number ten times, and forgets that an error does not say that nothing was written. */
async function careless(world: SimulatedWorld): Promise<void> {
  const { kv } = world.process("a");
  const add = async (): Promise<void> => {
    const { value } = await kv.get<number>(["n"]);
    await kv.set(["n"], (value ?? 0) + 1);
  };
  const addUntilDone = (): Promise<void> => add().catch(addUntilDone);
  await world.run((async () => {
    for (let i = 0; i < 10; i++) await addUntilDone();
  })());
  expect((await world.kv.get(["n"])).value).toBe(10);
}

Deno.test("simulate() counts what has happened", async () => {
  const report = await simulate(careless, { seeds: 50, faults: { fail: 0.1, locked: 0.1, delay: 0.1 } });
  expect(report.simulations).toBe(50);
  expect(report.steps).toBeGreaterThan(50 * 40);
  expect(report.faults).toBeGreaterThan(200);
});

Deno.test("simulate() reports the smallest failure it can find, with all that is needed to repeat it", async () => {
  const faults = { fail: 0.1, lostReply: 0.1, locked: 0.1, delay: 0.2, pause: 0.1 };
  const error = await simulate(careless, { seeds: ["x", "y", "z"], faults }).catch((error: unknown) => error);
  if (!(error instanceof SimulationError)) throw new Error(`not a SimulationError: ${error}`);
  expect(error.decisions.map(({ fault }) => fault)).toEqual([{ kind: "lostReply" }]);
  expect(error.message).toContain(`The simulation with seed "x" has failed`);
  expect(error.message).toContain(`"fault":{"kind":"lostReply"}`);
  expect(error.message).toContain("set [n] (lostReply): at ");
  const again = simulate(careless, { seeds: [error.seed], decisions: error.decisions });
  await expect(again).rejects.toThrow(error.message);
});
