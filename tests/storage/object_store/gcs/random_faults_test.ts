import { expect } from "@std/expect";
import { FusewireError } from "../../../../src/errors.ts";
import { sha256Hex } from "../../../../storage/digest.ts";
import { bytesOf } from "../../../../testing/object_store_fixture.ts";
import { SeededRandom } from "../../../../testing/seeded_random.ts";
import type { FakeRequest, Fault } from "./fake_gcs_api.ts";
import { PART, storeOnFake, streamed } from "./stores.ts";

const RUNS = 150;

function someFault(random: SeededRandom, { body }: FakeRequest): Fault | undefined {
  if (random.bool(0.65)) return undefined;
  const kinds: readonly (() => Fault)[] = [
    () => "refuse",
    () => "lose",
    () => ({ cut: random.int(0, body.length) }),
    () => ({ cutAnswer: random.int(0, 200) }),
    () => ({ answer: new Response("busy", { status: random.pick([429, 500, 502, 503, 504]) }) }),
    () => ({ answer: new Response("", { status: 410 }) }),
    () => ({ alter: (bytes) => altered(bytes, random) }),
  ];
  return random.pick(kinds)();
}

/** The bytes of an object altered; what is said about it is shorter, and has no checksum of its own. */
function altered(bytes: Uint8Array<ArrayBuffer>, random: SeededRandom): Uint8Array<ArrayBuffer> {
  if (bytes.length < 2000) return bytes;
  const at = random.int(700, bytes.length - 100);
  return bytes.map((byte, i) => i === at ? byte ^ 1 : byte);
}

Deno.test("whatever happens to requests, an object is the new one or the one before, and never anything else", async () => {
  let failed = 0;
  for (let run = 0; run < RUNS; run++) {
    const seed = `gcs-${run}`;
    const random = new SeededRandom(seed);
    let faulty = false;
    const { store, api } = storeOnFake({ fault: (request) => faulty ? someFault(random, request) : undefined });
    const before = bytesOf(random.int(0, 2000), 1);
    await store.put("a", before);
    faulty = true;
    const after = bytesOf(random.int(0, 4 * PART), 2);
    const onlyIfAbsent = random.bool(0.2);
    const body = random.bool() ? after : streamed(after);
    const put = store.put("a", body, { onlyIfAbsent, apart: random.bool() });
    let outcome: unknown = "put";
    try {
      expect(await put, seed).toEqual({ size: after.length, sha256: sha256Hex(after) });
    } catch (error) {
      if (!(error instanceof FusewireError)) throw new Error(`The seed ${seed} failed.`, { cause: error });
      outcome = error;
      failed++;
    }
    faulty = false;
    expect(api.objects.names, seed).toEqual(["fusewire/a"]);
    const stored = sha256Hex(await store.get("a"));
    if (outcome === "put") expect(stored, seed).toBe(sha256Hex(after));
    else expect([sha256Hex(before), sha256Hex(after)], `${seed}: ${outcome}`).toContain(stored);
    if (onlyIfAbsent) expect(stored, seed).toBe(sha256Hex(before));
  }
  expect(failed).toBeLessThan(RUNS);
});
