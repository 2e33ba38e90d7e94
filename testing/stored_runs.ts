/**
 * What is in the store, followed commit by commit, and the rules that every commit has to keep. It reads the layout that
 * `docs/kv-layout.md` describes.
 *
 * @module
 */
import { isFinal } from "../src/status.ts";
import type { Executable } from "../src/engine/executable.ts";
import type { StepRecord } from "../storage/runtime/records.ts";
import type { KvKey } from "../storage/kv/kv_like.ts";
import type { MessageForm } from "../storage/runtime/kv/messages.ts";
import type { Mutation } from "./memory_atomic.ts";
import { changeViolations, signalText, type StoredHead, type StoredLoan, StoredRun } from "./stored_run.ts";

/** Which process a session is of: the ids that a simulated process makes begin with its name. */
export function processOf(session: string | undefined): string | undefined {
  return session?.slice(0, session.lastIndexOf("-"));
}

/** The store of a simulation, as far as the engine's rules speak of it. */
export class StoredRuns {
  /** The runs, by id. */
  readonly runs: Map<string, StoredRun> = new Map();
  /** Sessions that may claim. */
  readonly alive: Set<string> = new Set();
  /** Everything that is there only as long as something is going on, by kind. */
  readonly passing: Map<string, Set<string>> = new Map();
  readonly #slots = new Map<string, string>();

  /** The run of an id. */
  run(id: string): StoredRun {
    let run = this.runs.get(id);
    if (run === undefined) this.runs.set(id, run = new StoredRun(id));
    return run;
  }

  /** Whether a process holds a run, or has a step of it on loan. */
  mayWrite(process: string, run: StoredRun, place?: number): boolean {
    if (processOf(run.head?.o) === process) return true;
    for (const loan of run.loans.values()) {
      if (processOf(loan.session) === process && !loan.over && (place === undefined || loan.places.includes(place))) {
        return true;
      }
    }
    return false;
  }

  /**
   * Takes a commit in.
   *
   * @throws {Error} It breaks a rule.
   */
  apply(process: string, mutations: readonly Mutation[], executables: readonly Executable[]): void {
    const touched = new Map<StoredRun, readonly StepRecord[]>();
    const found: string[] = [];
    // Who may write is what the store said before this commit.
    for (const { key } of mutations) {
      const [, kind, id, place] = key;
      if (typeof id !== "string") continue;
      if (kind !== "page" && kind !== "val" && kind !== "event") continue;
      const allowed = this.mayWrite(process, this.run(id), kind === "val" ? Number(place) : undefined);
      if (!allowed && this.run(id).head?.gone !== true) {
        found.push(`${process} wrote ${text(key)}, which it does not hold`);
      }
    }
    for (const { key, value } of mutations) this.#take(process, key, value?.value, value !== undefined, touched, found);
    for (const [run, before] of touched) {
      run.executable ??= executables.find(({ definition: { workflow, schema } }) =>
        workflow === run.head?.w && schema === run.head.s
      )?.ofRun(shapeOf(run.head));
      found.push(...changeViolations(run, before), ...run.violations());
    }
    if (found.length > 0) throw new Error(`After a commit of ${process}: ${found.join("; ")}.`);
  }

