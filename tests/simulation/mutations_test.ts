/**
 * The simulation can fail: stores and engines that are broken on purpose are found out.
 *
 * @module
 */
import { expect } from "@std/expect";
import type {
  Claim,
  EngineStorage,
  ReceivedMessage,
  RunCommit,
  RunMessage,
  Slot,
  StepClaim,
  StepReport,
  StoredValue,
} from "@fusewire/fusewire";
import {
  type KvAtomicLike,
  type KvCheck,
  type KvLike,
  type SeededRandom,
  type SimulatedProcess,
  simulateWorkflows,
  type SimulateWorkflowsOptions,
  SimulationError,
  type WorkflowScenario,
} from "@fusewire/fusewire/testing";
import { executableOf } from "../../src/engine/executable.ts";
import { KvRuntimeStorage } from "../../storage/runtime/kv/kv_runtime_storage.ts";
import { randomScenario, type RandomScenarioOptions } from "./random_scenario.ts";

const SEEDS = 200;

interface Mutation {
  readonly open: (process: SimulatedProcess) => EngineStorage;
  readonly scenario?: RandomScenarioOptions;
  readonly options?: Partial<SimulateWorkflowsOptions>;
}

/** The message of the first seed that fails. */
async function foundOut({ open, scenario = {}, options = {} }: Mutation): Promise<string> {
  const all = { seeds: SEEDS, shrinkRuns: 0, ...options, open };
  const error = await simulateWorkflows(randomScenario(scenario), all).then(() => undefined, (error: unknown) => error);
  if (error instanceof SimulationError) return error.cause instanceof Error ? error.cause.message : error.message;
  throw new Error(`Nothing was found in ${SEEDS} simulations: ${error}`);
}

/** The store of a process with its KV changed. */
function onKv(change: (kv: KvLike) => KvLike): (process: SimulatedProcess) => EngineStorage {
  return ({ kv, clock }) => new KvRuntimeStorage(change(kv), { clock, remote: true });
}

/** The same KV, but for some of its methods. */
function changed(kv: KvLike, changes: Partial<KvLike>): KvLike {
  return new Proxy(kv, {
    get: (target, key) => {
      const own: unknown = Reflect.get(changes, key);
      const value: unknown = own ?? Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(own === undefined ? target : changes) : value;
    },
  });
}

/** An atomic operation that leaves some of its checks out. */
function uncheckedAtomic(kv: KvLike, isLeftOut: (check: KvCheck) => boolean): KvAtomicLike {
  const atomic = kv.atomic();
  const self: KvAtomicLike = {
    check: (...checks) => (atomic.check(...checks.filter((check) => !isLeftOut(check))), self),
    set: (key, value) => (atomic.set(key, value), self),
    delete: (key) => (atomic.delete(key), self),
    commit: () => atomic.commit(),
  };
  return self;
}

Deno.test("a store that does not look at the fence is found out", async () => {
  const isFence = ({ key, versionstamp }: KvCheck): boolean => key[1] === "run" && versionstamp !== null;
  const open = onKv((kv) => changed(kv, { atomic: () => uncheckedAtomic(kv, isFence) }));
  expect(await foundOut({ open })).toMatch(/fence|does not hold|which .* holds|claimed from|entries `own`/);
});

Deno.test("a store that lets sessions claim that are over is found out", async () => {
  const open = onKv((kv) => changed(kv, { atomic: () => uncheckedAtomic(kv, ({ key }) => key[1] === "alive") }));
  expect(await foundOut({ open })).toMatch(/did not end|is left|not hold/);
});

