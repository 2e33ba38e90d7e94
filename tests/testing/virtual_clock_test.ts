import { expect } from "@std/expect";
import { VirtualClock } from "../../testing/mod.ts";

Deno.test("VirtualClock fires timers in order, each at its time", async () => {
  const clock = new VirtualClock({ start: 1000 });
  const fired: string[] = [];
  const note = (name: string) => () => fired.push(`${name} ${clock.now()}`);
  clock.setTimer(30, note("c"));
  clock.setTimer(10, note("a"));
  clock.setTimer(10, note("b"));
  clock.setTimer(-5, note("now"));
  const stopped = clock.setTimer(10, note("stopped"));
  stopped.cancel();
  stopped.cancel();
  expect([clock.pending, clock.nextDue]).toEqual([4, 1000]);
  await clock.advance(20);
  expect(fired).toEqual(["now 1000", "a 1010", "b 1010"]);
  expect([clock.now(), clock.pending, clock.nextDue]).toEqual([1020, 1, 1030]);
  await clock.advance(10);
  expect([clock.now(), clock.pending, clock.nextDue]).toEqual([1030, 0, undefined]);
  expect(fired.at(-1)).toBe("c 1030");
});

Deno.test("VirtualClock fires timers that are set on the way, also after many awaits", async () => {
  const clock = new VirtualClock({ start: 0 });
  const sleep = (ms: number) => new Promise<void>((resolve) => void clock.setTimer(ms, resolve));
  const woken: number[] = [];
  const sleeper = (async () => {
    for (let i = 0; i < 5; i++) {
      await sleep(10);
      for (let j = 0; j < 100; j++) await null;
      woken.push(clock.now());
    }
  })();
  await clock.advance(35);
  expect(woken).toEqual([10, 20, 30]);
  expect(await clock.runUntilIdle()).toBe(2);
  expect(woken).toEqual([10, 20, 30, 40, 50]);
  await sleeper;
});

Deno.test("VirtualClock.runUntilIdle() gives up on timers without end", async () => {
  const clock = new VirtualClock();
  const again = (): void => void clock.setTimer(1, again);
  again();
  await expect(clock.runUntilIdle(100)).rejects.toThrow("The clock was not idle after 100 timers.");
});

Deno.test("VirtualClock.fireNext() fires one", () => {
  const clock = new VirtualClock({ start: 0 });
  let fired = 0;
  clock.setTimer(5, () => fired++);
  clock.setTimer(5, () => fired++);
  expect([clock.fireNext(), fired, clock.now()]).toEqual([true, 1, 5]);
  expect([clock.fireNext(), fired, clock.fireNext()]).toEqual([true, 2, false]);
});

Deno.test("VirtualClock orders what is due at the same time by tieBreak", async () => {
  const ranks = [3, 1, 2, 1];
  const clock = new VirtualClock({ tieBreak: () => ranks.shift() ?? 0 });
  const fired: string[] = [];
  for (const name of ["a", "b", "c", "d"]) clock.setTimer(1, () => fired.push(name));
  await clock.advance(1);
  expect(fired).toEqual(["b", "d", "c", "a"]);
});

Deno.test("VirtualClock stands where a callback throws", async () => {
  const clock = new VirtualClock({ start: 0 });
  clock.setTimer(5, () => {
    throw new Error("oops");
  });
  await expect(clock.advance(10)).rejects.toThrow("oops");
  expect([clock.now(), clock.pending]).toEqual([5, 0]);
});

Deno.test("VirtualClock.skewed() sees the same timeline with another time", async () => {
  const clock = new VirtualClock({ start: 100, random: () => 0.25 });
  const late = clock.skewed(-40);
  let at = 0;
  late.setTimer(10, () => at = late.now());
  await clock.advance(10);
  expect([at, late.now(), clock.now(), late.random()]).toEqual([70, 70, 110, 0.25]);
  expect([late.newId(), clock.newId(), late.newId()]).toEqual(["id-1", "id-2", "id-3"]);
});

Deno.test("VirtualClock fires thousands of timers in order", async () => {
  const clock = new VirtualClock({ start: 0 });
  const times: number[] = [];
  for (let i = 0; i < 2000; i++) {
    const timer = clock.setTimer((i * 7919) % 1009, () => times.push(clock.now()));
    if (i % 3 === 0) timer.cancel();
  }
  await clock.runUntilIdle();
  expect(times.length).toBe(1333);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});
