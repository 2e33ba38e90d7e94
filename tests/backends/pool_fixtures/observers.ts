/** Tasks that look at their context, and plugins. */
import {
  context,
  definePlugin,
  InitializerPlugin,
  PluginCollection,
  RandomStatePlugin,
  task,
} from "@fusewire/fusewire";

export const look = task(function look(_after?: unknown) {
  const { workflowName, runId, nodeName, attempt, idempotencyKey, fence, signal } = context();
  const numbers = [context().random(), context().random()];
  return { workflowName, runId, nodeName, attempt, idempotencyKey, fence, aborted: signal.aborted, numbers };
});
export const lookLater = task(async function lookLater(_after?: unknown) {
  await new Promise((resolve) => setTimeout(resolve, 1));
  const first = context().nodeName;
  await Promise.resolve();
  return [first, context().nodeName, context().random()];
});
export const report = task(function report(): void {
  context().progress(0.25);
  context().progress(0.5, "half");
  context().log.info("at {place}", { place: "here", odd: () => 1 });
  context().log.warn("careful");
});
/** Fails as often as it is told to, and says what its signal said. */
export const flaky = task(function flaky(failures: number): number {
  const { attempt } = context();
  if (attempt <= failures) throw new Error(`attempt ${attempt}`);
  return attempt;
});
/** Waits until its signal is aborted, and notes why in shared memory. */
export const polite = task(async function polite(shared: SharedArrayBuffer): Promise<void> {
  const { signal } = context();
  const notes = new Int32Array(shared);
  Atomics.store(notes, 0, 1);
  Atomics.notify(notes, 0);
  await new Promise<void>((_, reject) =>
    signal.addEventListener("abort", () => {
      Atomics.store(notes, 0, signal.reason.name === "TimeoutError" ? 2 : 3);
      Atomics.notify(notes, 0);
      reject(signal.reason);
    })
  );
});

let prepared: unknown[] = [];
export const takePrepared = task(function takePrepared(): unknown[] {
  const taken = prepared;
  prepared = [];
  return [...taken, "function"];
});

export const stateful = definePlugin({
  localInitialize: ({ nodeName }) => ({ from: nodeName, at: [1] }),
  remoteInitialize: (state: { from: string; at: number[] }, { attempt }) => void prepared.push({ ...state, attempt }),
});
export const initializer = new InitializerPlugin(({ nodeName }) => void prepared.push(`initialize ${nodeName}`));
export const later = new InitializerPlugin(async () => {
  await Promise.resolve();
  prepared.push("later");
});
export const seeded = new RandomStatePlugin({
  min: 1,
  max: 100,
  seed: 0,
  seedFunc: (state) => void prepared.push(state),
});
export const collection = new PluginCollection([seeded, later, initializer]);
export const failing = new InitializerPlugin(() => {
  throw new RangeError("not ready");
});
