/**
 * What a runtime and all that it hands out share: the store, the clock, and the workers of this process.
 *
 * @module
 */
import type { EngineStorage } from "../../storage/runtime/engine_storage.ts";
import type {
  Claim,
  ClaimedRun,
  DefinitionKey,
  DefinitionRecord,
  NewRun,
  RunMessage,
  RunRecord,
  StepRecord,
} from "../../storage/runtime/records.ts";
import type { Serializer } from "../../storage/codec/serializers.ts";
import type { ObjectStore } from "../../storage/object_store/object_store.ts";
import type { Clock } from "../clock.ts";
import type { WorkflowDefinition } from "../definition.ts";
import { ConfigError, LeaseLostError, NotFoundError } from "../errors.ts";
import { isFinal } from "../status.ts";
import type { Tracer } from "../tracer.ts";
import { warn } from "../warning.ts";
import type { ActiveRun } from "./active_run.ts";
import { childRunId, type ChildRuns, RuntimeChildren } from "./child_runs.ts";
import { definitionKeyText } from "./definition_key.ts";
import { definitionOfRun } from "../../storage/runtime/item_definition.ts";
import { Room } from "./room.ts";
import { isNewRun, openRunTracer, tellCancelled } from "./run_trace.ts";
import { RunWaiters } from "./run_waiters.ts";
import { SerializedValues } from "./serialized_values.ts";
import type { StepPool } from "./step_pool.ts";
import { StoredValues } from "./stored_values.ts";
import { runtimeClosed, WorkerCore } from "./worker.ts";

/** How many steps this process makes at a time of the runs that it drives itself. */
const DRIVER_CONCURRENCY = 64;

/** How many runs this process drives at a time; those beyond wait to be started. */
const MOST_DRIVEN = 256;

/** The longest time, in milliseconds, between two looks at a run that is driven here and is at work elsewhere, or waits. */
const LONGEST_PAUSE = 1_000;

/** What a runtime is made of. */
export interface RuntimeSetup {
  /** Where runs are kept. */
  readonly storage: EngineStorage;
  /** Where large results are kept, if anywhere else. */
  readonly objects: ObjectStore | undefined;
  /** How objects are kept that the default encoding can not keep. */
  readonly serializers: readonly Serializer[];
  /** Time and chance. */
  readonly clock: Clock;
  /** Name of the machine, or empty, and id of the process. */
  readonly process: { readonly host: string; readonly id: number };
  /** Milliseconds for which a worker's lease holds without a sign of life. */
  readonly lease: number;
  /** Hears of all that the workers of this process do. Default: nobody. */
  readonly tracer?: Tracer | undefined;
}

/** The shared part of a runtime. */
export class RuntimeCore {
  readonly storage: EngineStorage;
  readonly codec: StoredValues;
  readonly clock: Clock;
  readonly process: RuntimeSetup["process"];
  /** Hears of all that the workers of this process do. */
  readonly tracer: Tracer | undefined;
  readonly objects: ObjectStore | undefined;
  /** The definitions that this process has used, by {@linkcode definitionKeyText}: they check inputs. */
  readonly knownDefinitions: Map<string, WorkflowDefinition> = new Map();
  /** The runs that steps wait for. */
  readonly children: ChildRuns = new RuntimeChildren(this);
  /** Those who wait for runs. */
  readonly waiters: RunWaiters;
  /** Room for runs that this process drives. */
  readonly driven: Room = new Room(MOST_DRIVEN, () => {});
  readonly #lease: number;
  readonly #workers = new Set<WorkerCore>();
  readonly #definitions = new Map<string, DefinitionRecord>();
  readonly #closing = new AbortController();
  readonly #atWork = new Set<Promise<unknown>>();
  readonly #driving = new Map<string, Promise<void>>();
  /** Ends the rests of runs that wait, and are driven here. */
  readonly #resting = new Map<string, () => void>();
  #driver: WorkerCore | undefined;

  /** Shares what it is given. */
  constructor({ storage, objects, serializers, clock, process, lease, tracer }: RuntimeSetup) {
    this.storage = storage;
    this.codec = new StoredValues(objects, storage.largeValueBytes, new SerializedValues(serializers));
    this.objects = objects;
    this.waiters = new RunWaiters(clock);
    this.clock = clock;
    this.process = process;
    this.tracer = tracer;
    this.#lease = lease;
  }

