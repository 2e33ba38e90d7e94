import { deserialize, serialize } from "node:v8";
import { ConfigError, NotFoundError } from "../../../src/errors.ts";
import type { Status } from "../../../src/status.ts";
import type { RuntimeStorage } from "../../../storage/runtime/runtime_storage.ts";

interface StoredRun {
  readonly states: Map<string, Status>;
  readonly results: Map<string, unknown>;
  inputs: Record<string, unknown>;
  queue: string[];
}

/** A store as a user would write one: a file for each run, and nothing but the ten methods. */
export class UsersStore implements RuntimeStorage {
  #last: Promise<unknown> = Promise.resolve();

  constructor(readonly folder: string) {}

  createRun = (workflow: string, id: string, steps: readonly string[]) =>
    this.#inTurn(workflow, id, (run, save) => {
      if (run !== undefined) throw new ConfigError(`${workflow} ${id} exists`);
      save({ states: new Map(steps.map((step) => [step, "PENDING"])), results: new Map(), inputs: {}, queue: [] });
    });
  enqueue = (workflow: string, id: string, step: string) =>
    this.#change(workflow, id, step, (run) => void (run.queue.includes(step) || run.queue.push(step)));
  fetchNext = (workflow: string, id: string) =>
    this.#inTurn(workflow, id, (run, save) => {
      const next = run?.queue.shift() ?? null;
      if (run !== undefined && next !== null) save(run);
      return next;
    });
  setState = (workflow: string, id: string, step: string, status: Status) =>
    this.#change(workflow, id, step, (run) => void unlessSucceeded(run, step).states.set(step, status));
  getState = (workflow: string, id: string, step: string) =>
    this.#inTurn(workflow, id, (run) => run?.states.get(step) ?? null);
  setInputs = (workflow: string, id: string, inputs: Record<string, unknown>) =>
    this.#change(workflow, id, undefined, (run) => void (run.inputs = inputs));
  getInputs = (workflow: string, id: string) => this.#inTurn(workflow, id, (run) => run?.inputs ?? {});
  setResult = (workflow: string, id: string, step: string, result: unknown) =>
    this.#change(workflow, id, step, (run) => void unlessSucceeded(run, step).results.set(step, result));
  getResult = (workflow: string, id: string, step: string) =>
    this.#inTurn(workflow, id, (run) => run?.results.get(step));
  finalizeRun = (workflow: string, id: string) => this.#change(workflow, id, undefined, (run) => void (run.queue = []));

  #change(workflow: string, id: string, step: string | undefined, change: (run: StoredRun) => void): Promise<void> {
    return this.#inTurn(workflow, id, (run, save) => {
      const isKnown = run !== undefined && (step === undefined || run.states.has(step));
      if (!isKnown) throw new NotFoundError(`${workflow} ${id} ${step}`);
      change(run);
      save(run);
    });
  }

  #inTurn<T>(workflow: string, id: string, work: (run: StoredRun | undefined, save: (run: StoredRun) => void) => T) {
    const done = this.#last.then(async () => {
      const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify([workflow, id])));
      const path = `${this.folder}/${new Uint8Array(hash).toHex()}`;
      return work(read(path), (run) => {
        Deno.writeFileSync(`${path}.new`, serialize(run));
        Deno.renameSync(`${path}.new`, path);
      });
    });
    this.#last = done.catch(() => {});
    return done;
  }
}

function read(path: string): StoredRun | undefined {
  try {
    return deserialize(Deno.readFileSync(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function unlessSucceeded(run: StoredRun, step: string): StoredRun {
  if (run.states.get(step) === "SUCCEEDED") throw new ConfigError(`${step} has succeeded`);
  return run;
}
