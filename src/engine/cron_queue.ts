/**
 * The runs of a cron that wait for their turn. Each is in the store from its tick on, not due before the year 9999, and so nobody claims
 * it. When no other run of the cron is at work, the one with the earliest due time is claimed and given back at once, at which it is ready
 * for any worker; its fence then tells that it had its turn. Whoever does so holds a slot meanwhile, by a session of its own. A process
 * that was thought dead and was not can not claim any more, so that never two runs are let go at once. One that dies between the claim and
 * the giving back has let the run go all the same: what a dead session held is ready.
 *
 * @module
 */
import type { RunRecord } from "../../storage/runtime/records.ts";
import type { RuntimeCore } from "./runtime_core.ts";

/** When runs that wait for their turn are due. */
export const HELD_UNTIL: number = Date.UTC(9999, 11, 31);

/** How long a turn may take before others take over, in milliseconds. It takes a few reads and writes. */
const LEASE = 10_000;

/** How many runs are read at a time. */
const PAGE = 500;

/** How it stands with the runs of a cron. */
export interface Turn {
  /** Id of the run that has its turn. */
  readonly atWork: string | undefined;
  /** How many wait for theirs. */
  readonly waiting: number;
}

/** Lets the runs of one cron go, one after another. */
export class CronQueue {
  readonly #core: RuntimeCore;
  readonly #workflow: string;
  readonly #tag: string;

  /** Those of this workflow with this tag. */
  constructor(core: RuntimeCore, workflow: string, tag: string) {
    this.#core = core;
    this.#workflow = workflow;
    this.#tag = tag;
  }

  /** Lets the next run go, if none is at work. */
  async advance(): Promise<Turn> {
    const { storage, clock, process } = this.#core;
    const session = clock.newId();
    const deadline = clock.now() + LEASE;
    await storage.keepSession({ id: session, deadline, host: process.host, process: process.id }, true);
    try {
      const slot = { key: `fusewire/${this.#tag}`, limit: 1, session, holder: "turn" };
      const isOurs = await storage.takeSlot(slot, clock.now());
      const { atWork, waiting } = await this.#look();
      const next = waiting[0];
      if (!isOurs || atWork !== undefined || next === undefined) return { atWork, waiting: waiting.length };
      const answer = await storage.claimRun(next, session);
      if (answer.kind !== "claimed") return { atWork: undefined, waiting: waiting.length };
      const { claim } = answer.claimed;
      await storage.commit({ claim, steps: [], then: { kind: "released", parked: false } });
      this.#core.nudge();
      return { atWork: next, waiting: waiting.length - 1 };
    } finally {
      await storage.endSession(session);
    }
  }

  /** The run that is at work, and those that wait, in the order of their turns. */
  async #look(): Promise<{ readonly atWork: string | undefined; readonly waiting: readonly string[] }> {
    const open: RunRecord[] = [];
    const query = { workflow: this.#workflow, tag: this.#tag, statuses: ["PENDING", "RUNNING"], limit: PAGE } as const;
    let cursor: string | undefined;
    do {
      const page = await this.#core.storage.listRuns(cursor === undefined ? query : { ...query, cursor });
      open.push(...page.runs);
      cursor = page.cursor;
    } while (cursor !== undefined);
    const isWaiting = ({ fence, dueAt }: RunRecord): boolean => fence === 0n && dueAt === HELD_UNTIL;
    // The ids of one cron end with the due time.
    const waiting = open.filter(isWaiting).map(({ id }) => id).sort();
    return { atWork: open.find((run) => !isWaiting(run))?.id, waiting };
  }
}
