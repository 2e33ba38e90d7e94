/**
 * Rate limits and the time of runs, where commits fail, replies are lost, processes stand still and die, and clocks differ.
 *
 * @module
 */
import { expect } from "@std/expect";
import { defineWorkflow, type Node, task, TimeoutError, type TurnLimit } from "@fusewire/fusewire";
import { simulateWorkflows } from "@fusewire/fusewire/testing";
import { KvRuntimeStorage } from "../../storage/runtime/kv/kv_runtime_storage.ts";

const rateLimit = { key: "api", limit: 3, interval: 400 };

/** Notes the turns that were given, and the runs that were given up until a turn is free. */
class NotingStorage extends KvRuntimeStorage {
  static given: number[] = [];
  static refused = 0;

  override async takeTurn(limit: TurnLimit, now: number): Promise<number> {
    const wait = await super.takeTurn(limit, now);
    if (wait === 0) NotingStorage.given.push(now);
    else NotingStorage.refused++;
    return wait;
  }
}

Deno.test("A rate limit holds for workers that fail in every way, and every run comes to its end", async () => {
  const ask = task((n: number) => n, { name: "ask", rateLimit });
  const asking = defineWorkflow("asking", { version: "1" }, (): Node<number>[] => [0, 1, 2, 3, 4].map((n) => ask(n)));
  let [given, refused] = [0, 0];
  for (let seed = 1; seed <= 12; seed++) {
    NotingStorage.given = [];
    NotingStorage.refused = 0;
    await simulateWorkflows({
      definitions: [asking],
      act: async (simulation) => {
        for (let i = 0; i < 3; i++) await simulation.start(asking);
      },
    }, {
      seeds: [seed],
      open: ({ kv, clock }) => new NotingStorage(kv, { clock, remote: seed % 2 === 0 }),
    });
    const times = NotingStorage.given.sort((a, b) => a - b);
    for (const [i, at] of times.entries()) {
      const later = times[i + rateLimit.limit];
      if (later !== undefined) expect(later - at).toBeGreaterThanOrEqual(rateLimit.interval);
    }
    given += times.length;
    refused += NotingStorage.refused;
  }
  expect(given).toBeGreaterThanOrEqual(12 * 15);
  expect(refused).toBeGreaterThan(0);
});

Deno.test("A run ends when its time is over, whatever happens to those who are at work on it", async () => {
  const never = task((): number => {
    throw new RangeError("not in this time");
  }, { name: "never", retry: { maxAttempts: 9, initialDelay: 3_600_000, maxDelay: 3_600_000 } });
  const give = task((n: number) => n, { name: "give" });
  // In a bad world nothing at all may be done in time; so there is nothing that would be.
  const late = defineWorkflow("late", { version: "1", timeout: 700 }, () => give(never()));
  let ended = 0;
  await simulateWorkflows({
    definitions: [late],
    act: async (simulation) => {
      const ids = [await simulation.start(late), await simulation.start(late)];
      for (const id of ids) {
        const error: unknown = await simulation.result(id).catch((error: unknown) => error);
        expect(error).toBeInstanceOf(TimeoutError);
        ended++;
      }
    },
  }, { seeds: 15 });
  expect(ended).toBe(30);
});
