/**
 * Forks: new runs that take over results of another one. Loaded with the first of them.
 *
 * @module
 */
import type { RunContents } from "../../storage/runtime/filled_run.ts";
import type { DefinitionRecord, NotableEvent, RunRecord, StepRecord } from "../../storage/runtime/records.ts";
import { ConfigError, NotFoundError } from "../errors.ts";
import { checkStart } from "../start_guard.ts";
import { isFinal } from "../status.ts";
import { copyValue, storedValues } from "./copied_values.ts";
import { definitionKeyText } from "./definition_key.ts";
import { executableOf } from "./executable.ts";
import { type ForkedStep, planFork, settledSteps } from "./fork_plan.ts";
import { nearNames } from "./near_names.ts";
import { newRun, type StartOptions } from "./new_run.ts";
import type { RuntimeCore } from "./runtime_core.ts";
import { objectFolder } from "./stored_values.ts";

/** Options of {@linkcode Runtime.fork}; queue, priority and tags are those of the run that is forked, unless they are given. */
export interface ForkOptions extends StartOptions {
  /** The name of the step, or the names of the steps, from which on it runs again. None: only what failed or had not ended. */
  readonly from: string | readonly string[];
  /**
   * Input of the new run, which all steps see that run again; what is kept stays as it is. It is checked by the schema of the definition
   * if this process has used that. Default: the input of the run that is forked.
   */
  readonly input?: unknown;
  /** Values of steps that are not run: they count as succeeded, and what is below them runs again. Default: none. */
  readonly override?: Readonly<Record<string, unknown>>;
}

/** The most ranges of places in one event. */
const MOST_RANGES = 1_000;

const UNTOUCHED: StepRecord = { status: "PENDING", attempt: 0, losses: 0, startedAt: 0, endedAt: 0, wakeAt: 0 };

/** Makes a run of another one; gives its id, or that of the run that has the id or idempotency key already. */
export async function forkRun(core: RuntimeCore, sourceId: string, options: ForkOptions): Promise<string> {
  const { storage, codec } = core;
  const source = await sourceRun(core, sourceId);
  const { workflow } = source;
  checkStart(workflow);
  await core.tracer?.prepare?.();
  const definition = await core.definitionOf(source);
  const { from, override = {} } = options;
  const froms = placesOf(source, definition, typeof from === "string" ? [from] : from);
  const overridden = placesOf(source, definition, Object.keys(override));
  refuseLiveObjects(core, source, definition, overridden);
  const input = await newInput(core, source, options);
  const steps = await readSettled(core, source, definition);
  const plan = planFork(definition, (place) => steps[place]!.status, new Set(froms), new Set(overridden));
  refuseGoneObjects(source, definition, overridden, steps, await storage.readValues(sourceId, overridden));

  const { version, schema, size, queue, priority, tags } = source;
  const made = newRun(core, { workflow, version, schema, size, queue, tracer: core.tracer }, {
    priority,
    tags,
    ...startOptions(options),
    // Only the program that made a plain graph can run it, and it looks for its run by this key.
    ...(version === "" && source.exclusive !== undefined ? { exclusive: source.exclusive } : {}),
  });
  const { id } = made;
  const contents: RunContents = {
    steps: steps.map((step, place) => recordOf(plan[place]!, step, made.createdAt)),
    events: keptEvents(plan, made.createdAt),
    input: async () =>
      input === undefined
        ? await copyValue(core, source.input, sourceId, id)
        : await codec.encodeInput(id, input.value, workflow),
    async *values() {
      for (const place of overridden) {
        const task = definition.steps[place]!;
        yield { place, value: await codec.encode(id, override[task], () => ({ workflow, task })) };
      }
      const kept = [...plan.keys()].filter((place) => plan[place] === "kept");
      for await (const some of storedValues(core, sourceId, kept)) {
        for (const { place, value } of some) refuseRedacted(source, definition, place, steps[place]!, value.kind);
        const copies = some.map(({ value }) => copyValue(core, value, sourceId, id));
        for (const [i, value] of (await Promise.all(copies)).entries()) yield { place: some[i]!.place, value };
      }
      // A run that was forgotten meanwhile looks like one without values.
      await sourceRun(core, sourceId);
    },
    discard: async () => await core.objects?.deletePrefix(objectFolder(id)),
  };
  const overriddenNames = overridden.map((place) => definition.steps[place]!);
  const forkedFrom = {
    run: sourceId,
    from: froms.map((place) => definition.steps[place]!),
    ...(overriddenNames.length === 0 ? {} : { overridden: overriddenNames }),
  };
  const { run, created } = await storage.startFilled({ ...made, forkedFrom }, contents);
  if (created) core.nudge();
  // The run that was found has neither the id nor the idempotency key, so it has the exclusive key.
  const isMeant = run.id === id || run.idempotencyKey !== undefined && run.idempotencyKey === made.idempotencyKey;
  if (!isMeant) throw otherAtWork(source, run);
  return run.id;
}

/** The steps of a run as of one moment. */
export async function readSettled(
  { storage }: Pick<RuntimeCore, "storage">,
  { id, status }: RunRecord,
  definition: DefinitionRecord,
): Promise<readonly StepRecord[]> {
  const first = await storage.readSteps(id);
  if (isFinal(status)) return first;
  return settledSteps(definition, first, await storage.readSteps(id));
}

