import { expect } from "@std/expect";
import { LeaseLostError } from "../../../../src/errors.ts";
import { KvRuntimeStorage } from "../../../../storage/runtime/kv/kv_runtime_storage.ts";
import { Bench, step } from "../../../../testing/conformance_fixture.ts";
import { FaultyKv } from "../../../../testing/faulty_kv.ts";
import { MemoryKv } from "../../../../testing/memory_kv.ts";
import { VirtualClock } from "../../../../testing/virtual_clock.ts";

/** A storage whose next commit is held back until `clock` has moved on by a minute. */
function slow(store: MemoryKv, clock: VirtualClock) {
  let held = false;
  const plan = ({ kind }: { readonly kind: string }) => {
    if (!held || kind !== "commit") return undefined;
    held = false;
    return { kind: "delay", of: "request", milliseconds: 60_000 } as const;
  };
  const storage = new KvRuntimeStorage(new FaultyKv(store, { plan, clock }), { clock });
  return { storage, hold: () => void (held = true) };
}

for (const what of ["claimRuns", "claimRun", "startRun", "takeSlot", "claimSteps"] as const) {
  Deno.test(`KvRuntimeStorage lets no ${what} of a session succeed that was reaped meanwhile`, async () => {
    using store = new MemoryKv();
    const clock = new VirtualClock();
    const { storage, hold } = slow(store, clock);
    const other = new KvRuntimeStorage(store, { clock });
    const bench = new Bench({ storage: other });
    await bench.sessions(["dead"], bench.t0 + 1000, storage);
    const { claim } = await bench.started("0", "holder");
    await other.commit({ claim, steps: [], offers: [{ id: "o", places: [0], fence: 2n }] });
    await bench.start(1);
    const slot = { key: "k", limit: 1, session: "dead", holder: "h" };
    const calls = {
      claimRuns: () => storage.claimRuns(bench.request("dead")).then(({ runs }) => runs.length > 0),
      claimRun: () => storage.claimRun("run-0", "dead").then(({ kind }) => kind === "claimed"),
      startRun: () => storage.startRun(bench.newRun("new"), "dead").then(({ claimed }) => claimed !== undefined),
      takeSlot: () => storage.takeSlot(slot, bench.t0),
      claimSteps: () => storage.claimSteps(bench.request("dead")).then((claims) => claims.length > 0),
    };
    hold();
    const late = calls[what]().catch((error: unknown) => error);
    await clock.advance(1);
    expect(await other.reap(bench.t0 + 2000)).toBe(1);
    await clock.runUntilIdle();
    expect(await late).toBeInstanceOf(LeaseLostError);
    expect(await Array.fromAsync(store.list({ prefix: ["fw", "own", "dead"] }))).toEqual([]);
    await bench.sessions(["alive"]);
    expect((await bench.claim("alive")).map((one) => one.claim.runId)).toEqual(["run-0"]);
    expect((await other.claimSteps(bench.request("alive"))).length).toBe(1);
    expect(await other.takeSlot({ ...slot, session: "alive" }, bench.t0)).toBe(true);
  });
}

Deno.test("KvRuntimeStorage does not end a session that gives a sign of life while it is being reaped", async () => {
  using store = new MemoryKv();
  const clock = new VirtualClock();
  const { storage, hold } = slow(store, clock);
  const other = new KvRuntimeStorage(store, { clock });
  const bench = new Bench({ storage: other });
  await bench.sessions(["s"], bench.t0 + 1000);
  hold();
  const reaped = storage.reap(bench.t0 + 2000);
  await clock.advance(1);
  const sign = { id: "s", deadline: bench.t0 + 9000, host: "", process: 1 };
  expect(await other.keepSession(sign, false)).toBe(true);
  await clock.runUntilIdle();
  expect(await reaped).toBe(0);
  expect(await other.keepSession(sign, false)).toBe(true);
});

Deno.test("KvRuntimeStorage lets a late commit and the reaping of its run not both succeed", async () => {
  using store = new MemoryKv();
  const clock = new VirtualClock();
  const { storage, hold } = slow(store, clock);
  const other = new KvRuntimeStorage(store, { clock });
  const bench = new Bench({ storage });
  const { claim } = await bench.started("1", "s");
  hold();
  const late = storage.commit({ claim, steps: [{ place: 0, record: step("SUCCEEDED") }] }).catch((error) => error);
  await clock.advance(1);
  await other.reap(bench.t0 + 1e10);
  await clock.runUntilIdle();
  expect(await late).toBeInstanceOf(LeaseLostError);
  expect((await other.readSteps("1"))[0]?.status).toBe("PENDING");
});

Deno.test("KvRuntimeStorage goes on with a reaping that was interrupted at any point", async () => {
  for (let crash = 1;; crash++) {
    using store = new MemoryKv();
    const storage = new KvRuntimeStorage(store);
    const bench = new Bench({ storage });
    const { claim } = await bench.started("held", "alive");
    await storage.commit({ claim, steps: [], offers: [{ id: "o", places: [0], fence: 2n }] });
    await bench.start(3);
    await bench.sessions(["dead"], bench.t0 + 1000);
    expect((await bench.claim("dead")).length).toBe(3);
    expect((await storage.claimSteps(bench.request("dead"))).length).toBe(1);
    await storage.setIdle("dead", ["q"], bench.t0 + 1e9);
    using kv = new FaultyKv(store);
    kv.crashAt(crash, crash % 2 === 0 ? "before" : "after");
    let done = false;
    void new KvRuntimeStorage(kv).reap(bench.t0 + 2000).then(() => done = true);
    while (!kv.dead && !done) await new Promise((resolve) => setTimeout(resolve, 1));
    await storage.reap(bench.t0 + 2000);
    expect((await bench.claim("alive")).length).toBe(3);
    const messages = (await storage.receive(claim)).map(({ message }) => message);
    expect(messages).toEqual([{ kind: "lost", offer: "o" }]);
    for (const kind of [["own", "dead"], ["session", "dead"], ["alive", "dead"], ["idle"]]) {
      expect(await Array.fromAsync(store.list({ prefix: ["fw", ...kind] }))).toEqual([]);
    }
    expect((await store.get(["fw", "session", "dead"])).value).toBe(null);
    if (done) break;
  }
});

Deno.test("KvRuntimeStorage does not bring back a session whose begin is told again after it was ended", async () => {
  using store = new MemoryKv();
  const clock = new VirtualClock();
  let begins = 0;
  // The reply to the begin is lost; when it is told again, the process sleeps for longer than its lease.
  const storage = new KvRuntimeStorage(
    new FaultyKv(store, {
      clock,
      plan: ({ kind }) => {
        if (kind !== "commit") return undefined;
        return ++begins === 1 ? { kind: "lostReply" } : { kind: "delay", of: "request", milliseconds: 60_000 };
      },
    }),
    { clock },
  );
  let ends = 0;
  const dying = new KvRuntimeStorage(
    new FaultyKv(store, {
      clock,
      plan: ({ kind }) => kind === "commit" && ++ends === 1 ? { kind: "crash", when: "after" } : undefined,
    }),
    { clock },
  );
  const begun = storage.keepSession({ id: "s", deadline: clock.now() + 1_000, host: "", process: 1 }, true);
  await clock.advance(2_000);
  void dying.reap(clock.now());
  await clock.advance(1_000);
  await clock.runUntilIdle();
  expect(await begun).toBe(false);

  const other = new KvRuntimeStorage(store, { clock });
  await other.reap(clock.now());
  expect(await Array.fromAsync(store.list({ prefix: ["fw"] }))).toEqual([]);
});
