import type { Definition } from "../src/definition.ts";
import { type Executable, executableOf } from "../src/engine/executable.ts";
import { Runtime } from "../src/engine/runtime.ts";
import { RuntimeCore } from "../src/engine/runtime_core.ts";
import { FusewireError } from "../src/errors.ts";
import type { RunStatus, StepStatus } from "../src/run.ts";
import { isFinal, type Status } from "../src/status.ts";
import type { RunRecord } from "../storage/runtime/records.ts";
import { MemoryRuntimeStorage } from "../storage/runtime/memory.ts";
import { settle } from "./settle.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** What becomes of a run. */
export interface RunOutcome {
  /** Its state. */
  readonly status: Status;
  /** Its own steps, by place. */
  readonly steps: readonly StepStatus[];
  /** Its result, or nothing if it has none. */
  readonly result: { readonly value: unknown } | undefined;
}

/** What becomes of a run that nobody disturbs. */
export interface UndisturbedOutcome extends RunOutcome {
  /** How each step ends if none is cancelled for not being needed any more. */
  readonly natural: readonly StepStatus[];
}

/** A signal, and what it brings. */
interface Signal {
  readonly name: string;
  readonly payload: unknown;
}

const MOST_TIMERS = 1_000_000;

/** How often, in milliseconds, it is tried again to send a signal that nobody waits for yet. */
const SEND_EVERY = 20;

/** The steps of a run itself: those of the items of its maps stand before the map, and are of another run. */
export function ownSteps({ steps }: RunStatus, names: readonly string[]): StepStatus[] {
  const byName = new Map(steps.map((step) => [step.name, step]));
  return names.flatMap((name) => byName.get(name) ?? []);
}

/**
 * Runs a definition in memory, in virtual time, with nobody else about and nothing that goes wrong.
 *
 * @returns What becomes of that run, and of all that it waits for, by id.
 */
export async function undisturbedRun(
  id: string,
  definition: Definition<never, unknown>,
  input: unknown,
  signals: readonly Signal[] = [],
): Promise<Map<string, UndisturbedOutcome>> {
  const outcomes = new Map<string, UndisturbedOutcome>();
  await outcomesOf(id, executableOf(definition), input, signals, outcomes);
  return outcomes;
}

async function outcomesOf(
  id: string,
  executable: Executable,
  input: unknown,
  signals: readonly Signal[],
  outcomes: Map<string, UndisturbedOutcome>,
): Promise<void> {
  const { shape } = executable;
  // It is a run of its own here, and not one that another waits for.
  const own: Executable = { ...executable, ofRun: () => own };
  const alone = await runAlone(id, own, input, signals);
  // The same with every step needed for itself, so that none is dropped. The runs that it waits for end as they do.
  const whole: Executable = {
    ...executable,
    shape: { ...shape, ends: new Uint8Array(shape.size).fill(1) },
    ofRun: () => whole,
  };
  const natural = shape.joins === undefined ? alone : await runAlone(id, whole, input, signals);
  outcomes.set(id, { ...alone.outcome, natural: natural.outcome.steps });
  for (const child of natural.children) {
    await outcomesOf(child.id, executable.childAt(child.place).ofRun(child.run), child.input, signals, outcomes);
  }
}

/** A run that another one has waited for. */
interface ChildRun {
  readonly id: string;
  /** The place of the step that waited. */
  readonly place: number;
  readonly run: RunRecord;
  readonly input: unknown;
}

async function runAlone(
  id: string,
  executable: Executable,
  input: unknown,
  signals: readonly Signal[],
): Promise<{ readonly outcome: RunOutcome; readonly children: readonly ChildRun[] }> {
  const clock = new VirtualClock({ random: () => 0.5 });
  const storage = new MemoryRuntimeStorage();
  const process = { host: "alone", id: 0 };
  const core = new RuntimeCore({ storage, objects: undefined, serializers: [], clock, process, lease: 60_000 });
  const runtime = new Runtime(core, () => storage.close());
  const look = async (): Promise<Awaited<ReturnType<typeof runAlone>>> => {
    const run = runtime.get(id);
    const result = await run.result().then((value) => ({ value }), () => undefined);
    const status = await run.status();
    const steps = ownSteps(status, executable.definition.steps);
    const children: ChildRun[] = [];
    for (const [place, { child }] of steps.entries()) {
      const record = child === undefined ? undefined : await storage.readRun(child);
      if (record === undefined) continue;
      children.push({ id: record.id, place, run: record, input: await core.codec.decodeInput(record.input) });
    }
    return { outcome: { status: status.status, steps, result }, children };
  };
  const send = async ({ name, payload }: Signal): Promise<void> => {
    try {
      await runtime.get(id).signal(name, payload);
    } catch (error) {
      if (!(error instanceof FusewireError) || isFinal((await runtime.get(id).status()).status)) return;
      await new Promise<void>((resolve) => void clock.setTimer(SEND_EVERY, resolve));
      await send({ name, payload });
    }
  };
  const outcome = (async () => {
    await runtime.driveExecutable(executable, input, { id });
    const [looked] = await Promise.all([look(), ...signals.map(send)]);
    return looked;
  })();
  let isDone = false;
  const done = (): void => void (isDone = true);
  outcome.then(done, done);
  await settle();
  for (let fired = 0; !isDone && fired < MOST_TIMERS; fired++) {
    if (!clock.fireNext()) break;
    await settle();
  }
  if (!isDone) {
    throw new Error(
      `A run of workflow \`${executable.definition.workflow}\` does not end, even if it is not disturbed.`,
    );
  }
  void runtime.close();
  return await outcome;
}
