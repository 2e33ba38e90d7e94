/**
 * Making runs of which steps have ended: forks and imports.
 *
 * Such a run may have more entries than one commit writes. So its id is reserved first, by a head that is marked as gone: for everybody
 * else the run does not exist. Then its parts are written, each commit conditional on that head, and last the real head in its place, with
 * which the run is there as a whole. A crash leaves a gone head among the ended runs, which is forgotten like them, or by the next start
 * with the same id.
 *
 * @module
 */
import type { FilledRun, RunContents } from "../filled_run.ts";
import type { RunRecord, StepRecord, StoredValue } from "../records.ts";
import { Unit } from "../../kv/unit.ts";
import type { KvContext } from "./context.ts";
import { eventEntries } from "./events.ts";
import { Filling, idTaken } from "./filling.ts";
import { removeRun } from "./forgetting.ts";
import { ENTRY, type Head, headBytes, INLINE_INPUT_BYTES, MAX_FAILURE_BYTES, newHead, tellsAge } from "./head.ts";
import type { RunReader } from "./run_reader.ts";
import { checkHead, takenBy } from "./starts.ts";
import { encodeSteps, PAGE_STEPS, statusCode } from "./step_page.ts";
import { formBytes } from "./stored_form.ts";
import { writeWaiting } from "./waiting.ts";

/** A writer that has given no sign for so many milliseconds is taken for dead. */
const STALE_AFTER = 15_000;
/** The longest time, in milliseconds, between two looks at what another process is writing. */
const LONGEST_LOOK = 500;

/** What came of it. */
interface Answer {
  readonly run: RunRecord;
  readonly created: boolean;
}

/** Makes runs of which steps have ended. */
export class FilledStarts {
  /** Makes them where the context says. */
  constructor(private readonly context: KvContext, private readonly reader: RunReader) {}

  /** Makes a run, or gives the one that has its id or idempotency key. */
  async start(run: FilledRun, contents: RunContents): Promise<Answer> {
    const mark = this.context.newMark();
    checkHead(run, newHead(run, undefined, undefined, mark));
    const known = await this.#known(run);
    if (known !== undefined) return { run: known, created: false };
    const filling = await this.#reserve(run, mark);
    if (!(filling instanceof Filling)) return { run: filling, created: false };
    try {
      const input = await contents.input();
      const head = await this.#fill(filling, run, contents, input);
      return await this.#finish(filling, run, contents, head);
    } catch (error) {
      await this.#giveUp(filling, contents).catch(() => {});
      throw error;
    }
  }