Deno.test("a store that loses a commit in twenty and says that it is done is found out", async () => {
  class Losing extends KvRuntimeStorage {
    #count = 0;
    override async commit(commit: RunCommit): Promise<void> {
      if (++this.#count % 20 !== 0) await super.commit(commit);
    }
  }
  const open = ({ kv, clock }: SimulatedProcess) => new Losing(kv, { clock, remote: true });
  expect(await foundOut({ open, options: { faults: {} } })).toMatch(
    /while its parent|did not end|no result|not made|has ended and its step/,
  );
});

Deno.test("a store that says a commit is done before it is, so that steps with effects run ahead, is found out", async () => {
  class Early extends KvRuntimeStorage {
    override async commit(commit: RunCommit): Promise<void> {
      if (commit.then !== undefined) return await super.commit(commit);
      super.commit(commit).catch(() => {});
    }
  }
  const open = ({ kv, clock }: SimulatedProcess) => new Early(kv, { clock, remote: true });
  const message = await foundOut({ open, options: { faults: {} } });
  expect(message).toMatch(/which is not pure, while its parent \d+ is (RUNNING|PENDING)/);
});

Deno.test("an engine that lets steps with effects run ahead of commits is found out", async () => {
  const scenario = (random: SeededRandom): WorkflowScenario => {
    const made = randomScenario({ pure: 0.3 })(random);
    for (const definition of made.definitions) executableOf(definition).shape.pure.fill(1);
    return made;
  };
  const all = { seeds: SEEDS, shrinkRuns: 0, faults: {} };
  await expect(simulateWorkflows(scenario, all)).rejects.toThrow(/which is not pure, while its parent/);
});

Deno.test("a store that keeps another value than the one that readers had is found out", async () => {
  class Altering extends KvRuntimeStorage {
    override readValues(runId: string, places: readonly number[]): Promise<readonly (StoredValue | undefined)[]> {
      return super.readValues(runId, places.map((place) => Math.max(0, place - 1)));
    }
  }
  const open = ({ kv, clock }: SimulatedProcess) => new Altering(kv, { clock, remote: true });
  expect(await foundOut({ open, scenario: { pure: 0 } })).toMatch(
    /something else than what is committed|its result is/,
  );
});

Deno.test("a store that loses messages is found out", async () => {
  class Deaf extends KvRuntimeStorage {
    override async receive(claim: Claim): Promise<readonly ReceivedMessage[]> {
      await super.receive(claim);
      return [];
    }
  }
  const open = ({ kv, clock }: SimulatedProcess) => new Deaf(kv, { clock, remote: true });
  const options = { faults: {}, workers: 4, concurrency: 1 };
  expect(await foundOut({ open, scenario: { shape: "fan", size: 16 }, options })).toMatch(/did not end|waits although/);
});

Deno.test("a store that forgets when a waiting run goes on is found out", async () => {
  class Forgetful extends KvRuntimeStorage {
    override async commit(commit: RunCommit): Promise<void> {
      const { then } = commit;
      await super.commit(
        then?.kind === "released" ? { ...commit, then: { kind: "released", parked: then.parked } } : commit,
      );
    }
  }
  const open = ({ kv, clock }: SimulatedProcess) => new Forgetful(kv, { clock, remote: true });
  expect(await foundOut({ open, scenario: { failing: 0.8 }, options: { faults: {} } })).toMatch(/^run .* did not end/);
});

Deno.test("a store that gives a slot to whoever asks is found out", async () => {
  class Generous extends KvRuntimeStorage {
    override takeSlot(_slot: Slot, _now: number): Promise<boolean> {
      return Promise.resolve(true);
    }
  }
  const open = ({ kv, clock }: SimulatedProcess) => new Generous(kv, { clock, remote: true });
  const mutation = { open, scenario: { slots: 1, failing: 0, shape: "fan" as const }, options: { faults: {} } };
  expect(await foundOut(mutation)).toMatch(/steps with the concurrency key/);
});

Deno.test("a store that tells of a lent step twice, and another time not at all, is found out", async () => {
  class Forgetting extends KvRuntimeStorage {
    override async report(claim: StepClaim, report: StepReport, value: StoredValue | undefined, done: boolean) {
      if (done) await super.report(claim, { ...report, outcome: { kind: "returned" } }, undefined, done);
      else await super.report(claim, report, value, done);
    }
  }
  const open = ({ kv, clock }: SimulatedProcess) => new Forgetting(kv, { clock, remote: true });
  const scenario = { shape: "fan" as const, size: 16, failing: 0 };
  const options = { faults: {}, workers: 4, concurrency: 1 };
  expect(await foundOut({ open, scenario, options })).toMatch(/made attempt \d+ of step \d+, and nothing had happened/);
});

Deno.test("a KV that shows its error to the user is found out", async () => {
  class Frank extends KvRuntimeStorage {
    override async send(runId: string, message: RunMessage): Promise<boolean> {
      if (this.#said) return await super.send(runId, message);
      this.#said = true;
      throw new TypeError("database is locked");
    }
    #said = false;
  }
  const open = ({ kv, clock }: SimulatedProcess) => new Frank(kv, { clock, remote: true });
  expect(await foundOut({ open, scenario: { cancel: 1 } })).toMatch(
    /with what no user should see: TypeError: database/,
  );
});
