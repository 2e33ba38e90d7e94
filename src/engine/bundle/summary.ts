/**
 * What a bundle says of a run beside its values: written as JSON, and read back by someone who trusts nothing.
 *
 * @module
 */
import type {
  DefinitionRecord,
  ForkOrigin,
  NotableEvent,
  RunRecord,
  StepRecord,
} from "../../../storage/runtime/records.ts";
import { nameProblem } from "../../../storage/names.ts";
import type { Status } from "../../status.ts";
import { damagedBundle } from "./damage.ts";
import { Fields } from "./fields.ts";

const STATUSES: readonly Status[] = ["PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "SKIPPED"];
const MOST_COUNT = 0xffff_ffff;

/** The fields of a run that are exported. */
export type ExportedRun =
  & Pick<RunRecord, "id" | "queue" | "priority" | "tags" | "createdAt" | "dueAt" | "status">
  & Partial<Pick<RunRecord, "endedAt" | "failure" | "forkedFrom">>;

/** The first entry of a bundle. */
export interface Summary {
  /** Milliseconds since 1970 at which it was written. */
  readonly exportedAt: number;
  /** The graph. */
  readonly definition: DefinitionRecord;
  /** The run. */
  readonly run: ExportedRun;
  /** Paths of the input that were left out. */
  readonly redacted: readonly string[];
}

/** The parts of a run's record that are exported. */
export function exportedRun(run: RunRecord): ExportedRun {
  const { id, queue, priority, tags, createdAt, dueAt, status, endedAt, failure, forkedFrom } = run;
  return {
    ...{ id, queue, priority, tags, createdAt, dueAt, status },
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(failure === undefined ? {} : { failure }),
    ...(forkedFrom === undefined ? {} : { forkedFrom }),
  };
}

/** A summary of unknown origin. */
export function readSummary(value: unknown): Summary {
  const fields = new Fields(value, "the summary");
  const exportedAt = fields.count("exportedAt");
  const definition = readDefinition(fields.take("definition"));
  const run = readRun(fields.take("run"), definition.steps.length);
  const redacted = fields.texts("redacted");
  fields.end();
  return { exportedAt, definition, run, redacted };
}

function readDefinition(value: unknown): DefinitionRecord {
  const fields = new Fields(value, "the definition");
  const workflow = fields.name("workflow");
  const version = fields.text("version");
  if (version !== "" && nameProblem(version) !== undefined) throw damagedBundle("the version is no name");
  const schema = fields.name("schema");
  const steps = fields.texts("steps");
  for (const step of steps) {
    const problem = nameProblem(step);
    if (problem !== undefined) throw damagedBundle(`a step is named ${JSON.stringify(step.slice(0, 50))}: ${problem}`);
  }
  if (new Set(steps).size !== steps.length) throw damagedBundle("two steps have one name");
  const parents = fields.list("parents", (above, place) => places(above, place, `the parents of step ${place}`));
  if (parents.length !== steps.length) throw damagedBundle("steps and edges do not agree");
  const targets = fields.list("targets", (each, i) => {
    const target = new Fields(each, `target ${i}`);
    const place = target.count("place", steps.length - 1);
    const path = target.list("path", (key) => {
      if (typeof key === "string" || typeof key === "number" && Number.isFinite(key)) return key;
      throw damagedBundle(`the path of target ${i} has a key that is none`);
    });
    target.end();
    return { place, path };
  });
  const single = fields.boolean("single");
  if (single && targets.length !== 1) throw damagedBundle("its one target is missing");
  const others = {
    ...(fields.has("signals") ? { signals: readSignals(fields) } : {}),
    ...(fields.has("children") ? { children: fields.list("children", (each) => readChild(each, steps.length)) } : {}),
    ...(fields.has("itemSteps") ? { itemSteps: readItemSteps(fields, steps.length) } : {}),
  };
  fields.end();
  return { workflow, version, schema, steps, parents, targets, single, ...others };
}

function readSignals(fields: Fields): readonly string[] | null {
  return fields.isNull("signals") ? null : fields.texts("signals");
}

function readChild(value: unknown, size: number): NonNullable<DefinitionRecord["children"]>[number] {
  const fields = new Fields(value, "a step that waits for a run");
  const child = { place: fields.count("place", size - 1), of: fields.oneOf("of", ["workflow", "map"]) };
  fields.end();
  return child;
}

function readItemSteps(fields: Fields, size: number): number {
  const itemSteps = fields.count("itemSteps", MOST_COUNT);
  if (itemSteps > 0 && (size - 1) % itemSteps === 0) return itemSteps;
  throw damagedBundle("its steps are not those of items");
}

function readRun(value: unknown, size: number): ExportedRun {
  const fields = new Fields(value, "the run");
  const run = {
    id: fields.name("id"),
    queue: fields.name("queue"),
    priority: fields.number("priority"),
    tags: fields.texts("tags"),
    createdAt: fields.count("createdAt"),
    dueAt: fields.number("dueAt"),
    status: fields.oneOf("status", STATUSES),
    ...(fields.has("endedAt") ? { endedAt: fields.count("endedAt") } : {}),
    ...(fields.has("failure") ? { failure: readFailure(fields.take("failure"), size) } : {}),
    ...(fields.has("forkedFrom") ? { forkedFrom: readFork(fields.take("forkedFrom")) } : {}),
  };
  fields.end();
  return run;
}

function readFailure(value: unknown, size: number): NonNullable<RunRecord["failure"]> {
  const fields = new Fields(value, "the failure");
  const place = fields.number("place");
  // What is said of the run itself, as that its time is over, has the place before the first.
  const isPlace = Number.isInteger(place) && place >= -1 && place < size;
  if (!isPlace) throw damagedBundle(`the failure is of step ${place}, which there is not`);
  const failure = { place, error: fields.error("error") };
  fields.end();
  return failure;
}

function readFork(value: unknown): ForkOrigin {
  const fields = new Fields(value, "the origin of a fork");
  const [run, from] = [fields.name("run"), fields.texts("from")];
  const overridden = fields.has("overridden") ? fields.texts("overridden") : undefined;
  fields.end();
  return { run, from, ...(overridden === undefined ? {} : { overridden }) };
}

/** Steps as short lists: status, attempt, losses, beginning, end, time of the next attempt. */
export function writeSteps(steps: readonly StepRecord[]): unknown {
  return steps.map(({ status, attempt, losses, startedAt, endedAt, wakeAt }) => {
    return [STATUSES.indexOf(status), attempt, losses, startedAt, endedAt, wakeAt];
  });
}

/** The inverse of {@linkcode writeSteps}, of unknown origin. */
export function readSteps(value: unknown, size: number): StepRecord[] {
  if (!Array.isArray(value) || value.length !== size) throw damagedBundle(`there are no records of ${size} steps`);
  return value.map((each: unknown, place) => {
    const numbers: unknown[] = Array.isArray(each) && each.length === 6 ? each : [];
    const [code, attempt, losses, startedAt, endedAt, wakeAt] = numbers.map((number) =>
      typeof number === "number" && Number.isFinite(number) && number >= 0 ? number : -1
    );
    const status = STATUSES[code ?? -1];
    const isCount = (count: number | undefined): count is number =>
      count !== undefined && Number.isInteger(count) && count >= 0 && count <= MOST_COUNT;
    const isTime = (time: number | undefined): time is number => time !== undefined && time >= 0;
    if (
      status === undefined || !isCount(attempt) || !isCount(losses) || !isTime(startedAt) || !isTime(endedAt) ||
      !isTime(wakeAt)
    ) throw damagedBundle(`the record of step ${place} is none`);
    return { status, attempt, losses, startedAt, endedAt, wakeAt };
  });
}

/** Events of unknown origin. */
export function readEvents(value: unknown, size: number): NotableEvent[] {
  if (!Array.isArray(value)) throw damagedBundle("its events are no list");
  return value.map((each: unknown): NotableEvent => {
    const fields = new Fields(each, "an event");
    const event = fields.oneOf("event", ["attempt_failed", "attempt_started", "warning", "kept"]);
    const timestamp = fields.number("timestamp");
    const read = (): NotableEvent => {
      switch (event) {
        case "attempt_failed":
          return {
            ...{ event, place: fields.count("place", size - 1), timestamp },
            ...{ attempt: fields.count("attempt", MOST_COUNT), error: fields.error("error") },
          };
        case "attempt_started":
          return {
            ...{ event, place: fields.count("place", size - 1), timestamp },
            attempt: fields.count("attempt", MOST_COUNT),
          };
        case "warning":
          return {
            ...{ event, timestamp, message: fields.text("message") },
            ...(fields.has("place") ? { place: fields.count("place", size - 1) } : {}),
          };
        case "kept":
          return { event, timestamp, places: fields.list("places", (range) => readRange(range, size)) };
      }
    };
    const found = read();
    fields.end();
    return found;
  });
}

function readRange(value: unknown, size: number): [number, number] {
  const [from, to] = places(value, size + 1, "a range of places");
  if (from === undefined || to === undefined || from >= to) throw damagedBundle("a range of places is none");
  return [from, to];
}

/** A list of places below a bound. */
function places(value: unknown, bound: number, what: string): number[] {
  const isPlace = (place: unknown): place is number =>
    typeof place === "number" && Number.isInteger(place) && place >= 0 && place < bound;
  if (Array.isArray(value) && value.every(isPlace)) return value;
  throw damagedBundle(`${what} are no places of steps before it`);
}