  #take(
    process: string,
    key: KvKey,
    value: unknown,
    isThere: boolean,
    touched: Map<StoredRun, readonly StepRecord[]>,
    found: string[],
  ): void {
    const kind = String(key[1]);
    const last = String(key[key.length - 1]);
    const touch = (id: unknown): StoredRun => {
      const run = this.run(String(id));
      if (!touched.has(run)) touched.set(run, run.steps);
      return run;
    };
    switch (kind) {
      case "run": {
        // The store of the engine writes nothing else there.
        const head = isThere ? value as StoredHead : undefined;
        found.push(...touch(last).takeHead(process, processOf, head));
        break;
      }
      case "page":
        if (value instanceof Uint8Array) touch(key[2]).takePage(Number(last), new Uint8Array(value));
        break;
      case "val":
        found.push(...touch(key[2]).takeValue(process, Number(last), isThere ? value : undefined));
        break;
      case "own":
        if (key.length === 4) touch(key[3]).takeEntry(kind, key, isThere);
        this.#pass(kind, key, isThere);
        break;
      case "ready":
      case "timer":
        touch(last).takeEntry(kind, key, isThere);
        this.#pass(kind, key, isThere);
        break;
      case "offer":
      case "lent": {
        const run = touch(key[key.length - 2]);
        if (isThere) run.loans.set(`${kind} ${last}`, value as StoredLoan);
        else run.loans.delete(`${kind} ${last}`);
        this.#pass(kind, key, isThere);
        break;
      }
      case "msg":
        // As in "run".
        touch(key[2]).takeMessage(key, isThere ? value as MessageForm : undefined);
        break;
      case "alive":
        if (isThere) this.alive.add(last);
        else this.alive.delete(last);
        break;
      case "slot":
        this.#takeSlot(`${String(key[2])}\n${last}`, isThere ? value : undefined);
        this.#pass(kind, key, isThere);
        break;
      case "session":
      case "excl":
        this.#pass(kind, key, isThere);
        break;
    }
  }

  #takeSlot(slot: string, value: unknown): void {
    if (typeof value === "object" && value !== null && "session" in value) this.#slots.set(slot, String(value.session));
    else this.#slots.delete(slot);
  }

  #pass(kind: string, key: KvKey, isThere: boolean): void {
    let keys = this.passing.get(kind);
    if (keys === undefined) this.passing.set(kind, keys = new Set());
    if (isThere) keys.add(text(key));
    else keys.delete(text(key));
  }

  /** Whether the run of an id, or one that it waits for, was ever sent a signal with this payload. */
  wasSent(id: string, payload: unknown): boolean {
    const text = signalText(payload);
    return [...this.runs.values()].some((run) =>
      (run.id === id || run.id.startsWith(`${id}/`)) && run.signals.has(text)
    );
  }

  /** The runs that steps of a run wait for, or have waited for, by the place of the step. */
  childrenOf(id: string): Map<number, StoredRun> {
    const children = [...this.runs.values()].filter(({ head }) => head?.pa?.r === id);
    return new Map(children.map((run) => [run.head!.pa!.p, run]));
  }

  /** The runs that have not ended. */
  openRuns(): StoredRun[] {
    return [...this.runs.values()].filter(({ head }) => head !== undefined && head.e === undefined);
  }

  /** What is left although every run has ended and every session but those of `living` processes is over. */
  leftovers(living: ReadonlySet<string>): string[] {
    const left: string[] = [];
    for (const [kind, keys] of this.passing) {
      for (const key of keys) {
        // A slot of a session that is over counts as free, and is given to the next who wants it.
        if (kind === "slot" && !this.alive.has(this.#slots.get(slotOf(key)) ?? "")) continue;
        if (kind === "session" && living.has(processOf(key.split(" ").at(-1)) ?? "")) continue;
        left.push(key);
      }
    }
    for (const run of this.runs.values()) {
      if (run.steps.some(({ status }) => !isFinal(status))) left.push(`an open step of run ${run.id}`);
    }
    return left;
  }
}

/** What of a run tells one of its definition from another: the items of a map can be any number, and have the name of the map. */
function shapeOf(head: StoredHead | undefined): Parameters<Executable["ofRun"]>[0] {
  const size = head?.z ?? 0;
  if (head?.pa === undefined) return { size };
  const { r, p, n } = head.pa;
  return { size, parent: { run: r, place: p, ...(n === undefined ? {} : { node: n }) } };
}

/** How a slot is known here, by the text of its key. */
function slotOf(key: string): string {
  return key.slice("slot ".length).replace(/ (?=\d+$)/, "\n");
}

function text(key: KvKey): string {
  return key.slice(1).map(String).join(" ");
}
