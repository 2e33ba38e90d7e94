import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { ConfigError } from "../src/errors.ts";
import type { DefinitionRecord } from "../storage/runtime/records.ts";
import type { Bench, TestOn } from "./conformance_fixture.ts";

function definition(changes: Partial<DefinitionRecord> = {}): DefinitionRecord {
  return {
    workflow: "etl",
    version: "1",
    schema: "one",
    steps: ["extract", "load"],
    parents: [[], [0]],
    targets: [{ place: 1, path: ["rows", 0] }],
    single: true,
    ...changes,
  };
}

/** Registers the tests of definitions. */
export function testDefinitions(test: TestOn<Bench>): void {
  test("gives back definitions that were made known, also after a restart", async (bench) => {
    const { storage } = bench;
    strictEqual(await storage.readDefinition(definition()), undefined);
    await storage.define(definition());
    await storage.define(definition());
    await storage.define(definition({ version: "2", schema: "two", steps: ["other"], parents: [[]] }));
    deepStrictEqual(await storage.readDefinition(definition()), definition());
    const after = await bench.restarted();
    deepStrictEqual(await after.readDefinition(definition()), definition());
    deepStrictEqual((await after.readDefinition(definition({ version: "2", schema: "two" })))?.steps, ["other"]);
    strictEqual(await after.readDefinition(definition({ version: "2" })), undefined);
    strictEqual(await after.readDefinition(definition({ workflow: "other" })), undefined);
  });

  test("refuses a version that is known with another graph", async ({ storage }) => {
    await storage.define(definition());
    await rejects(storage.define(definition({ schema: "two", steps: ["other"], parents: [[]] })), ConfigError);
    deepStrictEqual(await storage.readDefinition(definition()), definition());
  });

  test("knows graphs without a version side by side", async ({ storage }) => {
    await storage.define(definition({ version: "" }));
    await storage.define(definition({ version: "", schema: "two", steps: ["other"], parents: [[]] }));
    deepStrictEqual((await storage.readDefinition(definition({ version: "" })))?.steps, ["extract", "load"]);
    deepStrictEqual((await storage.readDefinition(definition({ version: "", schema: "two" })))?.steps, ["other"]);
  });

  test("lets one of two graphs have a version that both ask for at the same time", async (bench) => {
    const stores = [bench.storage, await bench.other()];
    const tries = Array.from({ length: 10 }, async (_, i) => {
      await stores[i % 2]?.define(definition({ schema: `schema-${i % 2}`, steps: [`step-${i % 2}`, "b"] }));
      return i % 2;
    });
    const won = (await Promise.allSettled(tries)).flatMap((one) => one.status === "fulfilled" ? [one.value] : []);
    const [first = -1] = won;
    deepStrictEqual(won, new Array(5).fill(first));
    const known = await bench.storage.readDefinition(definition({ schema: `schema-${first}` }));
    deepStrictEqual(known?.steps, [`step-${first}`, "b"]);
    strictEqual(await bench.storage.readDefinition(definition({ schema: `schema-${1 - first}` })), undefined);
  });

  test("keeps a definition of ten thousand steps", async ({ storage }) => {
    const steps = Array.from({ length: 10_000 }, (_, i) => `a step with a rather long name ${i}`);
    const large = definition({ steps, parents: steps.map((_, i) => i === 0 ? [] : [i - 1]) });
    await storage.define(large);
    deepStrictEqual(await storage.readDefinition(large), large);
  });
}
