import { expect } from "@std/expect";
import { KvRuntimeStorage } from "../../../../storage/runtime/kv/kv_runtime_storage.ts";
import type { KvLike } from "../../../../storage/kv/kv_like.ts";
import { sha256Hex } from "../../../../storage/digest.ts";
import { Bench, bytes, bytesOf, step } from "../../../../testing/conformance_fixture.ts";
import type { Fault } from "../../../../testing/fault.ts";
import { FaultyKv } from "../../../../testing/faulty_kv.ts";
import { MemoryKv } from "../../../../testing/memory_kv.ts";
import { randomFaults } from "../../../../testing/random_faults.ts";
import { SeededRandom } from "../../../../testing/seeded_random.ts";

/** A run of each kind from its start to its end, through every method that writes; gives all that can be read afterwards. */
async function story(store: KvLike, kv: KvLike, size: number, remote: boolean): Promise<string> {
  const storage = new KvRuntimeStorage(kv, { remote });
  const bench = new Bench({ storage });
  const { t0 } = bench;
  await storage.define({ ...bench.etl, steps: ["a", "b"], parents: [[], [0]], targets: [], single: false });
  await bench.sessions(["s1", "s2", "s3"]);
  const first = await storage.startRun(bench.newRun("1", { size, input: bytesOf(90_000), idempotencyKey: "k" }), "s1");
  const waiting = await storage.startRun(bench.newRun("2", { size, priority: 1, exclusive: "x" }));
  const told: unknown[] = [first.created, waiting.created];
  if (first.claimed === undefined) throw new Error("The run was not claimed.");
  let claim = first.claimed.claim;
  await storage.commit({
    claim,
    steps: [{ place: 0, record: step("SUCCEEDED"), value: bytes("a") }],
    offers: [{ id: "o", places: [1], fence: 2n }, { id: "p", places: [2], fence: 2n }],
    events: [{ event: "warning", timestamp: 1, message: "careful" }],
  });
  await storage.commit({ claim, steps: [{ place: 3, record: step("RUNNING", { attempt: 1 }) }] });
  const lent = await storage.claimSteps(bench.request("s2"));
  told.push(lent.map(({ offer }) => offer.id));
  const [work] = lent;
  if (work === undefined) throw new Error("No steps were claimed.");
  const report = { place: 1, startedAt: 1, endedAt: 2, outcome: { kind: "succeeded" } } as const;
  await storage.report(work, report, bytes("b"), true);
  const mail = await storage.receive(claim);
  told.push(mail.map(({ message }) => message.kind));
  await storage.commit({
    claim,
    steps: [{ place: 1, record: step("SUCCEEDED") }],
    handled: mail.map(({ id }) => id),
    closedOffers: ["o"],
    then: { kind: "released", parked: true },
  });
  told.push(await storage.send("1", { kind: "signal", name: "go", payload: bytes("!") }));
  const claimed = await storage.claimRuns(bench.request("s1"));
  told.push(claimed.runs.map((one) => one.claim));
  const own = claimed.runs.find((one) => one.claim.runId === "1");
  if (own === undefined) throw new Error("The run was not claimed again.");
  claim = own.claim;
  told.push((await storage.receive(claim)).map(({ message }) => message));
  told.push(await storage.takeSlot({ key: "k", limit: 1, session: "s1", holder: "h" }, t0));
  told.push(await storage.takeSlot({ key: "k", limit: 1, session: "s2", holder: "h" }, t0));
  await storage.freeSlot({ key: "k", limit: 1, session: "s1", holder: "h" });
  await storage.endSession("s2");
  told.push((await storage.receive(claim)).map(({ message }) => message.kind));
  const failure = { place: 3, error: { name: "Error", message: "no" } };
  await storage.commit({
    claim,
    steps: [{ place: 3, record: step("FAILED"), value: { kind: "error", error: failure.error } }],
    then: { kind: "ended", status: "FAILED", endedAt: t0 + 5, failure },
  });
  told.push(await storage.reopen("1", t0));
  const again = await storage.claimRun("1", "s3");
  told.push(again.kind === "claimed" ? again.claimed.claim : again.kind);
  await storage.endSession("s3");
  await storage.endSession("s1");
  const state = [];
  for (const id of ["1", "2"]) {
    state.push(await storage.readRun(id), await storage.readSteps(id), await storage.readValues(id, [0, 1, 2, 3]));
    state.push(await storage.readEvents(id));
  }
  await storage.close();
  const keys = (await Array.fromAsync(store.list({ prefix: ["fw"] }))).map(({ key }) => keyText(key));
  return textOf({ told, state, keys });
}

