/**
 * One run, as the storage in memory keeps it.
 *
 * @module
 */
import type {
  Claim,
  ClaimedRun,
  DefinitionKey,
  NewRun,
  NotableEvent,
  ReceivedMessage,
  RunMessage,
  RunRecord,
  StepOffer,
  StepRecord,
  StoredValue,
} from "./records.ts";

/** A step of which nothing has happened yet. */
export const UNTOUCHED: StepRecord = Object.freeze({
  status: "PENDING",
  attempt: 0,
  losses: 0,
  startedAt: 0,
  endedAt: 0,
  wakeAt: 0,
});

/** An offer and who works on it. */
export interface HeldOffer {
  /** The run that it is of. */
  readonly run: MemoryRun;
  /** What is offered. */
  readonly offer: StepOffer;
  /** Its place among all offers. */
  readonly order: number;
  /** `open` until a worker claims it, `over` when that worker has reported all or is gone. */
  state: "open" | "claimed" | "over";
  /** The session that claimed it. */
  session?: string;
}

/** What may change of a run's record; `undefined` takes a field away. */
export type RunChange =
  & {
    readonly [field in "status" | "fence" | "parked" | "reopened" | "reopenedAt"]?: RunRecord[field];
  }
  & { readonly [field in "session" | "wakeAt" | "endedAt" | "failure"]?: RunRecord[field] | undefined };

/** A run with all that belongs to it. */
export class MemoryRun {
  /** What is known of it: a new object after each change, so that it can be handed out. */
  record: RunRecord;
  /** Its place among all runs in the order in which they were started. */
  readonly number: number;
  /** Whether it was opened again, and nothing has been committed since. Whoever claims it has to be told, also after another died. */
  reopened: boolean;
  /** The steps by place, as far as they were touched; `undefined` if none was. */
  steps: StepRecord[] | undefined;
  /** The values by place. */
  readonly values = new Map<number, StoredValue>();
  /** What the steps do not tell. */
  readonly events: NotableEvent[] = [];
  /** What it was told and has not been dealt with. */
  messages: ReceivedMessage[] = [];
  /** The id of the last message that the present holder has received. */
  readUpTo = "";
  /** Its offers by id. */
  readonly offers = new Map<string, HeldOffer>();

  /** Keeps a run by its record. */
  constructor(record: RunRecord, number: number) {
    this.record = { ...record, tags: [...record.tags] };
    this.number = number;
    this.reopened = record.reopened;
  }

  /** Its id. */
  get id(): string {
    return this.record.id;
  }

  /** Whether it has ended. */
  get ended(): boolean {
    return this.record.endedAt !== undefined;
  }

  /** Whether a holder's claim is still the latest one. */
  isHeldBy(claim: Claim): boolean {
    return this.record.session === claim.session && this.record.fence === claim.fence;
  }

  /** Changes the record. */
  change(change: RunChange): void {
    const { session, wakeAt, endedAt, failure, ...rest } = { ...this.record, ...change };
    this.record = {
      ...rest,
      ...(session === undefined ? {} : { session }),
      ...(wakeAt === undefined ? {} : { wakeAt }),
      ...(endedAt === undefined ? {} : { endedAt }),
      ...(failure === undefined ? {} : { failure }),
    };
  }

  /** Gives it to a session. */
  claim(session: string): ClaimedRun {
    const fence = this.record.fence + 1n;
    this.readUpTo = "";
    this.change({ status: "RUNNING", fence, session, parked: false, reopened: false, wakeAt: undefined });
    return {
      claim: { runId: this.id, session, fence },
      run: this.reopened ? { ...this.record, reopened: true } : this.record,
      steps: this.steps === undefined ? undefined : this.allSteps(),
      offers: [...this.offers.values()].map(({ offer }) => offer),
      mail: this.messages.length > 0,
    };
  }

  /** Changes a step. */
  setStep(place: number, record: StepRecord, value: StoredValue | undefined): void {
    this.steps ??= new Array(this.record.size).fill(UNTOUCHED);
    this.steps[place] = { ...record };
    if (value !== undefined) this.values.set(place, value);
  }

  /** All steps, by place. */
  allSteps(): StepRecord[] {
    return this.steps?.slice() ?? new Array<StepRecord>(this.record.size).fill(UNTOUCHED);
  }

  /** One step. */
  step(place: number): StepRecord {
    return this.steps?.[place] ?? UNTOUCHED;
  }

  /** Keeps a message. */
  tell(number: number, message: RunMessage): void {
    this.messages.push({ id: String(number).padStart(16, "0"), message: { ...message } });
  }

  /** The messages, which are read from now on. */
  receive(): readonly ReceivedMessage[] {
    this.readUpTo = this.messages.at(-1)?.id ?? this.readUpTo;
    return this.messages.slice();
  }

  /** Whether a message came that the holder has not received. */
  get hasUnread(): boolean {
    return (this.messages.at(-1)?.id ?? "") > this.readUpTo;
  }
}

/** What is known of a run that was just started. */
export function newRecord(run: NewRun): RunRecord {
  const waits = run.dueAt > run.createdAt ? { wakeAt: run.dueAt } : {};
  return { ...run, status: "PENDING", fence: 0n, parked: false, reopened: false, ...waits };
}

/** A definition, as a key of a map. */
export function definitionKey({ workflow, version, schema }: DefinitionKey): string {
  return JSON.stringify([workflow, version, schema]);
}
