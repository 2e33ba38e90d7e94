/**
 * Reads what a `FileTracer` wrote.
 *
 * @module
 */
import { IntegrityError } from "../src/errors.ts";
import type { TraceEvent } from "../src/tracer.ts";

/** How every line begins. */
const BEGIN = '{"event":"';

/** What every event says, beside what is its own. */
const TEXTS = ["event", "workflowId", "runId", "host"];
const NUMBERS = ["process", "timestamp"];

/**
 * Reads a trace, event by event. A line that is torn is skipped: a process was killed, or is writing, in the midst of it.
 *
 * @param source The file, or its bytes.
 * @throws {IntegrityError} If a line is no event, such as in a file that is no trace.
 *
 * @example
 * ```ts
 * import { readTrace } from "@fusewire/fusewire";
 *
 * const path = await Deno.makeTempFile({ suffix: ".jsonl" });
 * for await (const event of readTrace(path)) console.log(event.timestamp, event.runId, event.event);
 * await Deno.remove(path);
 * ```
 */
export async function* readTrace(
  source: string | URL | ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<TraceEvent, void> {
  using file = source instanceof ReadableStream ? undefined : await Deno.open(source);
  const bytes = source instanceof ReadableStream ? source : file!.readable;
  let number = 0;
  for await (const line of linesOf(bytes)) {
    number++;
    const event = eventOf(line, number);
    if (event !== undefined) yield event;
  }
}

async function* linesOf(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string, void> {
  let rest = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

function eventOf(line: string, number: number): TraceEvent | undefined {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch (cause) {
    if (line.startsWith(BEGIN) || BEGIN.startsWith(line)) return undefined;
    throw notAnEvent(line, number, cause);
  }
  if (isEvent(event)) return event;
  throw notAnEvent(line, number, undefined);
}

/** What a line says beyond what all events say was written by a `FileTracer`, which is told by the rest. */
function isEvent(event: unknown): event is TraceEvent {
  if (typeof event !== "object" || event === null) return false;
  const fields = new Map<string, unknown>(Object.entries(event));
  return TEXTS.every((key) => typeof fields.get(key) === "string") &&
    NUMBERS.every((key) => typeof fields.get(key) === "number");
}

function notAnEvent(line: string, number: number, cause: unknown): IntegrityError {
  const shown = line.length > 80 ? `${line.slice(0, 80)}…` : line;
  return new IntegrityError(`Line ${number} of a trace is no event: ${JSON.stringify(shown)}.`, { cause });
}
