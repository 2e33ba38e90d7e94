/**
 * A sweep over settings: neighbours classify penguins, once for each number of neighbours and each distance, and a fork of the run looks closer
 * around the best without reading and splitting the data again.
 *
 * Each setting is a step of its own, so a run that is killed goes on with those that are not done, and several processes share them.
 *
 *     deno run --unstable-kv --allow-read --allow-write=.fusewire examples/sweep.ts
 */
import { defineWorkflow, type Input, map, openRuntime, task } from "@fusewire/fusewire";
import "npm:vega-datasets@3.2.1";

/** What is measured of one penguin. */
interface Penguin {
  readonly species: string;
  readonly measures: readonly number[];
}

/** What is tried: how many neighbours, and the power of the distance. */
interface Setting {
  readonly neighbours: number;
  readonly power: number;
}

/** How well a setting did. */
interface Score extends Setting {
  readonly accuracy: number;
}

const load = task(async function load(): Promise<Penguin[]> {
  console.log("load: reads the penguins");
  const file = new URL("../data/penguins.json", import.meta.resolve("npm:vega-datasets@3.2.1"));
  const records: Record<string, unknown>[] = (await import(file.href, { with: { type: "json" } })).default;
  const columns = ["Beak Length (mm)", "Beak Depth (mm)", "Flipper Length (mm)", "Body Mass (g)"];
  return records.flatMap((record) => {
    const measures = columns.map((column) => record[column]).filter((measure) => typeof measure === "number");
    return measures.length === columns.length ? { species: String(record["Species"]), measures } : [];
  });
});

const standardize = task(function standardize(penguins: readonly Penguin[]): Penguin[] {
  const columns = penguins[0]?.measures.map((_, i) => penguins.map(({ measures }) => measures[i] ?? 0)) ?? [];
  const scales = columns.map((values) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return { mean, deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) };
  });
  return penguins.map(({ species, measures }) => ({
    species,
    measures: measures.map((value, i) => (value - scales[i]!.mean) / scales[i]!.deviation),
  }));
}, { pure: true });

const grid = task(function grid(neighbours: readonly number[], powers: readonly number[]): Setting[] {
  return neighbours.flatMap((neighbours) => powers.map((power) => ({ neighbours, power })));
}, { pure: true });

// What every item needs goes into the list. It is stored once, however often it stands there.
const trials = task((settings: readonly Setting[], penguins: readonly Penguin[]) => {
  return settings.map((setting) => ({ setting, penguins }));
}, { name: "trials", pure: true });

/** The share of penguins whose nearest others are mostly of their species: each is left out once. */
const evaluate = task(
  function evaluate({ setting, penguins }: { setting: Setting; penguins: readonly Penguin[] }): Score {
    const { neighbours, power } = setting;
    const right = penguins.filter((penguin, of) => {
      const nearest = penguins.flatMap(({ species, measures }, i) => {
        if (i === of) return [];
        const distance = measures.reduce((sum, value, j) => sum + Math.abs(value - penguin.measures[j]!) ** power, 0);
        return { species, distance };
      }).sort((a, b) => a.distance - b.distance).slice(0, neighbours);
      const votes = Map.groupBy(nearest, ({ species }) => species);
      const [winner] = [...votes].sort(([, a], [, b]) => b.length - a.length);
      return winner?.[0] === penguin.species;
    });
    return { ...setting, accuracy: right.length / penguins.length };
  },
);

const rank = task((scores: readonly (Score | undefined)[]) => {
  return scores.filter((score) => score !== undefined).toSorted((a, b) => b.accuracy - a.accuracy);
}, { name: "rank", pure: true });

const sweep = defineWorkflow(
  "sweep",
  { version: "1" },
  (input: Input<{ neighbours: number[]; powers: number[] }>) => {
    const settings = grid(input.neighbours, input.powers).setName("grid");
    return rank(map(trials(settings, standardize(load())), evaluate).setName("trial"));
  },
);

function print(what: string, scores: readonly Score[]): void {
  console.log(`${what}: ${scores.length} settings`);
  for (const { neighbours, power, accuracy } of scores.slice(0, 3)) {
    console.log(`  ${neighbours} neighbours, power ${power}: ${(100 * accuracy).toFixed(1)} %`);
  }
}

await Deno.mkdir(".fusewire", { recursive: true });
await using runtime = await openRuntime({ kv: ".fusewire/sweep.db" });

const coarse = await runtime.run(sweep, { neighbours: [1, 9, 25, 65], powers: [1, 2] }, { id: "coarse" });
print("coarse", coarse);

const [best] = coarse;
if (best === undefined) throw new Error("There were no settings.");
const around = [-4, -2, 0, 2, 4].map((step) => best.neighbours + step).filter((neighbours) => neighbours > 0);
const finer = { neighbours: around, powers: [0.5, 1, 1.5, 2, 3] };

// The fork keeps what does not come after the grid: the penguins that were read and made comparable.
const fork = await runtime.fork("coarse", { from: "grid", input: finer, id: "finer" });
print("finer", await runtime.run(sweep, finer, { id: fork.id }));

const { forkedFrom, steps } = await fork.status();
console.log(
  `${fork.id} was forked from ${forkedFrom?.run}, and tried ${
    steps.filter(({ name }) => name.startsWith("trial[")).length
  } settings.`,
);
