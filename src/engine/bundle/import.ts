/**
 * Imports runs. The bundle may come from anybody: nothing is kept unless all of it is as an export would have written it.
 *
 * @module
 */
import { nameProblem } from "../../../storage/names.ts";
import { newSha256, sha256Hex } from "../../../storage/digest.ts";
import { decode } from "../../../storage/codec/structured.ts";
import type { ObjectStore } from "../../../storage/object_store/object_store.ts";
import type { FilledRun, RunContents } from "../../../storage/runtime/filled_run.ts";
import type { DefinitionRecord, NotableEvent, StepRecord, StoredValue } from "../../../storage/runtime/records.ts";
import { ConfigError, ConflictError, InvalidKeyError, SerializationError } from "../../errors.ts";
import { isFinal } from "../../status.ts";
import { definitionKeyText } from "../definition_key.ts";
import { definitionOfRun } from "../../../storage/runtime/item_definition.ts";
import { executableOf } from "../executable.ts";
import { filesOf, recordPath } from "../record_files.ts";
import type { RuntimeCore } from "../runtime_core.ts";
import { objectFolder } from "../stored_values.ts";
import { damagedBundle } from "./damage.ts";
import { type Entry, EntryReader } from "./entries.ts";
import { errorIn } from "./fields.ts";
import { INPUT_PLACE, type ValueForm } from "./format.ts";
import type { ImportOptions } from "./options.ts";
import { readEvents, readSteps, readSummary, type Summary } from "./summary.ts";
import { unpacked } from "./unpacked.ts";

/** The most bytes that are unpacked, unless an option allows more. */
const MOST_BYTES = 4 * 2 ** 30;

const FORMS: readonly ValueForm[] = ["bytes", "record", "error"];

/** Makes a run of a bundle, and gives its id. */
export async function importRun(
  core: RuntimeCore,
  bundle: Uint8Array | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  { id, maxBytes = MOST_BYTES }: ImportOptions,
): Promise<string> {
  const problem = id === undefined ? undefined : nameProblem(id);
  if (problem !== undefined) throw new ConfigError(`Option \`id\` of an import is ${JSON.stringify(id)}: ${problem}.`);
  if (!(maxBytes >= 0)) throw new ConfigError(`Option \`maxBytes\` of an import is ${maxBytes}; it must be a number.`);
  const reader = new EntryReader(unpacked(bundle), maxBytes);
  try {
    await reader.begin();
    const summary = readSummary(await (await expect(reader, "run")).json());
    const run = filledRun(summary, id);
    if (await core.storage.readRun(run.id) !== undefined) throw idInUse(run.id);
    const answer = await core.storage.startFilled(run, await contentsOf(core, reader, summary, run.id));
    if (!answer.created) throw idInUse(run.id);
    return run.id;
  } catch (error) {
    // What a file's name or a value's bytes break is no matter of keys or encodings for who imports.
    if (error instanceof InvalidKeyError || error instanceof SerializationError) {
      throw damagedBundle("a part of it can not be used", error);
    }
    throw error;
  } finally {
    await reader.close();
  }
}

function filledRun({ definition, run, redacted, exportedAt }: Summary, id: string | undefined): FilledRun {
  const { workflow, version, schema, steps } = definition;
  const { queue, priority, tags, createdAt, dueAt, status, forkedFrom } = run;
  return {
    ...{ workflow, version, schema, id: id ?? run.id, size: steps.length },
    ...{ queue, priority, tags, createdAt, dueAt },
    ...(forkedFrom === undefined ? {} : { forkedFrom }),
    importedFrom: { run: run.id, exportedAt, status, ...(redacted.length === 0 ? {} : { redacted }) },
  };
}

async function contentsOf(core: RuntimeCore, reader: EntryReader, summary: Summary, id: string): Promise<RunContents> {
  const { definition, run, exportedAt } = summary;
  const size = definition.steps.length;
  const steps = readSteps(await (await expect(reader, "steps")).json(), size);
  const events: NotableEvent[] = [];
  let entry = await reader.next();
  for (; entry.kind === "events"; entry = await reader.next()) events.push(...readEvents(await entry.json(), size));
  const first = entry;
  const { status, endedAt, failure } = run;
  return {
    steps: steps.map((step) => endedStep(step, exportedAt)),
    events,
    // Nobody has worked on it here, and nobody will.
    ended: {
      status: isFinal(status) ? status : "CANCELLED",
      endedAt: endedAt ?? exportedAt,
      ...(failure === undefined ? {} : { failure }),
    },
    input: async () => {
      if (first.kind !== "value" || first.head.number("place") !== INPUT_PLACE) {
        throw damagedBundle("its input is missing");
      }
      const input = await valueOf(core, reader, first, id, true);
      if (input.kind === "error") throw damagedBundle("its input is an error");
      return input;
    },
    async *values() {
      let before = -1;
      for (entry = await reader.next(); entry.kind === "value"; entry = await reader.next()) {
        const place = entry.head.count("place", size - 1);
        if (place <= before) throw damagedBundle("its values are not in order");
        before = place;
        yield { place, value: await valueOf(core, reader, entry, id, false) };
      }
      if (entry.kind !== "end") throw damagedBundle(`an entry of kind ${entry.kind} is not where it belongs`);
      await entry.bytes();
      await reader.end();
      await define(core, definition);
    },
    discard: async () => await core.objects?.deletePrefix(objectFolder(id)),
  };
}

