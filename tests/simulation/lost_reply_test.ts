import { expect } from "@std/expect";
import { LeaseLostError, type StepRecord } from "@fusewire/fusewire";
import { FaultyKv, MemoryKv, VirtualClock } from "@fusewire/fusewire/testing";
import { KvRuntimeStorage } from "../../storage/runtime/kv/kv_runtime_storage.ts";

const DONE: StepRecord = { status: "SUCCEEDED", attempt: 1, losses: 0, startedAt: 1, endedAt: 2, wakeAt: 0 };
const definition = { workflow: "w", version: "1", schema: "s" };

/** A run with two steps, held by a session of a process that loses the reply to its next commit. */
async function held() {
  const store = new MemoryKv();
  const clock = new VirtualClock();
  let loses = false;
  const kv = new FaultyKv(store, {
    plan: ({ kind }) => {
      if (!loses || kind !== "commit") return undefined;
      loses = false;
      return { kind: "lostReply" };
    },
    clock,
  });
  const [first, second] = [new KvRuntimeStorage(kv, { clock }), new KvRuntimeStorage(store, { clock })];
  const session = { deadline: clock.now() + 1_000, host: "", process: 1 };
  const createdAt = clock.now();
  await first.define({ ...definition, steps: ["a", "b"], parents: [[], []], targets: [], single: false });
  await first.keepSession({ ...session, id: "first" }, true);
  await second.keepSession({ ...session, id: "second", deadline: Infinity }, true);
  const { claimed } = await first.startRun({
    ...definition,
    id: "run",
    size: 2,
    input: { kind: "bytes", bytes: new Uint8Array() },
    queue: "default",
    priority: 0,
    tags: [],
    createdAt,
    dueAt: createdAt,
  }, "first");
  expect(claimed).toBeDefined();
  const value = (text: string) => ({ kind: "bytes" as const, bytes: new TextEncoder().encode(text) });
  const commit = (place: number, text: string) =>
    first.commit({ claim: claimed!.claim, steps: [{ place, record: DONE, value: value(text) }] });
  return { clock, second, commit, loseReply: () => void (loses = true) };
}

Deno.test("a commit whose reply was lost has been made, and is the last one if the run was taken over since", async () => {
  const { clock, second, commit, loseReply } = await held();
  loseReply();
  const lost = commit(0, "a");
  await clock.advance(0);
  expect(await second.reap(clock.now() + 5_000)).toBe(1);
  const answer = await second.claimRun("run", "second");
  expect(answer.kind).toBe("claimed");
  await clock.advance(1_000);
  await lost;
  await expect(commit(1, "from the first")).rejects.toThrow(LeaseLostError);
  const [a, b] = await second.readValues("run", [0, 1]);
  expect([a?.kind, b]).toEqual(["bytes", undefined]);
  expect((await second.readRun("run"))?.session).toBe("second");
});

Deno.test("a commit whose reply was lost is followed by others if nobody took the run over", async () => {
  const { clock, second, commit, loseReply } = await held();
  loseReply();
  const lost = commit(0, "a");
  await clock.advance(1_000);
  await lost;
  await commit(1, "b");
  expect((await second.readSteps("run")).map(({ status }) => status)).toEqual(["SUCCEEDED", "SUCCEEDED"]);
});
