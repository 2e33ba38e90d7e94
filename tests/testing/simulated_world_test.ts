import { expect } from "@std/expect";
import { type SimulatedProcess, SimulatedWorld, type SimulatedWorldOptions } from "../../testing/mod.ts";

const ALL_FAULTS = { fail: 0.05, lostReply: 0.05, locked: 0.05, delay: 0.05, stale: 0.05, crash: 0.02, pause: 0.05 };

/** Counts up to `goal` in the store, whatever goes wrong. */
async function count({ kv, clock }: SimulatedProcess, goal: number): Promise<void> {
  for (;;) {
    try {
      const { value, versionstamp } = await kv.get<number>(["n"], { consistency: "eventual" });
      if ((value ?? 0) >= goal) return;
      const next = { key: ["log", clock.newId()], value: clock.now() };
      await kv.atomic().check({ key: ["n"], versionstamp }).set(["n"], (value ?? 0) + 1).set(next.key, next.value)
        .commit();
    } catch {
      await new Promise<void>((resolve) => void clock.setTimer(50 * clock.random(), resolve));
    }
  }
}

/** Lets three processes count, each with a successor when it dies. */
async function counting(seed: string, options: SimulatedWorldOptions, goal = 20): Promise<SimulatedWorld> {
  const world = new SimulatedWorld(seed, options);
  const keepCounting = async (name: string): Promise<void> => {
    const process = world.process(name);
    const done = count(process, goal).then(() => true);
    if (!await Promise.race([done, process.killed])) await keepCounting(name);
  };
  await world.run(Promise.all(["a", "b", "c"].map(keepCounting)));
  return world;
}

Deno.test("SimulatedWorld does the same for the same seed, and something else for another", async () => {
  const traces = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const [one, two] = [
      await counting(`${seed}`, { faults: ALL_FAULTS }),
      await counting(`${seed}`, { faults: ALL_FAULTS }),
    ];
    expect(one.trace).toEqual(two.trace);
    expect(one.steps).toBe(two.steps);
    traces.add(one.trace.join("\n"));
    expect((await one.kv.get(["n"])).value).toBe(20);
  }
  expect(traces.size).toBe(20);
});

Deno.test("SimulatedWorld does the same again from the list of its faults", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const one = await counting(`${seed}`, { faults: ALL_FAULTS });
    const again = await counting(`${seed}`, { decisions: one.decisions });
    expect(again.trace).toEqual(one.trace);
    expect(again.decisions).toEqual(one.decisions);
    const without = await counting(`${seed}`, { decisions: [] });
    expect(without.decisions).toEqual([]);
  }
});

Deno.test("SimulatedWorld injects every kind of fault, and none after a time", async () => {
  const kinds = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const world = await counting(`${seed}`, { faults: ALL_FAULTS });
    for (const { fault } of world.decisions) kinds.add(fault.kind);
  }
  expect([...kinds].sort()).toEqual(["crash", "delay", "fail", "locked", "lostReply", "pause", "stale"]);
  expect((await counting("1", { faults: { fail: 1 }, faultsFor: 200 })).decisions.length).toBeGreaterThan(3);
});

Deno.test("SimulatedWorld traces time, process, operation and outcome", async () => {
  const world = new SimulatedWorld("1", {
    maxSkew: 0,
    latency: [5, 5],
    decisions: [
      { process: "a", operation: 2, fault: { kind: "lostReply" } },
    ],
  });
  const { kv } = world.process("a");
  await world.run(kv.set(["x", 1], "v").then(() => kv.get(["x"])).catch(() => world.note("test", "over")));
  expect(world.trace).toEqual([
    "0 a started, 0 ms off",
    "5 a #1 set [x 1]: at 00000000000000010000",
    "15 a #2 get [x] (lostReply): none",
    "20 test over",
  ]);
});