/**
 * What is known of a run.
 *
 * @throws {NotFoundError} If there is none.
 */
export async function sourceRun({ storage }: Pick<RuntimeCore, "storage">, id: string): Promise<RunRecord> {
  const run = await storage.readRun(id);
  if (run !== undefined) return run;
  throw new NotFoundError(`There is no run ${JSON.stringify(id)} in this runtime's storage, or it was forgotten.`);
}

function otherAtWork({ id, workflow }: RunRecord, other: RunRecord): ConfigError {
  return new ConfigError(
    `Run ${
      JSON.stringify(id)
    } of the plain graph \`${workflow}\`, of which one run is at work at a time, can not be forked ` +
      `before run ${JSON.stringify(other.id)} has ended; let it end, or cancel it: runtime.get(id).cancel().`,
    { workflow },
  );
}

function startOptions({ from: _from, input: _input, override: _override, ...options }: ForkOptions): StartOptions {
  return options;
}

function recordOf(step: ForkedStep, record: StepRecord, now: number): StepRecord {
  switch (step) {
    case "kept":
      // Clocks may differ: what was kept has ended before the fork.
      return { ...record, endedAt: Math.min(record.endedAt, now) };
    case "overridden":
      return { ...UNTOUCHED, status: "SUCCEEDED", endedAt: now };
    case "again":
      return UNTOUCHED;
  }
}

/** Says which steps had ended before the run began, so that its events do not tell of them. */
function keptEvents(plan: readonly ForkedStep[], timestamp: number): NotableEvent[] {
  const ranges: [number, number][] = [];
  for (const [place, step] of plan.entries()) {
    if (step === "again") continue;
    const last = ranges[ranges.length - 1];
    if (last !== undefined && last[1] === place) last[1]++;
    else ranges.push([place, place + 1]);
  }
  const events: NotableEvent[] = [];
  for (let at = 0; at < ranges.length; at += MOST_RANGES) {
    events.push({ event: "kept", timestamp, places: ranges.slice(at, at + MOST_RANGES) });
  }
  return events;
}

/** Places of steps, each once, in order. */
function placesOf({ id, workflow }: RunRecord, { steps }: DefinitionRecord, names: readonly string[]): number[] {
  const places = new Map(steps.map((name, place) => [name, place]));
  const found = names.map((name) => {
    const place = places.get(name);
    if (place !== undefined) return place;
    throw new NotFoundError(
      `Run ${JSON.stringify(id)} of workflow \`${workflow}\` has no step ${JSON.stringify(name)}${
        nearNames(String(name), steps)
      }`,
      { workflow },
    );
  });
  return [...new Set(found)].sort((a, b) => a - b);
}

/** The input, if one is given, as its schema makes it. */
async function newInput(
  core: RuntimeCore,
  source: RunRecord,
  options: ForkOptions,
): Promise<{ readonly value: unknown } | undefined> {
  if (Object.hasOwn(options, "input")) {
    const known = core.knownDefinitions.get(definitionKeyText(source));
    return { value: known === undefined ? options.input : await known.checkInput(options.input) };
  }
  const redacted = source.importedFrom?.redacted;
  if (redacted === undefined) return undefined;
  throw new ConfigError(
    `Run ${JSON.stringify(source.id)} of workflow \`${source.workflow}\` was exported without parts of its input (${
      redacted.join(", ")
    }); fork it with an \`input\` that has them.`,
    { workflow: source.workflow },
  );
}

/** What makes or uses a live object has no value that another run could take. */
function refuseLiveObjects(
  core: RuntimeCore,
  source: RunRecord,
  { steps }: DefinitionRecord,
  places: readonly number[],
) {
  const known = core.knownDefinitions.get(definitionKeyText(source));
  const makers = known && executableOf(known).makers;
  for (const place of places) if (makers !== undefined && makers[place]! >= 0) throw live(source, steps[place]!);
}

/** The same where the definition is not known here: a step that succeeded without a value has made an object. */
function refuseGoneObjects(
  source: RunRecord,
  { steps: names }: DefinitionRecord,
  places: readonly number[],
  steps: readonly StepRecord[],
  values: readonly unknown[],
): void {
  for (const [i, place] of places.entries()) {
    if (steps[place]!.status === "SUCCEEDED" && values[i] === undefined) throw live(source, names[place]!);
  }
}

function live({ workflow }: RunRecord, node: string): ConfigError {
  return new ConfigError(
    `Step \`${node}\` of workflow \`${workflow}\` makes or uses a live object, so its result can not be given by ` +
      "`override`; override the steps that read it.",
    { workflow, node },
  );
}

function refuseRedacted(
  { id, workflow }: RunRecord,
  { steps }: DefinitionRecord,
  place: number,
  { status }: StepRecord,
  kind: "bytes" | "object" | "error",
): void {
  if (status !== "SUCCEEDED" || kind !== "error") return;
  const node = steps[place]!;
  throw new ConfigError(
    `Run ${
      JSON.stringify(id)
    } of workflow \`${workflow}\` was exported without the result of step \`${node}\`; name the ` +
      "step in `from`, or give its value in `override`.",
    { workflow, node },
  );
}
