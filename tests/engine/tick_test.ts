import {
  type ClaimAnswer,
  type ClaimRequest,
  defineWorkflow,
  MemoryRuntimeStorage,
  openRuntime,
  task,
} from "@fusewire/fusewire";
import { VirtualClock } from "@fusewire/fusewire/testing";
import { expect } from "@std/expect";

/** A storage that can not be reached for some claims. */
class FailingClaims extends MemoryRuntimeStorage {
  /** How many claims fail from now on. */
  failures = 0;

  override claimRuns(request: ClaimRequest): Promise<ClaimAnswer> {
    return this.failures-- > 0 ? Promise.reject(new TypeError("the store is away")) : super.claimRuns(request);
  }
}

Deno.test("Worker.tick() does not take a store that can not be reached for one without work", async () => {
  const clock = new VirtualClock();
  const runtimeStorage = new FailingClaims();
  const runtime = await openRuntime({ runtimeStorage, clock });
  const one = defineWorkflow("one", { version: "1" }, () => task(() => 1, { name: "one" })());
  const run = await runtime.start(one);
  const worker = runtime.worker([one]);

  runtimeStorage.failures = 2;
  const ticked = worker.tick({ budgetMs: 30_000 });
  await clock.advance(5_000);
  expect(await ticked).toEqual({ idle: true });
  expect((await run.status()).status).toBe("SUCCEEDED");

  runtimeStorage.failures = Infinity;
  const late = worker.tick({ budgetMs: 30_000 });
  await clock.advance(30_000);
  expect(await late).toEqual({ idle: false });
  await runtime.close();
});
