/**
 * What the conformance suites of runtime storages share.
 *
 * @module
 */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { Status } from "../src/status.ts";
import type { ClaimRequest, EngineStorage, RunCommit } from "../storage/runtime/engine_storage.ts";
import type { Claim, ClaimedRun, DefinitionKey, NewRun, StepRecord, StoredValue } from "../storage/runtime/records.ts";
import type { RuntimeStorage } from "../storage/runtime/runtime_storage.ts";

/** A storage that was opened for one test. */
export interface OpenedStorage<S extends RuntimeStorage> {
  /** The storage, over a backing that is empty. */
  readonly storage: S;
  /** Lets go of whatever is open, and removes the backing. */
  close?(): Promise<void>;
  /** Ends the storage, as at the end of a process, and opens one anew over the same backing. Absent: nothing outlives the storage. */
  reopen?(): Promise<S>;
  /**
   * Opens another storage over the same backing beside the first, as another process would; the tests close it. Absent: all workers of
   * a test use the one storage.
   */
  beside?(): Promise<S>;
}

/** Opens a storage for one test. */
export type OpenStorage<S extends RuntimeStorage> = () => Promise<OpenedStorage<S>>;

/** A storage at the time of a test, and what its tests often need. */
export class Bench {
  /** A time that no clock shows, so that a storage which looks at one is found out. */
  readonly t0 = 1_234_567_890_000;
  /** The definition that runs are of, unless a test says otherwise. */
  readonly etl: DefinitionKey = { workflow: "etl", version: "1", schema: "one" };
  readonly #opened: OpenedStorage<EngineStorage>;
  #beside: EngineStorage | undefined;
  #storage: EngineStorage;

  /** Works with a storage that was opened. */
  constructor(opened: OpenedStorage<EngineStorage>) {
    this.#opened = opened;
    this.#storage = opened.storage;
  }

  /** The storage. */
  get storage(): EngineStorage {
    return this.#storage;
  }

  /** The storage as another process has it, if there can be one; else the same. */
  async other(): Promise<EngineStorage> {
    this.#beside ??= await this.#opened.beside?.();
    return this.#beside ?? this.#storage;
  }

  /** The storage after the end of the process, where something outlives it; else the same. */
  async restarted(): Promise<EngineStorage> {
    if (this.#opened.reopen !== undefined) this.#storage = await this.#opened.reopen();
    return this.#storage;
  }

  /** Lets go of everything. */
  async close(): Promise<void> {
    await this.#beside?.close();
    if (this.#opened.close === undefined) await this.#storage.close();
    else await this.#opened.close();
  }

  /** A run that is due, in queue `q`. */
  newRun(id: string, changes: Partial<NewRun> = {}): NewRun {
    return {
      ...this.etl,
      id,
      size: 4,
      input: bytes(`input of ${id}`),
      queue: "q",
      priority: 0,
      tags: [],
      createdAt: this.t0,
      dueAt: changes.createdAt ?? this.t0,
      ...changes,
    };
  }

  /** Starts runs, many at once; each is created a millisecond after the one before. */
  async start(count: number, changes: (index: number) => Partial<NewRun> = () => ({})): Promise<string[]> {
    const runs = Array.from({ length: count }, (_, i) => {
      return this.newRun(`run-${i}`, { createdAt: this.t0 + i, dueAt: this.t0 + i, ...changes(i) });
    });
    for (let at = 0; at < count; at += 200) {
      await Promise.all(runs.slice(at, at + 200).map((run) => this.#storage.startRun(run)));
    }
    return runs.map(({ id }) => id);
  }

  /** Begins sessions whose lease holds until `deadline`. */
  async sessions(ids: readonly string[], deadline = this.t0 + 1e9, storage = this.#storage): Promise<void> {
    for (const id of ids) {
      strictEqual(await storage.keepSession({ id, deadline, host: "host", process: 1 }, true), true);
    }
  }

  /** What a worker asks for, unless a test says otherwise. */
  request(session: string, changes: Partial<ClaimRequest> = {}): ClaimRequest {
    return { session, queues: ["q"], definitions: [this.etl], limit: 100, now: this.t0 + 1e6, ...changes };
  }

  /** Claims what is there. */
  async claim(session: string, changes: Partial<ClaimRequest> = {}, storage = this.#storage): Promise<ClaimedRun[]> {
    return [...(await storage.claimRuns(this.request(session, changes))).runs];
  }

  /** Claims the one run that is there. */
  async claimOne(session: string, changes: Partial<ClaimRequest> = {}, storage = this.#storage): Promise<ClaimedRun> {
    const [first, ...others] = await this.claim(session, changes, storage);
    if (first === undefined) throw new Error("There is no run to claim.");
    deepStrictEqual(others, []);
    return first;
  }

  /** Starts a run that a session, which begins, claims at once. */
  async started(id: string, session: string, changes: Partial<NewRun> = {}): Promise<ClaimedRun> {
    await this.sessions([session]);
    const { claimed } = await this.#storage.startRun(this.newRun(id, changes), session);
    if (claimed === undefined) throw new Error("The run was not claimed.");
    return claimed;
  }

  /** Gives a run back. */
  release(claim: Claim, parked: boolean, wakeAt?: number): RunCommit {
    return { claim, steps: [], then: { kind: "released", parked, ...(wakeAt === undefined ? {} : { wakeAt }) } };
  }

  /** Ends a run. */
  end(claim: Claim, endedAt = this.t0 + 5, status: Status = "SUCCEEDED"): RunCommit {
    return { claim, steps: [], then: { kind: "ended", status, endedAt } };
  }
}

/** A record of a step. */
export function step(status: Status, changes: Partial<StepRecord> = {}): StepRecord {
  return { status, attempt: 0, losses: 0, startedAt: 0, endedAt: 0, wakeAt: 0, ...changes };
}

/** A step that nothing has happened to. */
export const UNTOUCHED: StepRecord = step("PENDING");

/** A small value. */
export function bytes(text: string): StoredValue {
  return { kind: "bytes", bytes: new TextEncoder().encode(text) };
}

/** A value of a size, whose bytes differ from place to place. */
export function bytesOf(size: number, seed = 1): StoredValue {
  const made = new Uint8Array(size);
  for (let i = 0, value = seed; i < size; i++) {
    value = Math.imul(value, 1664525) + 1013904223 | 0;
    made[i] = value >>> 24;
  }
  return { kind: "bytes", bytes: made };
}

/** That two values are equal, without going through a large one piece by piece where they are. */
export function sameValue(actual: StoredValue | undefined, expected: StoredValue | undefined): void {
  if (actual?.kind !== "bytes" || expected?.kind !== "bytes") return deepStrictEqual(actual, expected);
  strictEqual(actual.bytes.length, expected.bytes.length);
  const different = actual.bytes.findIndex((byte, i) => byte !== expected.bytes[i]);
  strictEqual(different, -1, `the first byte that differs is at ${different}`);
}

/** Names that a careless store trips over; no two are the same. */
export const HOSTILE_NAMES: readonly string[] = [
  "a/b",
  "a",
  "b/c",
  "../../evil",
  ".hidden",
  "..",
  "😀",
  "é".repeat(127) + "x",
  "x".repeat(255),
  "CON",
  "a b",
  " a",
  "a:b|c",
  '["a","b"]',
  "__proto__",
  "constructor",
  "%2f",
  "A",
  "'; drop table runs; --",
  "\uffff",
];

/** Registers a test with a new storage. */
export type TestOn<T> = (what: string, body: (on: T) => Promise<void>) => void;
