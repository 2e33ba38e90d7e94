/**
 * Claiming runs.
 *
 * @module
 */
import type { ClaimAnswer, ClaimRequest, ClaimRunAnswer } from "../engine_storage.ts";
import type { ClaimedRun } from "../records.ts";
import { type KvContext, untilUnchanged } from "./context.ts";
import { claimedHead, hasEnded, type Head, headBytes, isSmall } from "./head.ts";
import { Hold, type Holds } from "./holds.ts";
import { lastText, type Line } from "./keys.ts";
import type { KvCheck, KvEntry } from "../../kv/kv_like.ts";
import { readOffers } from "./offer_entries.ts";
import { recordNow, type RunReader } from "./run_reader.ts";
import { sessionGuard, type Sessions } from "./sessions.ts";
import { decodeSteps, stepsOfPages } from "./step_page.ts";
import { Unit } from "../../kv/unit.ts";
import { entryKey } from "./waiting.ts";

/** How often `claimRuns` looks again after others were faster with all that it found. */
const PASSES = 4;
/** How many timers are read at a time. */
const TIMERS_AT_ONCE = 16;
/** The most runs that are claimed in one pass. */
const MOST_AT_ONCE = 500;

interface Candidate {
  readonly runId: string;
  readonly priority: number;
  readonly dueAt: number;
  readonly versionstamp: string;
  readonly head: Head | undefined;
}

/** Claims runs for sessions. */
export class Claims {
  /** Runs that are being claimed by this process: nobody here tries them at the same time. */
  readonly #trying = new Set<string>();
  /** What this process is about to claim. */
  readonly #claiming = new Map<string, Promise<ClaimedRun | undefined>>();

  /** Claims where the context says. */
  constructor(
    private readonly context: KvContext,
    private readonly reader: RunReader,
    private readonly sessions: Sessions,
    private readonly holds: Holds,
  ) {}

  /** Claims runs that are ready or due. */
  async claimRuns(request: ClaimRequest): Promise<ClaimAnswer> {
    await this.sessions.check(request.session);
    let runs: ClaimedRun[] = [];
    let nextDue: number | undefined;
    for (let pass = 0; pass < PASSES; pass++) {
      const limit = Math.min(MOST_AT_ONCE, Math.max(0, request.limit - runs.length));
      const found = await this.#candidates(request, limit);
      nextDue = found.nextDue;
      const chosen = found.candidates.slice(0, limit);
      const answers = await Promise.all(chosen.map((candidate) => this.#claimCandidate(candidate, request.session)));
      const claimed = answers.filter((answer) => answer !== undefined);
      runs = [...runs, ...claimed];
      if (claimed.length === chosen.length || runs.length >= request.limit) break;
      await this.sessions.recheck(request.session);
    }
    return { runs, nextDue };
  }

  /** Claims one run. */
  async claimRun(runId: string, session: string): Promise<ClaimRunAnswer> {
    return await untilUnchanged(`Run ${JSON.stringify(runId)}`, async () => {
      const entry = await this.reader.head(runId);
      if (entry === undefined) return { kind: "missing" };
      const head = entry.value;
      if (hasEnded(head)) return { kind: "finished", run: await this.reader.record(runId, head) };
      if (head.o !== undefined && head.o !== session) {
        return { kind: "held", run: await this.reader.record(runId, head) };
      }
      const claimed = await this.#claim(runId, head, entry.versionstamp, session);
      if (claimed !== undefined) return { kind: "claimed", claimed };
      await this.sessions.recheck(session);
      return undefined;
    });
  }

  async #claimCandidate(candidate: Candidate, session: string): Promise<ClaimedRun | undefined> {
    const { runId, versionstamp } = candidate;
    if (this.#trying.has(runId)) return undefined;
    this.#trying.add(runId);
    try {
      const head = candidate.head ?? await this.#readHead(runId, versionstamp);
      return head && await this.#claim(runId, head, versionstamp, session);
    } finally {
      this.#trying.delete(runId);
    }
  }

  /** Claims a run, unless this process is trying to already: the refusal of one of two tries would look like a lost reply. */
  async #claim(runId: string, head: Head, versionstamp: string, session: string): Promise<ClaimedRun | undefined> {
    const other = this.#claiming.get(runId);
    if (other !== undefined) {
      await other.catch(() => {});
      return undefined;
    }
    const claiming = this.#tryClaim(runId, head, versionstamp, session);
    this.#claiming.set(runId, claiming);
    try {
      return await claiming;
    } finally {
      this.#claiming.delete(runId);
    }
  }

  async #tryClaim(runId: string, head: Head, versionstamp: string, session: string): Promise<ClaimedRun | undefined> {
    const check = await this.sessions.check(session);
    const next = claimedHead(head, session);
    const unit = this.#unit(runId, head, versionstamp, next, check);
    const outcome = await this.context.queue.submit(unit);
    if (outcome !== undefined) return await this.#claimed(runId, next, outcome);
    const now = unit.inDoubt ? await this.reader.head(runId) : undefined;
    const { f: fence } = next;
    if (now?.value.o !== session || now.value.f !== fence || now.value.l >= fence) return undefined;
    // Our own claim, whose reply was lost.
    return this.holds.has(runId, fence) ? undefined : await this.#claimed(runId, now.value, now.versionstamp);
  }

