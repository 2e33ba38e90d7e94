/**
 * The simulation of runs that wait can fail: what breaks a wait is found out.
 *
 * @module
 */
import { expect } from "@std/expect";
import type { Claim, EngineStorage, NewRun, ReceivedMessage, RunCommit, RunMessage } from "@fusewire/fusewire";
import { type SimulatedProcess, simulateWorkflows, SimulationError } from "@fusewire/fusewire/testing";
import { KvRuntimeStorage } from "../../storage/runtime/kv/kv_runtime_storage.ts";
import { randomScenario, type RandomScenarioOptions } from "./random_scenario.ts";

const SEEDS = 200;

/** The message of the first seed that fails when processes have such a store; nothing else goes wrong, unless `crash` says so. */
async function foundOut(
  Store: new (...args: ConstructorParameters<typeof KvRuntimeStorage>) => EngineStorage,
  scenario: RandomScenarioOptions = {},
  crash = 0,
): Promise<string> {
  const open = ({ kv, clock }: SimulatedProcess) => new Store(kv, { clock, remote: true });
  const options = { seeds: SEEDS, shrinkRuns: 0, faults: { crash }, concurrency: 4, open };
  const simulating = simulateWorkflows(randomScenario({ waiting: 0.6, size: 5, runs: 1, ...scenario }), options);
  const error = await simulating.then(() => undefined, (error: unknown) => error);
  if (error instanceof SimulationError) return error.cause instanceof Error ? error.cause.message : error.message;
  throw new Error(`Nothing was found in ${SEEDS} simulations: ${error}`);
}

Deno.test("an engine that forgets to tell a run of the end of another that it waits for is found out", async () => {
  class Silent extends KvRuntimeStorage {
    override async send(runId: string, message: RunMessage, held?: Claim): Promise<boolean> {
      return message.kind === "child" || await super.send(runId, message, held);
    }
  }
  expect(await foundOut(Silent, { signals: false })).toMatch(/^run run-.* did not end/);
});

Deno.test("an engine that takes a signal twice is found out", async () => {
  class Repeating extends KvRuntimeStorage {
    override async receive(claim: Claim): Promise<readonly ReceivedMessage[]> {
      const messages = await super.receive(claim);
      return messages.flatMap((one) =>
        one.message.kind === "signal" ? [one, { ...one, id: `${one.id}-again` }] : [one]
      );
    }
  }
  expect(await foundOut(Repeating)).toMatch(/step `two_\d+` is FAILED, and SUCCEEDED undisturbed/);
});

Deno.test("an engine that does not commit which signals it took is found out", async () => {
  class Careless extends KvRuntimeStorage {
    override async commit(commit: RunCommit): Promise<void> {
      const { handled, ...rest } = commit;
      await super.commit(commit.then?.kind === "ended" && handled !== undefined ? commit : rest);
    }
  }
  expect(await foundOut(Careless, {}, 0.02)).toMatch(/undisturbed|waits although there is a message/);
});

Deno.test("an engine that forgets when a sleep or the wait for a signal is over is found out", async () => {
  class Forgetful extends KvRuntimeStorage {
    override async commit(commit: RunCommit): Promise<void> {
      const steps = commit.steps.map(({ record, ...step }) => ({
        ...step,
        record: record.status === "RUNNING" ? { ...record, wakeAt: 0 } : record,
      }));
      await super.commit({ ...commit, steps });
    }
  }
  expect(await foundOut(Forgetful, {}, 0.02)).toMatch(/^run run-.* did not end/);
});

Deno.test("an engine that forgets that a run which only waits goes on at a time is found out", async () => {
  class Parking extends KvRuntimeStorage {
    override async commit(commit: RunCommit): Promise<void> {
      const { then } = commit;
      const forgets = then?.kind === "released" && then.parked;
      await super.commit(forgets ? { ...commit, then: { kind: "released", parked: true } } : commit);
    }
  }
  expect(await foundOut(Parking, { signals: false, failing: 0 })).toMatch(/^run run-.* did not end/);
});

Deno.test("an engine that leaves a run to itself when the one is cancelled that waits for it is found out", async () => {
  class Leaving extends KvRuntimeStorage {
    override async send(runId: string, message: RunMessage, held?: Claim): Promise<boolean> {
      if (message.kind === "cancel" && held !== undefined) return false;
      return await super.send(runId, message, held);
    }
  }
  expect(await foundOut(Leaving, { cancel: 1 })).toMatch(/did not end|undisturbed/);
});

Deno.test("an engine that starts the run of a step anew for each holder is found out", async () => {
  let count = 0;
  class Doubling extends KvRuntimeStorage {
    override async startRun(run: NewRun, session?: string, held?: Claim): ReturnType<EngineStorage["startRun"]> {
      const id = run.parent === undefined ? run.id : `${run.id}#${++count}`;
      return await super.startRun({ ...run, id }, session, held);
    }
  }
  expect(await foundOut(Doubling, { signals: false })).toMatch(
    /none if nothing disturbs it|without the run|did not end/,
  );
});