  /** Aborted as soon as the runtime is to close. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Has the end of the runtime wait for something that ends by itself when `closing` is aborted. */
  async untilDone<T>(work: Promise<T>): Promise<T> {
    this.#atWork.add(work);
    try {
      return await work;
    } finally {
      this.#atWork.delete(work);
    }
  }

  /** A new worker of this process; end it with {@linkcode endWorker}. */
  newWorker(concurrency: number, queues: readonly string[], pool?: StepPool): WorkerCore {
    if (this.closing.aborted) throw runtimeClosed();
    const worker: WorkerCore = new WorkerCore({
      storage: this.storage,
      codec: this.codec,
      clock: this.clock,
      process: this.process,
      tracer: this.tracer,
      lease: this.#lease,
      concurrency,
      queues,
      pool,
      children: this.children,
      nudge: () => this.nudge(),
      left: (run, exit) => {
        if (exit === "ended") this.waiters.ended(run);
      },
    });
    this.#workers.add(worker);
    return worker;
  }

  /** Closes a worker. */
  async endWorker(worker: WorkerCore, patience?: number): Promise<void> {
    await worker.close(patience);
    this.#workers.delete(worker);
    this.nudge();
  }

  /** The worker that drives the runs of `runtime.run()`; it claims nothing by itself. */
  get driver(): WorkerCore {
    return this.#driver ??= this.newWorker(DRIVER_CONCURRENCY, []);
  }

  /** A run that is at work in this process. */
  activeRun(id: string): ActiveRun | undefined {
    for (const worker of this.#workers) {
      const run = worker.runOf(id);
      if (run !== undefined) return run;
    }
    return undefined;
  }

  /** Has the workers of this process look for work. */
  nudge(): void {
    for (const worker of this.#workers) worker.wake();
  }

  /** Tells a run something, while `held` holds; one that is at work here hears it at once. */
  async send(id: string, message: RunMessage, held?: Claim): Promise<boolean> {
    const sent = await this.storage.send(id, message, held);
    if (!sent) return false;
    const here = this.activeRun(id);
    if (here !== undefined) await here.readMail();
    else this.#call(id);
    return true;
  }

  /** There may be something new for a run that is not at work here. */
  #call(id: string): void {
    this.#resting.get(id)?.();
    this.nudge();
  }

  /** A run that another one waits for has ended. */
  childEnded(parent: string): void {
    const here = this.activeRun(parent);
    if (here === undefined) this.#call(parent);
    else void here.readMail();
  }

  /** Has this process work on a run whenever no other does, until it has ended or the runtime closes. */
  drive(id: string): Promise<void> {
    let driving = this.#driving.get(id);
    if (driving === undefined) {
      driving = this.#drive(id).finally(() => this.#driving.delete(id));
      this.#driving.set(id, driving);
    }
    return driving;
  }