/** Makes the graph known, which has to be the one that is known for its schema. */
async function define({ storage, knownDefinitions }: RuntimeCore, definition: DefinitionRecord): Promise<void> {
  const used = knownDefinitions.get(definitionKeyText(definition));
  const known = used === undefined ? await storage.readDefinition(definition) : executableOf(used).definition;
  const text = ({ steps, parents, targets, single }: DefinitionRecord): string =>
    JSON.stringify([steps, parents, targets.map(({ place, path }) => [place, path]), single]);
  const size = definition.steps.length;
  // The last step of the run of a map's items has the name of the map.
  const parent = known?.itemSteps === undefined
    ? {}
    : { parent: { run: "", place: 0, node: definition.steps.at(-1)! } };
  if (known !== undefined && text(definitionOfRun(known, { size, ...parent })) !== text(definition)) {
    throw damagedBundle("its graph is not the one that is known here for its schema");
  }
  await storage.define(definition);
}

function endedStep(step: StepRecord, endedAt: number): StepRecord {
  return isFinal(step.status) ? { ...step, wakeAt: 0 } : { ...step, status: "CANCELLED", endedAt, wakeAt: 0 };
}

async function valueOf(
  core: RuntimeCore,
  reader: EntryReader,
  entry: Entry,
  id: string,
  isInput: boolean,
): Promise<StoredValue> {
  const form = entry.head.oneOf("form", FORMS);
  entry.head.end();
  switch (form) {
    case "error":
      return { kind: "error", error: errorIn(await entry.json(), "the error of a step") };
    case "bytes": {
      const bytes = await entry.bytes();
      // No bytes stand for no input.
      if (!isInput || bytes.length > 0) checkValue(bytes);
      return await core.codec.keep(id, bytes);
    }
    case "record":
      return await recordOf(core.objects, reader, await entry.bytes(), objectFolder(id));
  }
}

/** A value with files: each has to be the one that the record names. */
async function recordOf(
  objects: ObjectStore | undefined,
  reader: EntryReader,
  record: Uint8Array<ArrayBuffer>,
  folder: string,
): Promise<StoredValue> {
  if (objects === undefined) {
    throw new ConfigError(
      "The bundle has values that are kept in files: open the runtime with a `storage` for them, such as " +
        "`new FileObjectStore({ path })`.",
    );
  }
  for (const { path, size, sha256 } of filesOf(record)) {
    const entry = await expect(reader, "file");
    if (entry.size !== size) throw damagedBundle(`a file has ${entry.size} bytes in place of ${size}`);
    const hash = newSha256();
    const pieces = async function* (): AsyncGenerator<Uint8Array> {
      for await (const piece of entry.pieces()) {
        hash.update(piece);
        yield piece;
      }
    };
    await objects.put(folder + path, pieces(), { apart: true });
    if (hash.digest("hex") !== sha256) throw damagedBundle("a file is not the one that its record names");
  }
  const sha256 = sha256Hex(record);
  const key = folder + recordPath(sha256);
  await objects.put(key, record, { apart: true });
  return { kind: "object", key, size: record.length, sha256 };
}

function checkValue(bytes: Uint8Array<ArrayBuffer>): void {
  try {
    decode(bytes);
  } catch (error) {
    throw damagedBundle("a value can not be read", error);
  }
}

async function expect(reader: EntryReader, kind: Entry["kind"]): Promise<Entry> {
  const entry = await reader.next();
  if (entry.kind === kind) return entry;
  throw damagedBundle(`an entry of kind ${entry.kind} is where one of kind ${kind} belongs`);
}

function idInUse(id: string): ConflictError {
  return new ConflictError(
    `There is a run ${JSON.stringify(id)} already, so the bundle was not imported; give the run another \`id\`.`,
  );
}