Deno.test("SimulatedWorld holds back timers and replies of a process that is paused, not what it has sent", async () => {
  const world = new SimulatedWorld("1", { maxSkew: 0, lateness: 0, latency: [5, 5] });
  const start = world.clock.now();
  const { kv, clock } = world.process("a");
  const paused = world.process("b");
  const times: Record<string, number> = {};
  const note = (name: string) => () => void (times[name] = world.clock.now() - start);
  paused.clock.setTimer(10, note("timer of b"));
  paused.clock.setTimer(2000, note("late timer of b"));
  clock.setTimer(10, note("timer of a"));
  const cancelled = paused.clock.setTimer(20, note("cancelled"));
  void paused.kv.set(["b"], 1).then(note("reply to b"));
  paused.pause(1000);
  await world.run(world.after(8));
  expect((await world.kv.get(["b"])).value).toBe(1);
  await world.run(kv.get(["b"]).then(note("reply to a")));
  await world.run(world.after(50));
  cancelled.cancel();
  await world.run(world.after(2000));
  expect(times).toEqual({
    "timer of a": 10,
    "reply to a": 18,
    "timer of b": 1000,
    "reply to b": 1000,
    "late timer of b": 2000,
  });
});

Deno.test("SimulatedWorld lets nothing reach a process that was killed", async () => {
  const arrived = new Set<unknown>();
  for (let seed = 0; seed < 30; seed++) {
    const world = new SimulatedWorld(seed);
    const process = world.process("a");
    let reached = false;
    const reach = () => void (reached = true);
    process.clock.setTimer(1, reach);
    void process.kv.set(["a"], 1).then(reach);
    void process.kv.watch([["a"]]).getReader().read().then(reach);
    process.kill();
    process.clock.setTimer(1, reach).cancel();
    await process.killed;
    expect(process.alive).toBe(false);
    await world.run(world.after(1000));
    expect(reached).toBe(false);
    arrived.add((await world.kv.get(["a"])).value);
    expect(world.process("a").name).toBe("a#2");
    expect(() => world.process("a")).toThrow(`There is a process "a#2" already.`);
  }
  expect(arrived).toEqual(new Set([1, null]));
});

Deno.test("SimulatedProcess.crashAt() kills at an operation", async () => {
  const world = new SimulatedWorld("1");
  const process = world.process("a");
  process.crashAt(3, "after");
  void (async () => {
    for (let i = 1;; i++) await process.kv.set(["n"], i);
  })();
  await world.run(process.killed);
  expect([process.operations, (await world.kv.get(["n"])).value]).toEqual([3, 3]);
});

Deno.test("SimulatedWorld gives each process a time and ids of its own", () => {
  const world = new SimulatedWorld("1", { maxSkew: 1000 });
  const processes = Array.from({ length: 10 }, (_, i) => world.process(`p${i}`));
  const skews = processes.map(({ clock }) => clock.now() - world.clock.now());
  expect(new Set(skews).size).toBeGreaterThan(5);
  expect(Math.max(...skews.map(Math.abs))).toBeLessThan(1001);
  expect(processes.slice(0, 2).map(({ clock }) => clock.newId())).toEqual(["p0-1", "p1-1"]);
});

Deno.test("SimulatedWorld.watch tells of changes of others, or only of the first state", async () => {
  for (const watch of [true, false]) {
    const world = new SimulatedWorld("1", { watch });
    const seen: unknown[] = [];
    void (async () => {
      for await (const [entry] of world.process("a").kv.watch([["x"]])) seen.push(entry?.value);
    })();
    await world.run(world.after(100));
    await world.run(world.process("b").kv.set(["x"], 1));
    await world.run(world.after(100));
    expect(seen).toEqual(watch ? [null, 1] : [null]);
  }
});

Deno.test("SimulatedWorld.onEvent() checks after every event", async () => {
  const world = new SimulatedWorld("1");
  let checks = 0;
  world.onEvent(async () => {
    checks++;
    if ((await world.kv.get(["a"])).value !== null) throw new Error("written");
  });
  const { kv } = world.process("a");
  await world.run(kv.get(["a"]));
  expect([checks, world.steps]).toEqual([2, 2]);
  await expect(world.run(kv.set(["a"], 1))).rejects.toThrow("written");
  expect(checks).toBe(3);
});

Deno.test("SimulatedWorld.run() ends with a condition, an error, too many events or none", async () => {
  const world = new SimulatedWorld("1");
  const { kv, clock } = world.process("a");
  await world.run(() => true);
  await expect(world.run(kv.set([], 1))).rejects.toThrow("key cannot be empty");
  await expect(world.run(new Promise(() => {}))).rejects.toThrow("nothing is left that could happen");
  const again = (): void => void clock.setTimer(1, again);
  again();
  await expect(world.run(() => false, { maxSteps: 50 })).rejects.toThrow("It was not over after 50 events.");
  const steps = world.steps;
  await world.run(() => world.steps === steps + 10);
});
