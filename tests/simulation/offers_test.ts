import { expect } from "@std/expect";
import type { StepReport } from "@fusewire/fusewire";
import { FaultyKv, type KvOperation, MemoryKv, VirtualClock } from "@fusewire/fusewire/testing";
import { KvRuntimeStorage } from "../../storage/runtime/kv/kv_runtime_storage.ts";

const REPORT: StepReport = {
  place: 0,
  startedAt: 1,
  endedAt: 2,
  outcome: { kind: "failed", error: { name: "Error", message: "m" } },
};
const definition = { workflow: "w", version: "1", schema: "s" };

Deno.test("a claim of offered steps that is refused after they were reported does not give them again", async () => {
  const store = new MemoryKv();
  const clock = new VirtualClock();
  let lists = -Infinity;
  // The second list of offers is slow from when on they are counted.
  const latency = ({ kind }: KvOperation) => ({ request: 0, reply: kind === "list" && ++lists === 2 ? 100 : 0 });
  const kv = new FaultyKv(store, { latency, clock });
  const [holder, helper] = [new KvRuntimeStorage(store, { clock }), new KvRuntimeStorage(kv, { clock, remote: true })];
  const createdAt = clock.now();
  await holder.define({ ...definition, steps: ["a"], parents: [[]], targets: [], single: false });
  for (const id of ["holder", "helper"]) {
    await holder.keepSession({ id, deadline: Infinity, host: "", process: 1 }, true);
  }
  const input = { kind: "bytes" as const, bytes: new Uint8Array() };
  const waiting = { queue: "default", priority: 0, tags: [], createdAt, dueAt: createdAt };
  const { claimed } = await holder.startRun({ ...definition, id: "run", size: 1, input, ...waiting }, "holder");
  await holder.commit({ claim: claimed!.claim, steps: [], offers: [{ id: "1", places: [0], fence: 1n }] });
  const request = { session: "helper", queues: ["default"], definitions: [definition], limit: 5, now: createdAt };
  const claim = async () => await helper.claimSteps(request);
  lists = 0;
  const [first, second] = [claim(), claim()];
  const [steps] = await first;
  expect(steps?.offer.id).toBe("1");
  expect(lists).toBe(2);
  await helper.report(steps!, REPORT, undefined, true);
  await clock.advance(200);
  expect(await second).toEqual([]);
});

Deno.test("a commit that offers steps and ends the run leaves no offer", async () => {
  const store = new MemoryKv();
  const storage = new KvRuntimeStorage(store, { clock: new VirtualClock() });
  await storage.define({ ...definition, steps: ["a"], parents: [[]], targets: [], single: false });
  await storage.keepSession({ id: "s", deadline: Infinity, host: "", process: 1 }, true);
  const input = { kind: "bytes" as const, bytes: new Uint8Array() };
  const waiting = { queue: "default", priority: 0, tags: [], createdAt: 1, dueAt: 1 };
  const { claimed } = await storage.startRun({ ...definition, id: "run", size: 1, input, ...waiting }, "s");
  await storage.commit({
    claim: claimed!.claim,
    steps: [],
    offers: [{ id: "1", places: [0], fence: 1n }],
    then: { kind: "ended", status: "CANCELLED", endedAt: 2 },
  });
  expect(await Array.fromAsync(store.list({ prefix: ["fw", "offer"] }))).toEqual([]);
});

Deno.test("a holder that claims its own offer and closes it leaves nothing of the claim", async () => {
  const store = new MemoryKv();
  const storage = new KvRuntimeStorage(store, { clock: new VirtualClock() });
  await storage.define({ ...definition, steps: ["a"], parents: [[]], targets: [], single: false });
  await storage.keepSession({ id: "s", deadline: Infinity, host: "", process: 1 }, true);
  const input = { kind: "bytes" as const, bytes: new Uint8Array() };
  const waiting = { queue: "default", priority: 0, tags: [], createdAt: 1, dueAt: 1 };
  const { claimed } = await storage.startRun({ ...definition, id: "run", size: 1, input, ...waiting }, "s");
  const { claim } = claimed!;
  await storage.commit({ claim, steps: [], offers: [{ id: "1", places: [0], fence: 1n }] });
  const request = { session: "s", queues: ["default"], definitions: [definition], limit: 1, now: 1 };
  expect((await storage.claimSteps(request)).length).toBe(1);
  await storage.commit({ claim, steps: [], closedOffers: ["1"] });
  const own = await Array.fromAsync(store.list({ prefix: ["fw", "own"] }));
  expect(own.map(({ key }) => key)).toEqual([["fw", "own", "s", "run"]]);
});

Deno.test("a claim of offered steps that is refused before the reply to an earlier one gives nothing", async () => {
  const store = new MemoryKv();
  const clock = new VirtualClock();
  let commits = -Infinity;
  const latency = ({ kind }: KvOperation) => {
    if (kind !== "commit") return { request: 0, reply: 0 };
    return ++commits === 1 ? { request: 0, reply: 100 } : { request: commits === 2 ? 10 : 0, reply: 0 };
  };
  const kv = new FaultyKv(store, { latency, clock });
  const storage = new KvRuntimeStorage(kv, { clock, remote: true });
  await storage.define({ ...definition, steps: ["a"], parents: [[]], targets: [], single: false });
  for (const id of ["s", "t"]) await storage.keepSession({ id, deadline: Infinity, host: "", process: 1 }, true);
  const input = { kind: "bytes" as const, bytes: new Uint8Array() };
  const waiting = { queue: "default", priority: 0, tags: [], createdAt: 1, dueAt: 1 };
  const { claimed } = await storage.startRun({ ...definition, id: "run", size: 1, input, ...waiting }, "s");
  await storage.commit({ claim: claimed!.claim, steps: [], offers: [{ id: "1", places: [0], fence: 1n }] });
  const request = { session: "t", queues: ["default"], definitions: [definition], limit: 1, now: 1 };
  commits = 0;
  const both = Promise.all([storage.claimSteps(request), storage.claimSteps(request)]);
  await clock.advance(1_000);
  expect((await both).flat().length).toBe(1);
});

Deno.test("two claims of a run in one process have different fences, however late the reply to the first", async () => {
  const store = new MemoryKv();
  const clock = new VirtualClock();
  let commits = -Infinity;
  const latency = ({ kind }: KvOperation) => {
    if (kind !== "commit") return { request: 0, reply: 0 };
    return ++commits === 1 ? { request: 0, reply: 100 } : { request: commits === 2 ? 10 : 0, reply: 0 };
  };
  const storage = new KvRuntimeStorage(new FaultyKv(store, { latency, clock }), { clock, remote: true });
  await storage.define({ ...definition, steps: ["a"], parents: [[]], targets: [], single: false });
  await storage.keepSession({ id: "s", deadline: Infinity, host: "", process: 1 }, true);
  const input = { kind: "bytes" as const, bytes: new Uint8Array() };
  const waiting = { queue: "default", priority: 0, tags: [], createdAt: 1, dueAt: 1 };
  await storage.startRun({ ...definition, id: "run", size: 1, input, ...waiting });
  commits = 0;
  const both = Promise.all([storage.claimRun("run", "s"), storage.claimRun("run", "s")]);
  await clock.advance(1_000);
  const fences = (await both).map((answer) => answer.kind === "claimed" ? answer.claimed.claim.fence : undefined);
  expect(fences).toEqual([1n, 2n]);
});
