import { expect } from "@std/expect";
import { FusewireError } from "../../../../src/errors.ts";
import { sha256Hex } from "../../../../storage/digest.ts";
import { GcsObjectStore } from "../../../../storage/object_store/gcs/gcs_object_store.ts";
import { bytesOf, collect } from "../../../../testing/object_store_fixture.ts";
import { SeededRandom } from "../../../../testing/seeded_random.ts";
import type { GcsServer } from "../../../integration/servers/gcs_server.ts";
import { type Proxy, startToxiproxy, type Toxic } from "../../../integration/servers/toxiproxy.ts";
import { HastyClock } from "./hasty_clock.ts";
import { PART, streamed } from "./stores.ts";

/** What is tried on a server behind a proxy that breaks connections. */
export interface WireFaults {
  /** Starts the server. */
  readonly start: () => Promise<GcsServer>;
  /** Size of the largest object, in bytes. */
  readonly mostBytes: number;
  /** How many objects are put and read, each with faults of its own. */
  readonly runs: number;
}

/** The probability that a request meets with a fault. */
const FAULTY = 0.35;

/**
 * Puts and reads objects over connections that are cut after some bytes, reset and delayed, in both directions: each object must be the new
 * one or the one before, whole, and what is read must be it.
 */
export async function tryWireFaults({ start, mostBytes, runs }: WireFaults): Promise<void> {
  await using server = await start();
  await using toxiproxy = await startToxiproxy();
  await server.createBucket("tests");
  const proxy = await toxiproxy.proxy(server.url);
  const direct = new GcsObjectStore({ bucket: "tests", endpoint: server.url, partBytes: PART });
  let failed = 0;
  for (let run = 0; run < runs; run++) {
    const seed = `wire-${run}`;
    const random = new SeededRandom(seed);
    const faults = new Faults(proxy, random, mostBytes);
    const store = new GcsObjectStore({
      bucket: "tests",
      endpoint: proxy.url,
      partBytes: PART,
      concurrency: 2,
      clock: new HastyClock(),
      fetch: (request) => faults.send(request),
    });
    const before = bytesOf(random.int(0, 5000), 1);
    const after = bytesOf(random.int(0, mostBytes), run + 2);
    try {
      await direct.put("d/a", before);
      const put = store.put("d/a", random.bool() ? after : streamed(after));
      if (!await succeeds(put)) failed++;
      else expect(sha256Hex(await direct.get("d/a"))).toBe(sha256Hex(after));
      await faults.stop();
      const stored = sha256Hex(await direct.get("d/a"));
      expect([sha256Hex(before), sha256Hex(after)]).toContain(stored);
      faults.begin();
      for (const call of [() => store.get("d/a"), () => store.stream("d/a").then(collect)]) {
        const read = call();
        if (await succeeds(read)) expect(sha256Hex(await read)).toBe(stored);
      }
    } catch (error) {
      throw new Error(`The seed ${seed} failed, with ${faults.log.join(", ")}.`, { cause: error });
    } finally {
      await faults.stop();
    }
  }
  // Six attempts get through nearly always.
  expect(failed).toBeLessThan(runs / 3);
}

/** Whether a call succeeds; if not, with an error of this package. */
async function succeeds(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (!(error instanceof FusewireError)) throw error;
    return false;
  }
}

/** One fault at a time. */
class Faults {
  /** What happened. */
  readonly log: string[] = [];
  readonly #proxy: Proxy;
  readonly #random: SeededRandom;
  readonly #mostBytes: number;
  #isOn = true;
  #current: string | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(proxy: Proxy, random: SeededRandom, mostBytes: number) {
    this.#proxy = proxy;
    this.#random = random;
    this.#mostBytes = mostBytes;
  }

  /** Sends a request, perhaps into a fault. */
  async send(request: Request): Promise<Response> {
    await (this.#turn = this.#turn.then(() => this.#next()));
    return await fetch(request);
  }

  begin(): void {
    this.#isOn = true;
  }

  /** Ends the fault, and lets no other begin. */
  async stop(): Promise<void> {
    this.#isOn = false;
    await (this.#turn = this.#turn.then(() => this.#next()));
  }

  async #next(): Promise<void> {
    if (this.#current !== undefined) await this.#proxy.removeToxic(this.#current);
    this.#current = undefined;
    if (!this.#isOn || !this.#random.bool(FAULTY)) return;
    const stream = this.#random.pick(["upstream", "downstream"] as const);
    const toxic = this.#someToxic(stream);
    this.log.push(`${JSON.stringify(toxic)} ${stream}`);
    this.#current = await this.#proxy.addToxic(toxic, { stream });
  }

  #someToxic(stream: "upstream" | "downstream"): Toxic {
    const random = this.#random;
    const most = random.pick([0, 100, 1000, stream === "upstream" ? Math.min(PART, this.#mostBytes) : PART]);
    return random.pick<() => Toxic>([
      () => ({ type: "limit_data", bytes: random.int(0, most) }),
      () => ({ type: "limit_data", bytes: random.int(0, most) }),
      () => ({ type: "reset_peer", timeout: random.int(0, 3) }),
      () => ({ type: "latency", latency: random.int(1, 20) }),
      () => ({ type: "slicer", averageSize: 5000, sizeVariation: 3000, delay: 10 }),
    ])();
  }
}