/** A line for each part of a value, large bytes by their hash. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (part instanceof Uint8Array) return part.length > 100 ? sha256Hex(part) : [...part].join(" ");
    return typeof part === "bigint" ? `${part}n` : part;
  }, 1);
}

/** A key without what is different each time: ids of messages, versionstamps. */
function keyText(key: readonly unknown[]): string {
  return key.map((part) => typeof part === "string" && /^[0-9a-f]{20}-/.test(part) ? "id" : String(part)).join("/");
}

for (const [name, size, remote] of [["small", 4, false], ["large", 40, false], ["remote", 4, true]] as const) {
  Deno.test(`KvRuntimeStorage makes the same of a ${name} run whichever one operation goes wrong, and however`, async () => {
    using first = new MemoryKv();
    using plain = new FaultyKv(first);
    const expected = await story(first, plain, size, remote);
    const operations = plain.operations;
    expect(operations).toBeGreaterThan(50);
    const faults: Fault[] = [{ kind: "lostReply" }, { kind: "twice" }, { kind: "fail" }, { kind: "locked" }];
    for (let hit = 1; hit <= operations; hit++) {
      for (const fault of faults) {
        using store = new MemoryKv();
        using kv = new FaultyKv(store, { plan: ({ number }) => number === hit ? fault : undefined });
        const outcome = await story(store, kv, size, remote).catch((error: Error) => `ERROR ${error.stack}`);
        expect([hit, fault.kind, outcome]).toEqual([hit, fault.kind, expected]);
      }
    }
  });

  Deno.test(`KvRuntimeStorage makes the same of a ${name} run although much goes wrong`, async () => {
    using plain = new MemoryKv();
    const expected = await story(plain, plain, size, remote);
    for (let seed = 1; seed <= 40; seed++) {
      const plan = randomFaults(new SeededRandom(`seed ${seed}`), {
        lostReply: 0.08,
        twice: 0.08,
        fail: 0.08,
        locked: 0.15,
      });
      using store = new MemoryKv();
      using kv = new FaultyKv(store, { plan });
      const outcome = await story(store, kv, size, remote).catch((error: Error) => `ERROR ${error.stack}`);
      expect([seed, outcome]).toEqual([seed, expected]);
    }
  });
}

for (const [name, size] of [["small", 4], ["large", 40]] as const) {
  Deno.test(`KvRuntimeStorage knows what a ${name} run has after a commit of which it never learnt what became of it`, async () => {
    for (const kind of ["lostReply", "fail"] as const) {
      let failing = false;
      const plan = (operation: { readonly kind: string }): Fault | undefined =>
        failing && operation.kind === "commit" ? { kind } : undefined;
      using kv = new FaultyKv(new MemoryKv(), { plan });
      const bench = new Bench({ storage: new KvRuntimeStorage(kv, { patience: -1 }) });
      const { claim } = await bench.started("1", "s", { size });
      const commit = (place: number) =>
        bench.storage.commit({ claim, steps: [{ place, record: step("SUCCEEDED"), value: bytes(`${place}`) }] });
      await commit(0);
      failing = true;
      const lost = commit(1).catch((error: unknown) => {
        failing = false;
        return error;
      });
      const next = commit(2);
      expect(await lost).toBeInstanceOf(Error);
      await next;
      const done = (await bench.storage.readSteps("1")).flatMap(({ status }, i) => status === "SUCCEEDED" ? [i] : []);
      expect(done).toEqual(kind === "fail" ? [0, 2] : [0, 1, 2]);
      const values = await bench.storage.readValues("1", [0, 1, 2]);
      expect(values.flatMap((value, i) => value === undefined ? [] : [i])).toEqual(done);
    }
  });
}