  #unit(runId: string, before: Head, versionstamp: string, after: Head, session: KvCheck): Unit {
    const { keys } = this.context;
    const unit = new Unit();
    unit.guards.push(runId);
    unit.check(keys.head(runId), versionstamp);
    unit.checks.push(session);
    unit.set(keys.head(runId), after, headBytes(after));
    const entry = entryKey(keys, runId, before);
    if (entry !== undefined) unit.delete(entry);
    if (after.o !== undefined) {
      unit.share(sessionGuard(after.o));
      unit.set(keys.own(after.o, runId), 0, 8);
    }
    return unit;
  }

  async #claimed(runId: string, head: Head, versionstamp: string): Promise<ClaimedRun> {
    const claim = { runId, session: head.o ?? "", fence: head.f };
    const pages = isSmall(head) ? undefined : await this.reader.pages(runId);
    const hold = new Hold(claim, head, versionstamp, pages);
    const offers = await readOffers(this.context.kv, this.context.keys, runId, head);
    if (offers.length > 0) hold.offers = new Set(offers.map(({ id }) => id));
    const mail = head.f > 1n ? await this.#mail(hold) : head.ml;
    const touched = pages !== undefined && pages.size > 0 ? stepsOfPages(pages, head.z, head.c) : undefined;
    const steps = head.st === undefined ? touched : decodeSteps(head.st, head.c);
    const run = recordNow(runId, head, true) ?? await this.reader.record(runId, head, true);
    this.holds.add(hold);
    return { claim, run, steps, offers, mail };
  }

  /** Whether there is a message; if not, the holder knows as much as if it had read them all. */
  async #mail(hold: Hold): Promise<boolean> {
    const { kv, keys } = this.context;
    const { runId } = hold.claim;
    const mail = await kv.get(keys.mail(runId));
    if (mail.versionstamp !== null) {
      const first = await kv.list(keys.below("msg", runId), { limit: 1 }).next();
      if (first.done !== true) return true;
    }
    hold.mail = mail.versionstamp;
    return false;
  }

  /** The head of a run whose entry has no copy of it, if it is still the one that the entry was written with. */
  async #readHead(runId: string, versionstamp: string): Promise<Head | undefined> {
    const entry = await this.reader.head(runId);
    return entry?.versionstamp === versionstamp ? entry.value : undefined;
  }

  async #candidates(
    request: ClaimRequest,
    limit: number,
  ): Promise<{ candidates: Candidate[]; nextDue: number | undefined }> {
    const lines = linesOf(request);
    const found = await Promise.all(lines.map((line) => this.#waiting(line, limit, request.now)));
    const candidates = found.flatMap((each) => each.candidates);
    if (found.length > 1 || found.some((each) => each.mixed)) {
      candidates.sort((a, b) => b.priority - a.priority || a.dueAt - b.dueAt);
    }
    const times = found.flatMap((each) => each.nextDue ?? []);
    return { candidates, nextDue: times.length === 0 ? undefined : Math.min(...times) };
  }

  async #waiting(line: Line, limit: number, now: number) {
    const { kv, keys } = this.context;
    const ready: Candidate[] = [];
    const due: Candidate[] = [];
    let nextDue: number | undefined;
    const readTimers = async () => {
      // Most of them are not due: no more than a few are read beyond those that are.
      const options = { limit: limit + 1, batchSize: Math.min(limit + 1, TIMERS_AT_ONCE) };
      for await (const entry of kv.list<Head | 0>(keys.line("timer", line), options)) {
        const at = entry.key[entry.key.length - 2];
        const time = typeof at === "number" ? at : 0;
        if (time > now) {
          nextDue = time;
          break;
        }
        if (due.length < limit) due.push(candidateOf(entry, lastText(entry.key), 0, time));
      }
    };
    const readReady = async () => {
      if (limit === 0) return;
      const options = { limit, batchSize: Math.min(limit, 500) };
      for await (const entry of kv.list<Head | 0>(keys.line("ready", line), options)) {
        const priority = entry.key[entry.key.length - 3];
        const dueAt = entry.key[entry.key.length - 2];
        ready.push(candidateOf(entry, lastText(entry.key), 0 - Number(priority), Number(dueAt)));
      }
    };
    await Promise.all([readTimers(), readReady()]);
    return { candidates: [...ready, ...due], nextDue, mixed: due.length > 0 };
  }
}

/** The lines of runs that a worker serves, each once. */
export function linesOf(request: ClaimRequest): Line[] {
  const queues = [...new Set(request.queues)];
  return queues.flatMap((queue) =>
    request.definitions.map(({ workflow, version, schema }) => ({ queue, workflow, version, schema }))
  );
}

function candidateOf(entry: KvEntry<Head | 0>, runId: string, priority: number, dueAt: number): Candidate {
  const head = entry.value === 0 ? undefined : entry.value;
  const known = head === undefined ? { priority, dueAt } : { priority: head.p, dueAt: head.d };
  return { runId, ...known, versionstamp: entry.versionstamp, head };
}
