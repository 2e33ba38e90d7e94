/**
 * The simulations come to where it is difficult: what they are to prove does happen in them.
 *
 * @module
 */
import { expect } from "@std/expect";
import type {
  Claim,
  ClaimAnswer,
  ClaimRequest,
  ClaimRunAnswer,
  EngineStorage,
  ReceivedMessage,
  RunCommit,
  Slot,
  StepClaim,
} from "@fusewire/fusewire";
import { LeaseLostError } from "@fusewire/fusewire";
import { type SimulatedProcess, simulateWorkflows } from "@fusewire/fusewire/testing";
import { KvRuntimeStorage } from "../../storage/runtime/kv/kv_runtime_storage.ts";
import { randomScenario } from "./random_scenario.ts";
import { TOPICS } from "./topics.ts";

/** How often what happened. */
const seen = {
  takeovers: 0,
  lateCommits: 0,
  loans: 0,
  loansLost: 0,
  reports: 0,
  cancels: 0,
  released: 0,
  waits: 0,
  slotsRefused: 0,
  sessionsLost: 0,
  commitsOfMany: 0,
  childRuns: 0,
  childRunsFound: 0,
  childRunsOpenedAgain: 0,
  childRunsCancelled: 0,
  endsTold: 0,
  earlySignals: 0,
  refusedToFormerHolders: 0,
};

function formerHolder(error: unknown): never {
  if (error instanceof LeaseLostError) seen.refusedToFormerHolders++;
  throw error;
}

/** Counts. */
class CountingStorage extends KvRuntimeStorage {
  override async claimRuns(request: ClaimRequest): Promise<ClaimAnswer> {
    const answer = await super.claimRuns(request);
    for (const { run, steps } of answer.runs) {
      if (run.fence > 1n && steps?.some(({ status }) => status === "RUNNING")) seen.takeovers++;
    }
    return answer;
  }

  override async claimRun(runId: string, session: string): Promise<ClaimRunAnswer> {
    const answer = await super.claimRun(runId, session);
    if (answer.kind === "claimed" && answer.claimed.run.fence > 1n) seen.takeovers++;
    return answer;
  }

  override async commit(commit: RunCommit): Promise<void> {
    try {
      await super.commit(commit);
    } catch (error) {
      if (error instanceof LeaseLostError) seen.lateCommits++;
      throw error;
    }
    if (commit.steps.length > 3) seen.commitsOfMany++;
    if (commit.then?.kind !== "released") return;
    if (commit.then.wakeAt !== undefined) seen.waits++;
    else seen.released++;
  }

  override async claimSteps(request: ClaimRequest): Promise<readonly StepClaim[]> {
    const claims = await super.claimSteps(request);
    for (const { run, session } of claims) if (run.session !== session) seen.loans++;
    return claims;
  }

  override async receive(claim: Claim): Promise<readonly ReceivedMessage[]> {
    const messages = await super.receive(claim);
    for (const { message: { kind } } of messages) {
      if (kind === "lost") seen.loansLost++;
      if (kind === "report") seen.reports++;
      if (kind === "cancel") seen.cancels++;
      if (kind === "child") seen.endsTold++;
    }
    return messages;
  }

  override async startRun(...start: Parameters<KvRuntimeStorage["startRun"]>): ReturnType<EngineStorage["startRun"]> {
    const started = await super.startRun(...start).catch(formerHolder);
    if (start[0].parent !== undefined) seen[started.created ? "childRuns" : "childRunsFound"]++;
    return started;
  }

  override async reopen(...reopening: Parameters<KvRuntimeStorage["reopen"]>): Promise<boolean> {
    const isOpen = await super.reopen(...reopening).catch(formerHolder);
    if (isOpen && reopening[1] !== undefined) seen.childRunsOpenedAgain++;
    return isOpen;
  }

  override async send(...sending: Parameters<KvRuntimeStorage["send"]>): Promise<boolean> {
    const [id, { kind }, held] = sending;
    const before = kind === "signal" ? await super.readRun(id) : undefined;
    const sent = await super.send(...sending).catch(formerHolder);
    if (sent && before?.status === "PENDING") seen.earlySignals++;
    if (sent && kind === "cancel" && held !== undefined) seen.childRunsCancelled++;
    return sent;
  }

  override async takeSlot(slot: Slot, now: number): Promise<boolean> {
    const taken = await super.takeSlot(slot, now);
    if (!taken) seen.slotsRefused++;
    return taken;
  }

  override async keepSession(...session: Parameters<KvRuntimeStorage["keepSession"]>): Promise<boolean> {
    const kept = await super.keepSession(...session);
    if (!kept) seen.sessionsLost++;
    return kept;
  }
}

Deno.test("the topics come to where it is difficult", async () => {
  const open = ({ kv, clock }: SimulatedProcess) => new CountingStorage(kv, { clock, remote: true });
  for (const { key, scenario, options } of TOPICS) {
    const seeds = Array.from({ length: 25 }, (_, seed) => `coverage-${key}-${seed}`);
    await simulateWorkflows(randomScenario(scenario), { ...options, open, seeds });
  }
  for (const [what, times] of Object.entries(seen)) expect(`${what}: ${times >= 3}`).toBe(`${what}: true`);
});