  async #drive(id: string): Promise<void> {
    for (let pause = 5; !this.closing.aborted; pause = Math.min(LONGEST_PAUSE, 2 * pause)) {
      let wait: number | undefined = pause;
      try {
        wait = await this.#driveOn(id, pause);
      } catch (error) {
        if (error instanceof ConfigError) throw error;
        warn(`Run ${id} can not be driven for now, and is tried again: ${String(error)}`, { run: id });
      }
      if (wait === undefined) return;
      if (wait === 0) pause = 5;
      await this.#rest(Math.min(LONGEST_PAUSE, Math.max(wait, pause)));
    }
  }

  /** Gives `undefined` if the run needs nobody any more, and else after how many milliseconds to look again. */
  async #driveOn(id: string, pause: number): Promise<number | undefined> {
    const { driver, clock, storage } = this;
    const here = this.activeRun(id);
    if (here !== undefined) return await here.exit === "ended" ? undefined : 0;
    const run = await storage.readRun(id);
    if (run === undefined || isFinal(run.status)) return undefined;
    const now = clock.now();
    if (run.session === undefined) {
      // One that has begun, and was perhaps opened again, waits for its first time no more.
      const dueAt = run.fence === 0n ? run.dueAt : 0;
      const due = run.parked ? run.wakeAt ?? Infinity : Math.max(run.wakeAt ?? 0, dueAt);
      if (due > now) {
        await this.#rest(Math.min(LONGEST_PAUSE, due - now), id);
        return 0;
      }
    }
    const { id: session } = await driver.openSession();
    // Who has just claimed it in this process is about to put it to work; unless the answer to the claim was lost.
    if (run.session === session && pause < LONGEST_PAUSE || this.activeRun(id) !== undefined) return 1;
    const answer = await storage.claimRun(id, session);
    switch (answer.kind) {
      case "claimed":
        return await driver.adopt(answer.claimed).exit === "ended" ? undefined : 0;
      case "held":
        await storage.reap(now);
        return 1;
      case "missing":
      case "finished":
        return undefined;
    }
  }

  /** Waits so many milliseconds, or until the runtime is to close, or the run of an id is told something here. */
  async #rest(milliseconds: number, id?: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (id !== undefined) this.#resting.set(id, resolve);
    const onClosing = (): void => resolve();
    this.closing.addEventListener("abort", onClosing, { once: true });
    const timer = this.clock.setTimer(milliseconds, resolve);
    await promise;
    timer.cancel();
    if (id !== undefined) this.#resting.delete(id);
    this.closing.removeEventListener("abort", onClosing);
  }

  /** Whether a run is at work nowhere: no session holds it, or the one that does, of this process, was never told so. */
  isUnheld(id: string, session: string | undefined): boolean {
    return session === undefined || session === this.#driver?.session && this.activeRun(id) === undefined;
  }

  /** Cancels a run that no worker holds, without a worker. */
  async endUnheld(id: string): Promise<void> {
    if (this.activeRun(id) !== undefined) return;
    const answer = await this.driver.withSession((session) => this.storage.claimRun(id, session));
    if (answer.kind !== "claimed") return;
    try {
      await this.#endClaimed(answer.claimed);
    } catch (error) {
      // Whoever has taken the run over meanwhile finds the message that it is cancelled.
      if (!(error instanceof LeaseLostError)) throw error;
    }
  }

  async #endClaimed(claimed: ClaimedRun): Promise<void> {
    const { claim, run, steps, offers } = claimed;
    await this.#tellOthers(claim, run, steps ?? []);
    const { id } = run;
    const now = this.clock.now();
    const records = steps ?? await this.storage.readSteps(id);
    const mail = await this.storage.receive(claim);
    await this.storage.commit({
      claim,
      steps: records.flatMap((record, place) =>
        isFinal(record.status)
          ? []
          : { place, record: { ...record, status: "CANCELLED", endedAt: now, wakeAt: 0 } satisfies StepRecord }
      ),
      closedOffers: offers.map(({ id }) => id),
      handled: mail.map(({ id }) => id),
      then: { kind: "ended", status: "CANCELLED", endedAt: now },
    });
    const trace = openRunTracer(this, undefined, run, "run");
    if (trace === undefined) return;
    const { steps: names } = await this.definitionOf(run);
    tellCancelled(trace, names.filter((_, place) => !isFinal(records[place]!.status)), isNewRun(claimed), now);
  }

  /** Of a run that is about to be cancelled: ends the runs that its steps wait for, and tells the run that waits for it. */
  async #tellOthers(claim: Claim, run: RunRecord, steps: readonly StepRecord[]): Promise<void> {
    const { children = [], steps: names } = await this.definitionOf(run);
    for (const { place } of children) {
      const status = steps[place]?.status ?? "PENDING";
      // There may be a run before the step waits for it; and that of one that was cancelled may not have been told.
      if (status === "SUCCEEDED" || status === "FAILED" || status === "SKIPPED") continue;
      await this.children.cancel(childRunId(run.id, names[place]!), claim, () => false);
    }
    if (run.parent !== undefined) {
      await this.storage.send(run.parent.run, { kind: "child", place: run.parent.place });
    }
  }

  /**
   * What is stored of the definition of a run.
   *
   * @throws {NotFoundError} If nothing is.
   */
  async definitionOf(run: NewRun): Promise<DefinitionRecord> {
    return definitionOfRun(await this.#definition(run), run);
  }

  async #definition(key: DefinitionKey): Promise<DefinitionRecord> {
    const text = definitionKeyText(key);
    let definition = this.#definitions.get(text);
    if (definition === undefined) {
      definition = await this.storage.readDefinition(key);
      if (definition === undefined) {
        throw new NotFoundError(
          `Version ${JSON.stringify(key.version)} of workflow \`${key.workflow}\` is not stored.`,
          {
            workflow: key.workflow,
          },
        );
      }
      this.#definitions.set(text, definition);
    }
    return definition;
  }

  /** Closes every worker. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const worker of this.#workers) worker.stopStarting();
    await Promise.allSettled(this.#atWork);
    await Promise.all([...this.#workers].map((worker) => this.endWorker(worker)));
    this.#driver = undefined;
  }
}
