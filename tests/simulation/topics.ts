/**
 * What is simulated, by topic: in the test command with some seeds, in `deno task soak` with any number.
 *
 * @module
 */
import { type SimulateWorkflowsOptions, WORKFLOW_FAULTS } from "@fusewire/fusewire/testing";
import { KvRuntimeStorage } from "../../storage/runtime/kv/kv_runtime_storage.ts";
import type { RandomScenarioOptions } from "./random_scenario.ts";

/** Workflows and faults of one kind. */
export interface Topic {
  /** A word for the command line. */
  readonly key: string;
  /** What is proven. */
  readonly name: string;
  /** How many seeds the test command takes. */
  readonly seeds: number;
  /** What happens. */
  readonly scenario: RandomScenarioOptions;
  /** What goes wrong, and how often. */
  readonly options: Omit<SimulateWorkflowsOptions, "seeds">;
}

/** Ten times what usually goes wrong. */
const MANY_FAULTS = {
  ...WORKFLOW_FAULTS,
  fail: 0.05,
  lostReply: 0.1,
  locked: 0.05,
  delay: 0.05,
  crash: 0.03,
  pause: 0.02,
};

/** The topics. */
export const TOPICS: readonly Topic[] = [
  {
    key: "calm",
    name: "with nothing that goes wrong each attempt is made once, by whatever worker",
    seeds: 250,
    scenario: {},
    options: { faults: {} },
  },
  {
    key: "faults",
    name: "runs end as they do undisturbed, whatever goes wrong",
    seeds: 500,
    scenario: {},
    options: {},
  },
  {
    key: "users",
    name: "runs that are cancelled and tried again at any time end in some legal way",
    seeds: 400,
    scenario: { cancel: 0.5, retry: 0.4 },
    options: {},
  },
  {
    key: "many-faults",
    name: "no amount of faults breaks a rule or keeps a run from its end",
    seeds: 300,
    scenario: { cancel: 0.2, retry: 0.2, size: 8 },
    options: { faults: MANY_FAULTS },
  },
  {
    key: "lending",
    name: "steps that are lent to other workers are made and committed once",
    seeds: 200,
    scenario: {
      least: 8,
      size: 20,
      shape: "fan",
      failing: 0.1,
      stateful: 0,
      slots: 0,
      when: 0,
      cancel: 0.1,
      retry: 0.1,
      runs: 1,
    },
    options: {
      workers: 4,
      concurrency: 1,
      lease: 700,
      latency: [3, 15],
      faults: { ...WORKFLOW_FAULTS, crash: 0.02, pause: 0.01 },
    },
  },
  {
    key: "objects",
    name: "live objects are made again, and slots are held by as many as they may",
    seeds: 250,
    scenario: { stateful: 0.5, slots: 0.4, size: 8 },
    options: {},
  },
  {
    key: "control",
    name: "what is optional, first or chosen by a value becomes the same, whatever goes wrong",
    seeds: 300,
    scenario: { control: 0.6, failing: 0.4, when: 0.2, cancel: 0.15, retry: 0.2 },
    options: { concurrency: 4 },
  },
  {
    key: "waits-calm",
    name: "what waits for times, signals, other runs and lists goes on, and each attempt is made once",
    seeds: 150,
    scenario: { waiting: 0.4, size: 6, stateful: 0, runs: 2 },
    options: { faults: {}, concurrency: 4 },
  },
  {
    key: "waits",
    name: "runs that wait, and the runs that they wait for, end as they do undisturbed, whatever goes wrong",
    seeds: 300,
    scenario: { waiting: 0.4, size: 6, retry: 0.2, runs: 2 },
    options: { concurrency: 4 },
  },
  {
    key: "waits-users",
    name: "runs that wait are cancelled at any time with all that they wait for",
    seeds: 200,
    scenario: { waiting: 0.5, size: 6, cancel: 0.6, runs: 2 },
    options: { concurrency: 4 },
  },
  {
    key: "waits-again",
    name: "runs that wait for other runs are cancelled and tried again, and so are those",
    seeds: 150,
    scenario: { waiting: 0.5, signals: false, size: 6, cancel: 0.5, retry: 0.6, failing: 0.4, runs: 2 },
    options: { concurrency: 4 },
  },
  {
    key: "waits-many",
    name: "no amount of faults keeps a run from hearing of the end of another, or of a signal",
    seeds: 150,
    scenario: { waiting: 0.5, size: 5, runs: 1, cancel: 0.1 },
    options: { faults: MANY_FAULTS, concurrency: 4 },
  },
  {
    key: "waits-clocks",
    name: "sleeps and timeouts end by clocks that are far apart, and break nothing",
    seeds: 80,
    scenario: { waiting: 0.5, size: 5, runs: 1 },
    options: { maxSkew: 150, lateness: 20, lease: 700, concurrency: 4 },
  },
  {
    key: "large",
    name: "runs whose steps lie in pages keep every rule",
    seeds: 60,
    scenario: { least: 33, size: 80, runs: 2, cancel: 0.1, retry: 0.1 },
    options: { concurrency: 6 },
  },
  {
    key: "server",
    name: "a server whose client sends commits twice is no worse than a file",
    seeds: 200,
    scenario: { cancel: 0.2, retry: 0.2 },
    options: {
      faults: { ...WORKFLOW_FAULTS, locked: 0, twice: 0.1, lostReply: 0.05 },
      open: ({ kv, clock }) => new KvRuntimeStorage(kv, { clock, remote: true }),
    },
  },
  {
    key: "clocks",
    name: "clocks that are far apart end leases too early, and break nothing",
    seeds: 80,
    scenario: { size: 6, runs: 2 },
    options: { maxSkew: 150, lateness: 20, lease: 700 },
  },
];
