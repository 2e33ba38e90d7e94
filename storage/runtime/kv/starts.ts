/**
 * Making runs.
 *
 * @module
 */
import { ConfigError } from "../../../src/errors.ts";
import type { Claim, ClaimedRun, NewRun, RunRecord } from "../records.ts";
import { type KvContext, untilUnchanged } from "./context.ts";
import { type Head, headBytes, INLINE_INPUT_BYTES, newHead, runRecord, tellsAge } from "./head.ts";
import { Hold, type Holds } from "./holds.ts";
import type { KvKeys } from "./keys.ts";
import type { KvCheck, KvEntry, KvKey } from "../../kv/kv_like.ts";
import type { RunReader } from "./run_reader.ts";
import { exclusiveGuard, removeRun } from "./forgetting.ts";
import { sessionGuard, type Sessions } from "./sessions.ts";
import { formBytes } from "./stored_form.ts";
import { Unit } from "../../kv/unit.ts";
import { writeWaiting } from "./waiting.ts";

/** The most bytes of a head without its steps and failure: what tags and names may take. */
const MOST_HEAD_BYTES = 40_000;

/**
 * Refuses a run of which more has to be in its head than there is room for.
 *
 * @throws {ConfigError} If its tags, or what it was forked from, are too long.
 */
export function checkHead({ id, workflow, forkedFrom }: Omit<NewRun, "input">, head: Head): void {
  const bytes = headBytes(head);
  if (bytes <= MOST_HEAD_BYTES) return;
  const what = forkedFrom === undefined ? "The tags" : "The tags, or the names of the steps that it is forked from,";
  throw new ConfigError(
    `${what} of run ${JSON.stringify(id)} are too long: they and its names take ${bytes} bytes, and a run has ` +
      `${MOST_HEAD_BYTES} for them.`,
    { workflow },
  );
}

/** What a run takes that only one can have, beside its id: where it lies, and the guard of all that relies on it. */
export function takenBy(
  keys: KvKeys,
  { workflow, idempotencyKey, exclusive }: Omit<NewRun, "input">,
): { readonly key: KvKey; readonly guard: string }[] {
  const taken = [];
  if (idempotencyKey !== undefined) {
    const guard = `idempotency ${workflow.length} ${workflow} ${idempotencyKey}`;
    taken.push({ key: keys.idempotency(workflow, idempotencyKey), guard });
  }
  if (exclusive !== undefined) {
    taken.push({ key: keys.exclusive(workflow, exclusive), guard: exclusiveGuard(workflow, exclusive) });
  }
  return taken;
}

/** What came of a start. */
export interface Started {
  /** The run that has the id or the idempotency key. */
  readonly run: RunRecord;
  /** Whether it was made now. */
  readonly created: boolean;
  /** The hold on it, if it was claimed. */
  readonly claimed: ClaimedRun | undefined;
}

/** Makes runs. */
export class Starts {
  /** Makes them where the context says. */
  constructor(
    private readonly context: KvContext,
    private readonly reader: RunReader,
    private readonly sessions: Sessions,
    private readonly holds: Holds,
  ) {}

  /**
   * Makes a run while `held` holds, or gives the one that has its id or idempotency key. With a session it is claimed at once, if it is due.
   */
  async start(run: NewRun, session: string | undefined, held: Claim | undefined): Promise<Started> {
    const { context } = this;
    const claims = session !== undefined && run.dueAt <= run.createdAt ? session : undefined;
    const input = context.forms.small(run.input) ?? await context.forms.any(run.id, run.input);
    const inline = formBytes(input) <= INLINE_INPUT_BYTES + 16;
    const head = newHead(run, inline ? input : undefined, claims, context.newMark());
    checkHead(run, head);
    return await untilUnchanged(`Run ${JSON.stringify(run.id)}`, async () => {
      const check = claims === undefined ? undefined : await this.sessions.check(claims);
      const unit = this.#unit(run, head, check);
      if (held !== undefined) await this.holds.bind(unit, held);
      if (!inline) unit.set(context.keys.input(run.id), input, formBytes(input));
      const versionstamp = await context.queue.submit(unit);
      if (versionstamp !== undefined) return this.#started(run, head, versionstamp);
      return await this.#existing(run, head, claims);
    });
  }

  #unit(run: NewRun, head: Head, session: KvCheck | undefined): Unit {
    const { keys } = this.context;
    const unit = new Unit();
    unit.guards.push(run.id);
    unit.check(keys.head(run.id), null);
    for (const { key, guard } of takenBy(keys, run)) {
      unit.guards.push(guard);
      unit.check(key, null);
      unit.set(key, run.id, 2 * run.id.length);
    }
    if (!tellsAge(run.id, run.createdAt)) unit.set(keys.created(run.createdAt, run.id), 0, 8);
    if (head.o === undefined || session === undefined) {
      writeWaiting(keys, unit, run.id, head);
    } else {
      unit.checks.push(session);
      unit.share(sessionGuard(head.o));
      unit.set(keys.head(run.id), head, headBytes(head));
      unit.set(keys.own(head.o, run.id), 0, 8);
    }
    return unit;
  }

  #started(run: NewRun, head: Head, versionstamp: string): Started {
    const record = runRecord(run.id, head, run.input, undefined, head.o !== undefined);
    if (head.o === undefined) return { run: record, created: true, claimed: undefined };
    const claim = { runId: run.id, session: head.o, fence: head.f };
    this.holds.add(new Hold(claim, head, versionstamp, undefined));
    return { run: record, created: true, claimed: { claim, run: record, steps: undefined, offers: [], mail: false } };
  }

  /** Something was there; `undefined` if it is gone now. */
  async #existing(run: NewRun, head: Head, claims: string | undefined): Promise<Started | undefined> {
    const { kv, keys } = this.context;
    const entry = await kv.get<Head>(keys.head(run.id));
    if (entry.versionstamp !== null) {
      if (entry.value.gone === true) {
        await removeRun(this.context, run.id);
        // Pieces of the new run's input lie among what was removed.
        await this.context.forms.any(run.id, run.input);
        return undefined;
      }
      return await this.#found(run, head, entry);
    }
    for (const { key } of takenBy(keys, run)) {
      const other = await kv.get<string>(key);
      const record = other.value === null ? undefined : await this.reader.run(other.value);
      if (record !== undefined) return { run: record, created: false, claimed: undefined };
    }
    if (claims !== undefined) await this.sessions.recheck(claims);
    return undefined;
  }

  async #found(run: NewRun, head: Head, entry: KvEntry<Head>): Promise<Started> {
    const found = entry.value;
    if (found.m !== head.m) {
      return { run: await this.reader.record(run.id, found), created: false, claimed: undefined };
    }
    // Our own start, whose reply was lost.
    if (found.o !== undefined && found.o === head.o && found.f === head.f) {
      return this.#started(run, found, entry.versionstamp);
    }
    return { run: await this.reader.record(run.id, found), created: true, claimed: undefined };
  }
}
