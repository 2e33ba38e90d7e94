import { expect } from "@std/expect";
import { defineWorkflow, task } from "@fusewire/fusewire";
import { onEachStorage, Serving, until } from "./storages.ts";

onEachStorage(
  "a step does not fail because its worker ends while the object of the step is made again",
  async (world) => {
    let made = 0;
    const again = Promise.withResolvers<void>();
    class Tally {
      #sum = 0;
      async add(n: number): Promise<number> {
        // The second time it is called is when the object is made again, by a worker that is told to end meanwhile.
        if (++made === 2) await again.promise;
        return this.#sum += n;
      }
    }
    const wait = Promise.withResolvers<number>();
    let waits = 0;
    const slow = task(() => ++waits === 1 ? wait.promise : 5, { name: "slow" });
    const definition = defineWorkflow("tally", { version: "1" }, () => {
      const tally = task(Tally)();
      tally.add(1);
      return tally.add(slow());
    });
    const lost = await world.process({ lease: 5_000 });
    const run = await lost.runtime.start(definition);
    const serving = new Serving(lost, [definition]);
    await until(() => made === 1 && waits === 1, "the first call and the slow step");
    await until(async () =>
      (await run.status()).steps.some(({ name, status }) => name === "Tally.add_0000" && status === "SUCCEEDED")
    );
    lost.kill();
    void serving;

    const ending = await world.process({ lease: 5_000 });
    world.jump(12_000);
    const stop = new AbortController();
    const worker = ending.runtime.worker([definition]);
    const ended = worker.tick({ budgetMs: 3_600_000, patience: 10, signal: stop.signal });
    await until(() => made === 2, "the object being made again");
    stop.abort();
    await world.skip(100);
    await ended;
    again.resolve();

    const other = await world.process({ lease: 5_000 });
    await using _serving = new Serving(other, [definition]);
    expect(await other.runtime.get(run.id).result()).toBe(6);
  },
);
