import { FileStorage } from "@fusewire/fusewire";
import { expect } from "@std/expect";
import { join } from "@std/path";
import configuration from "../../deno.json" with { type: "json" };
import { commandOf, names, root, run, withCopy } from "./copied_examples.ts";

Deno.test("quickstart runs each node once, and takes all results from the storage in a second process", () =>
  withCopy(async (folder) => {
    const first = await run(folder, "quickstart.ts");
    const second = await run(folder, "quickstart.ts");
    expect(first.match(/will run: nothing is stored/g)).toHaveLength(3);
    expect(second.match(/is taken from the storage/g)).toHaveLength(3);
    const counts = (printed: string) => printed.slice(printed.indexOf("[\n"));
    expect(counts(first)).toContain(`[ "the", 14 ]`);
    expect(counts(second)).toBe(counts(first));
  }));

Deno.test("quickstart has at most 25 lines", async () => {
  const source = await Deno.readTextFile(join(root, "examples/quickstart.ts"));
  expect(source.trimEnd().split("\n").length).toBeLessThanOrEqual(25);
});

Deno.test("stateful takes in the years one after another", () =>
  withCopy(async (folder) => {
    const lines = (await run(folder, "stateful.ts")).trimEnd().split("\n");
    expect(lines).toHaveLength(11);
    expect(lines[0]).toBe("to 1970: 29 cars, 17.7 ± 5.3 miles per gallon");
    expect(lines.at(-1)).toBe("to 1980: 338 cars, 22.2 ± 7.4 miles per gallon");
  }));

const DATA_SETS = ["iris", "penguins", "cars", "digits"];
const LEARNERS = ["majority", "neighbours", "logistic", "tree", "forest"];

/** The first accuracy table that was printed, by data set and learner. */
function accuracies(printed: string): Record<string, Record<string, number>> {
  const lines = printed.split("\n");
  const head = lines.findIndex((line) => line.trim().split(/\s+/).join() === DATA_SETS.join());
  expect(head).toBeGreaterThan(-1);
  const rows = lines.slice(head + 1, head + 1 + LEARNERS.length).map((line) => line.trim().split(/\s+/));
  expect(rows.map(([learner]) => learner)).toEqual(LEARNERS);
  return Object.fromEntries(
    DATA_SETS.map((
      set,
      i,
    ) => [set, Object.fromEntries(rows.map(([learner = "", ...cells]) => [learner, Number(cells[i])]))]),
  );
}

Deno.test("classifiers compares them, draws the graph, and reads all results in a second run and a second process", () =>
  withCopy(async (folder) => {
    const first = await run(folder, "classifiers.ts");
    expect(first).toMatch(/First run: 61 nodes ran, 0 were stored/);
    expect(first).toMatch(/Second run: 0 nodes ran, 61 were stored/);
    expect(first).toContain('`digits/neighbours/fit` will run again: input `settings` changed {"k":5} → {"k":3}.');

    const table = accuracies(first);
    for (const learner of LEARNERS.slice(1)) {
      expect(table["iris"]?.[learner]).toBeGreaterThan(0.9);
      for (const set of DATA_SETS) expect(table[set]?.[learner]).toBeGreaterThan(table[set]?.["majority"] ?? 1);
    }
    expect(table["digits"]?.["neighbours"]).toBeGreaterThan(0.8);

    const drawing = await Deno.readTextFile(join(folder, ".fusewire/classifiers.svg"));
    expect(drawing).toContain("digits/forest/score");

    const again = await run(folder, "classifiers.ts");
    expect(again).toMatch(/First run: 0 nodes ran, 61 were stored/);
    expect(accuracies(again)).toEqual(table);

    const storage = new FileStorage({ path: join(folder, ".fusewire/results") });
    await storage.removeTask("classifiers", { pattern: "{iris/*,compare}" });
    const onPool = await run(folder, "classifiers.ts", "--pool");
    expect(onPool).toMatch(/First run: 16 nodes ran, 45 were stored/);
    expect(accuracies(onPool)).toEqual(table);
  }));

Deno.test("the demo task is the command in the header of the classifiers", async () => {
  const { command } = configuration.tasks.demo;
  expect(command.replace("--no-prompt ", "")).toBe(await commandOf("classifiers.ts"));
});

Deno.test("every example has a test of its own", () => {
  expect(names).toEqual([
    "classifiers.ts",
    "crawl.ts",
    "deploy.ts",
    "etl.ts",
    "for_numpy.ts",
    "orders.ts",
    "quickstart.ts",
    "stateful.ts",
    "stores.ts",
    "sweep.ts",
  ]);
});
