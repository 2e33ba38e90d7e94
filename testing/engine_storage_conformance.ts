/**
 * What every storage for many workers has to do beyond the ten methods.
 *
 * @module
 */
import type { EngineStorage } from "../storage/runtime/engine_storage.ts";
import { testCached } from "./conformance_cached.ts";
import { testClaims } from "./conformance_claims.ts";
import { testCommits } from "./conformance_commits.ts";
import { testDefinitions } from "./conformance_definitions.ts";
import { testExclusive } from "./conformance_exclusive.ts";
import { Bench, type OpenStorage } from "./conformance_fixture.ts";
import { testFilled } from "./conformance_filled.ts";
import { testListing } from "./conformance_listing.ts";
import { testMessages } from "./conformance_messages.ts";
import { testOffers } from "./conformance_offers.ts";
import { testSessions } from "./conformance_sessions.ts";
import { testTurns } from "./conformance_turns.ts";
import { testStarts } from "./conformance_starts.ts";

/**
 * Registers the tests of what `EngineStorage` has beyond `RuntimeStorage` with `Deno.test`.
 *
 * @example Test a store of one's own
 * ```ts ignore
 * import { MemoryRuntimeStorage } from "@fusewire/fusewire";
 * import { engineStorageConformance } from "@fusewire/fusewire/testing";
 *
 * engineStorageConformance("MyStorage", () => Promise.resolve({ storage: new MemoryRuntimeStorage() }));
 * ```
 *
 * @param name What the names of the tests begin with.
 * @param open Opens an empty storage; it is called for each test.
 */
export function engineStorageConformance(name: string, open: OpenStorage<EngineStorage>): void {
  const test = (what: string, body: (on: Bench) => Promise<void>): void => {
    Deno.test(`${name} ${what}`, async () => {
      const bench = new Bench(await open());
      try {
        await body(bench);
      } finally {
        await bench.close();
      }
    });
  };
  testDefinitions(test);
  testStarts(test);
  testFilled(test);
  testExclusive(test);
  testClaims(test);
  testCommits(test);
  testMessages(test);
  testSessions(test);
  testTurns(test);
  testOffers(test);
  testListing(test);
  testCached(test);
}