  /** The run that has the idempotency key or the exclusive key. */
  async #known(run: FilledRun): Promise<RunRecord | undefined> {
    for (const { key } of takenBy(this.context.keys, run)) {
      const other = await this.context.kv.get<string>(key);
      const record = other.value === null ? undefined : await this.reader.run(other.value);
      if (record !== undefined) return record;
    }
    return undefined;
  }

  /** Makes the id ours, or gives the run that has it. */
  async #reserve(run: FilledRun, mark: string): Promise<Filling | RunRecord> {
    const { kv, keys, clock } = this.context;
    let seen: { versionstamp: string; since: number } | undefined;
    for (let pause = 5;; pause = Math.min(LONGEST_LOOK, 2 * pause)) {
      const entry = await kv.get<Head>(keys.head(run.id));
      if (entry.versionstamp === null) {
        const head = reservingHead(run, mark, clock.now());
        const versionstamp = await this.#write(run.id, head);
        if (versionstamp !== undefined) return new Filling(this.context, run.id, head, versionstamp);
        continue;
      }
      const { value: head, versionstamp } = entry;
      // Our own, whose reply was lost.
      if (head.making === true && head.m === mark) return new Filling(this.context, run.id, head, versionstamp);
      if (head.gone !== true) {
        const record = await this.reader.recordIfThere(run.id, head);
        if (record !== undefined) return record;
        continue;
      }
      if (seen?.versionstamp !== versionstamp) seen = { versionstamp, since: clock.now() };
      if (head.making !== true || clock.now() - seen.since > STALE_AFTER) {
        await removeRun(this.context, run.id);
        continue;
      }
      await new Promise<void>((resolve) => void clock.setTimer(pause, resolve));
    }
  }

  async #write(runId: string, head: Head): Promise<string | undefined> {
    const { keys, queue } = this.context;
    const unit = new Unit();
    unit.guards.push(runId);
    unit.check(keys.head(runId), null);
    unit.set(keys.head(runId), head, headBytes(head));
    unit.set(keys.done(head.e ?? 0, runId), 0, 8);
    return await queue.submit(unit);
  }

  /** Writes all but the head, and gives the head. */
  async #fill(filling: Filling, run: FilledRun, contents: RunContents, input: StoredValue): Promise<Head> {
    const { keys, forms } = this.context;
    const form = await forms.any(run.id, input);
    const inline = formBytes(form) <= INLINE_INPUT_BYTES + 16;
    if (!inline) await filling.set(keys.input(run.id), form, formBytes(form));
    for await (const { place, value } of contents.values()) {
      const form = forms.small(value) ?? await forms.any(run.id, value);
      await filling.set(keys.value(run.id, place), form, formBytes(form));
    }
    const { steps } = contents;
    const isSmall = run.size <= PAGE_STEPS;
    for (let from = 0; !isSmall && from < run.size; from += PAGE_STEPS) {
      const some = steps.slice(from, from + PAGE_STEPS);
      if (!some.some(isTouched)) continue;
      const page = encodeSteps(some, run.createdAt);
      await filling.set(keys.page(run.id, from / PAGE_STEPS), page, page.length);
    }
    for (const [i, entry] of (await eventEntries(forms, run.id, contents.events)).entries()) {
      await filling.set(keys.event(run.id, 0n, i), entry.events, entry.bytes);
    }
    const { ended } = contents;
    const failure = ended?.failure && {
      p: ended.failure.place,
      e: await forms.any(run.id, { kind: "error", error: ended.failure.error }, MAX_FAILURE_BYTES),
    };
    await filling.settle();
    const head: Head = {
      ...newHead(run, inline ? form : undefined, undefined, filling.head.m),
      st: isSmall && steps.some(isTouched) ? encodeSteps(steps, run.createdAt) : undefined,
    };
    if (ended === undefined) return head;
    return { ...head, u: statusCode(ended.status), e: ended.endedAt, x: failure, a: undefined, y: ENTRY.none, t: 0 };
  }

  /** Writes the head: from now on the run is there. */
  async #finish(filling: Filling, run: FilledRun, contents: RunContents, head: Head): Promise<Answer> {
    const { keys, queue } = this.context;
    const unit = new Unit();
    unit.guards.push(run.id);
    unit.check(filling.check.key, filling.check.versionstamp);
    unit.delete(keys.done(filling.head.e ?? 0, run.id));
    for (const { key, guard } of takenBy(keys, run)) {
      unit.guards.push(guard);
      unit.check(key, null);
      unit.set(key, run.id, 2 * run.id.length);
    }
    if (!tellsAge(run.id, run.createdAt)) unit.set(keys.created(run.createdAt, run.id), 0, 8);
    if (head.e === undefined) {
      writeWaiting(keys, unit, run.id, head);
    } else {
      unit.set(keys.head(run.id), head, headBytes(head));
      unit.set(keys.done(head.e, run.id), 0, 8);
    }
    if (await queue.submit(unit) !== undefined) {
      return { run: await this.reader.record(run.id, head), created: true };
    }
    const found = await this.reader.head(run.id);
    if (found !== undefined) {
      // If the mark is ours, the reply was lost, and the run may have gone on since.
      return { run: await this.reader.record(run.id, found.value), created: found.value.m === head.m };
    }
    const known = await this.#known(run);
    if (known === undefined) throw idTaken(run.id);
    await this.#giveUp(filling, contents);
    return { run: known, created: false };
  }

  /** Nothing comes of it: removes what was written, as long as the id is ours. */
  async #giveUp(filling: Filling, contents: RunContents): Promise<void> {
    const { making: _making, ...gone } = filling.head;
    await filling.replace(gone);
    await contents.discard();
    await removeRun(this.context, filling.runId);
  }
}

/** The head that keeps others from an id; it is listed as ended now, so that it is found if its writer dies. */
function reservingHead(run: FilledRun, mark: string, now: number): Head {
  const {
    forkedFrom: _forked,
    importedFrom: _imported,
    trace: _trace,
    idempotencyKey: _key,
    exclusive: _only,
    ...bare
  } = run;
  const head = newHead({ ...bare, tags: [] }, new Uint8Array(0), undefined, mark);
  return { ...head, u: statusCode("CANCELLED"), e: now, a: now, y: ENTRY.none, t: 0, gone: true, making: true };
}

function isTouched({ status, attempt, losses }: StepRecord): boolean {
  return status !== "PENDING" || attempt > 0 || losses > 0;
}
