import type { Definition } from "../src/definition.ts";
import { type Executable, executableOf } from "../src/engine/executable.ts";
import { Runtime } from "../src/engine/runtime.ts";
import { RuntimeCore } from "../src/engine/runtime_core.ts";
import type { RunStatus } from "../src/run.ts";
import { MemoryRuntimeStorage } from "../storage/runtime/memory.ts";
import { settle } from "./settle.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** What becomes of a run. */
export interface RunOutcome {
  /** Its state, and those of its steps. */
  readonly status: RunStatus;
  /** Its result, or nothing if it has none. */
  readonly result: { readonly value: unknown } | undefined;
}

/** What becomes of a run that nobody disturbs. */
export interface UndisturbedOutcome extends RunOutcome {
  /** How each step ends if none is cancelled for not being needed any more. */
  readonly natural: RunStatus["steps"];
}

const MOST_TIMERS = 1_000_000;

/** Runs a definition in memory, in virtual time, with nobody else about and nothing that goes wrong. */
export async function undisturbedRun(
  definition: Definition<never, unknown>,
  input: unknown,
): Promise<UndisturbedOutcome> {
  const executable = executableOf(definition);
  const outcome = await runAlone(executable, input);
  const { shape } = executable;
  if (shape.joins === undefined) return { ...outcome, natural: outcome.status.steps };
  const ends = new Uint8Array(shape.size).fill(1);
  const natural = await runAlone({ ...executable, shape: { ...shape, ends } }, input);
  return { ...outcome, natural: natural.status.steps };
}

async function runAlone(executable: Executable, input: unknown): Promise<RunOutcome> {
  const clock = new VirtualClock({ random: () => 0.5 });
  const storage = new MemoryRuntimeStorage();
  const process = { host: "alone", id: 0 };
  const core = new RuntimeCore({ storage, objects: undefined, serializers: [], clock, process, lease: 60_000 });
  const runtime = new Runtime(core, () => storage.close());
  const outcome = (async (): Promise<RunOutcome> => {
    await runtime.driveExecutable(executable, input, { id: "undisturbed" });
    const run = runtime.get("undisturbed");
    const result = await run.result().then((value) => ({ value }), () => undefined);
    return { status: await run.status(), result };
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
