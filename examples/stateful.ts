/**
 * How far cars of the seventies came on a gallon: running statistics as a live object, which takes in one model year after another.
 *
 *     deno run examples/stateful.ts
 */
import { LocalWorkflow, task } from "@fusewire/fusewire";
import "npm:vega-datasets@3.2.1";

interface Car {
  readonly Year: string;
  readonly Miles_per_Gallon: number | null;
}

/** Mean and standard deviation of all numbers so far (Welford's method). */
class Statistics {
  #count = 0;
  #mean = 0;
  #squares = 0;

  add(numbers: number[]): { count: number; mean: number; deviation: number } {
    for (const number of numbers) {
      const distance = number - this.#mean;
      this.#mean += distance / ++this.#count;
      this.#squares += distance * (number - this.#mean);
    }
    return { count: this.#count, mean: this.#mean, deviation: Math.sqrt(this.#squares / (this.#count - 1)) };
  }
}

const load = task(async function load(): Promise<Car[]> {
  const file = new URL("../data/cars.json", import.meta.resolve("npm:vega-datasets@3.2.1"));
  return (await import(file.href, { with: { type: "json" } })).default;
});

const mileages = task(function mileages(cars: Car[], year: number): number[] {
  return cars.filter(({ Year }) => Year.startsWith(String(year))).flatMap((car) => car.Miles_per_Gallon ?? []);
});

const cars = load();
const years = [1970, 1971, 1972, 1973, 1974, 1975, 1976, 1977, 1978, 1979, 1980];

// Calling the class runs nothing: it stands for an object that the run will make, and calls of its methods are nodes.
const statistics = task(Statistics, { name: "Mileage" })();
const afterYear = years.map((year) => statistics.add(mileages(cars, year)));

// They run in the order in which they stand in this script, one at a time, on one object, whenever their arguments are ready.
const results = await new LocalWorkflow(afterYear, { workflowName: "mileage" }).run();
results.forEach(({ count, mean, deviation }, i) => {
  console.log(`to ${years[i]}: ${count} cars, ${mean.toFixed(1)} ± ${deviation.toFixed(1)} miles per gallon`);
});
