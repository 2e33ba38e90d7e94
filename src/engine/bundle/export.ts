/**
 * Exports runs. Values are read some at a time, and files in pieces, as the reader asks for them.
 *
 * @module
 */
import { sha256Hex } from "../../../storage/digest.ts";
import { MemoryObjectStore } from "../../../storage/object_store/memory.ts";
import type { ObjectStore } from "../../../storage/object_store/object_store.ts";
import { compilePattern } from "../../../storage/pattern.ts";
import type { NotableEvent, RunRecord, StoredValue } from "../../../storage/runtime/records.ts";
import { ConfigError, type ErrorRecord, IntegrityError } from "../../errors.ts";
import { storedValues } from "../copied_values.ts";
import { readSettled, sourceRun } from "../fork.ts";
import { filesOf } from "../record_files.ts";
import type { RuntimeCore } from "../runtime_core.ts";
import { isRecordKey } from "../serialized_values.ts";
import { objectFolder, StoredValues } from "../stored_values.ts";
import { EntryWriter, INPUT_PLACE } from "./format.ts";
import type { ExportOptions } from "./options.ts";
import { REDACTED, redacted } from "./redaction.ts";
import { exportedRun, type Summary, writeSteps } from "./summary.ts";

/** How many events go into one entry. */
const EVENTS_AT_ONCE = 500;

/** What stands for the error of a step whose results are left out. */
const REDACTED_ERROR: ErrorRecord = { name: "Error", message: REDACTED };

/** A value, and where its objects are. */
interface Located {
  readonly value: StoredValue;
  readonly objects: ObjectStore | undefined;
}

/** A run as a bundle, compressed. */
export function exportRun(core: RuntimeCore, id: string, options: ExportOptions): ReadableStream<Uint8Array> {
  return ReadableStream.from(chunksOf(core, id, options)).pipeThrough(new CompressionStream("gzip"));
}

async function* chunksOf(
  core: RuntimeCore,
  id: string,
  options: ExportOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const run = await sourceRun(core, id);
  const definition = await core.definitionOf(run);
  const isLeftOut = patternOf(options);
  const isOut = (place: number): boolean => isLeftOut(definition.steps[place]!);
  const steps = await readSettled(core, run, definition);
  const events = await core.storage.readEvents(id);
  const { input, paths } = await inputOf(core, run, options);
  const { failure } = run;

  const writer = new EntryWriter();
  const summary: Summary = {
    exportedAt: core.clock.now(),
    definition,
    run: {
      ...exportedRun(run),
      ...(failure !== undefined && isOut(failure.place) ? { failure: { ...failure, error: REDACTED_ERROR } } : {}),
    },
    redacted: paths,
  };
  writer.addJson({ kind: "run" }, summary);
  writer.addJson({ kind: "steps" }, writeSteps(steps));
  for (let at = 0; at < events.length; at += EVENTS_AT_ONCE) {
    const some = events.slice(at, at + EVENTS_AT_ONCE);
    writer.addJson({ kind: "events" }, some.map((event) => withoutError(event, isOut)));
    if (writer.isFull) yield writer.take();
  }
  yield* valueChunks(writer, INPUT_PLACE, input, id);
  const touched = [...steps.keys()].filter((place) => steps[place]!.status !== "PENDING");
  for await (const some of storedValues(core, id, touched)) {
    for (const { place, value } of some) {
      const { status } = steps[place]!;
      // What a step that has not ended by these records has in the store came later.
      if (status === "RUNNING") continue;
      if (isOut(place)) {
        writer.addJson({ kind: "value", place, form: "error" }, leftOut(definition.steps[place]!, status));
      } else yield* valueChunks(writer, place, { value, objects: core.objects }, id);
      if (writer.isFull) yield writer.take();
    }
  }
  // A run that was forgotten meanwhile looks like one without values.
  await sourceRun(core, id);
  writer.addJson({ kind: "end" }, {});
  yield writer.take();
}

/** The input, without what is to be left out, and the paths of that. */
async function inputOf(
  core: RuntimeCore,
  run: RunRecord,
  { redact }: ExportOptions,
): Promise<{ input: Located; paths: readonly string[] }> {
  const before = run.importedFrom?.redacted ?? [];
  if (redact === undefined) return { input: { value: run.input, objects: core.objects }, paths: before };
  const found = redacted(await core.codec.decodeInput(run.input), redact);
  if (found.paths.length === 0) return { input: { value: run.input, objects: core.objects }, paths: before };
  // Objects that serializers keep are written anew, to where the export reads them from.
  const objects = new MemoryObjectStore();
  const codec = new StoredValues(objects, Infinity, core.codec.serialized);
  const value = await codec.encodeInput(run.id, found.value, run.workflow);
  return { input: { value, objects }, paths: [...new Set([...before, ...found.paths])] };
}

async function* valueChunks(
  writer: EntryWriter,
  place: number,
  { value, objects }: Located,
  runId: string,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  switch (value.kind) {
    case "bytes":
      return writer.add({ kind: "value", place, form: "bytes" }, value.bytes);
    case "error":
      return writer.addJson({ kind: "value", place, form: "error" }, value.error);
    case "object": {
      if (objects === undefined) {
        throw new ConfigError(
          `A value of run ${
            JSON.stringify(runId)
          } of ${value.size} bytes lies in an object store; open the runtime with ` +
            "the `storage` it was written with.",
        );
      }
      const bytes = await objects.get(value.key);
      if (bytes.length !== value.size || sha256Hex(bytes) !== value.sha256) {
        throw new IntegrityError(
          `The value under \`${value.key}\` is damaged: its bytes are not those that were written.`,
        );
      }
      const isRecord = isRecordKey(value.key);
      writer.add({ kind: "value", place, form: isRecord ? "record" : "bytes" }, bytes);
      for (const { path, size } of isRecord ? filesOf(bytes) : []) {
        yield* writer.stream(
          { kind: "file" },
          size,
          exactly(await objects.stream(objectFolder(runId) + path), size, path),
        );
      }
    }
  }
}

/** The pieces of a file, which has to have the length that is written before it. */
async function* exactly(pieces: AsyncIterable<Uint8Array>, size: number, path: string): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const piece of pieces) {
    length += piece.length;
    if (length <= size) yield piece;
  }
  if (length !== size) {
    throw new IntegrityError(`The file \`${path}\` is damaged: it has ${length} bytes instead of ${size}.`);
  }
}

function patternOf({ redactResults }: ExportOptions): (name: string) => boolean {
  return redactResults === undefined ? () => false : compilePattern(redactResults);
}

function withoutError(event: NotableEvent, isOut: (place: number) => boolean): NotableEvent {
  return event.event === "attempt_failed" && isOut(event.place) ? { ...event, error: REDACTED_ERROR } : event;
}

/** What stands for a value that is left out: whoever asks for the result of a step that succeeded is told. */
function leftOut(step: string, status: string): ErrorRecord {
  if (status !== "SUCCEEDED") return REDACTED_ERROR;
  return { name: "NotFoundError", message: `The result of step \`${step}\` was left out when the run was exported.` };
}
