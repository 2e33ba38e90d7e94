/**
 * Crons whose ticks are fired by hand, and jobs that take time on a virtual clock.
 *
 * @module
 */
import {
  context,
  type CronTrigger,
  defineWorkflow,
  type Definition,
  type EngineStorage,
  type Input,
  MemoryRuntimeStorage,
  openRuntime,
  type Runtime,
  type Status,
  task,
} from "@fusewire/fusewire";
import { VirtualClock } from "@fusewire/fusewire/testing";

/** 1 January 2026, noon, UTC. */
export const NOON = Date.UTC(2026, 0, 1, 12);
export const MINUTE = 60_000;
export const EVERY_MINUTE = "* * * * *";

/** A cron of one process. */
export interface HandFired {
  readonly trigger: CronTrigger;
  /** Fires a tick as Deno.cron does: without saying for when. */
  fire(due?: Date): Promise<void>;
}

/** A trigger that fires when a test says so. */
export function byHand(): HandFired {
  let fired: ((due?: Date) => Promise<void>) | undefined;
  return {
    trigger: (_, fire) => void (fired = fire),
    fire: (due) => fired?.(due) ?? Promise.reject(new Error("The cron is not registered.")),
  };
}

/** A job that takes some time, and what it did. */
export class Job {
  readonly clock: VirtualClock;
  /** How long it takes, in milliseconds. */
  duration: number;
  /** The names that the input of each run had, in the order in which they began. */
  readonly began: string[] = [];
  /** How many were at work, and the most that were at a time. */
  active = 0;
  most = 0;
  readonly definition: Definition<{ day: string }, string>;

  /** Takes so many milliseconds of a clock. */
  constructor(clock: VirtualClock, duration: number, version = "1") {
    this.clock = clock;
    this.duration = duration;
    const step = task(async (day: string) => {
      this.began.push(day);
      this.most = Math.max(this.most, ++this.active);
      const { signal } = context();
      await new Promise<void>((resolve) => {
        this.clock.setTimer(this.duration, resolve);
        signal.addEventListener("abort", () => resolve());
      });
      this.active--;
      return day;
    }, { name: "work" });
    this.definition = defineWorkflow("job", { version }, (input: Input<{ day: string }>) => step(input.day));
  }
}

/** The time of a due time: hour, minute and second. */
export function timeOf({ due }: { readonly due: Date }): { readonly day: string } {
  return { day: due.toISOString().slice(11, 19) };
}

/** A process on a storage. */
export async function processOn(runtimeStorage: EngineStorage, clock: VirtualClock, skew = 0): Promise<Runtime> {
  return await openRuntime({ runtimeStorage, clock: skew === 0 ? clock : clock.skewed(skew) });
}

/** The states of all runs, the earliest first. */
export async function statuses(runtime: Runtime): Promise<Status[]> {
  return (await runtime.list()).runs.map(({ status }) => status).reverse();
}

/** A clock, a storage and a job that takes so many milliseconds. */
export function world(
  duration: number,
  start = NOON,
): { readonly clock: VirtualClock; readonly storage: MemoryRuntimeStorage; readonly job: Job } {
  const clock = new VirtualClock({ start });
  return { clock, storage: new MemoryRuntimeStorage(), job: new Job(clock, duration) };
}
