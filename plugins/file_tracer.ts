/**
 * A tracer that writes to a file, one JSON object a line.
 *
 * @module
 */
import { type Clock, systemClock, type Timer } from "../src/clock.ts";
import { ConfigError } from "../src/errors.ts";
import type { Plugin } from "../src/plugin.ts";
import type { RunTracer, TraceDetail, TracedRun, Tracer } from "../src/tracer.ts";
import { warn } from "../src/warning.ts";

/** Where a {@linkcode FileTracer} writes, and how much it keeps back. */
export interface FileTracerOptions {
  /** The file. What is there stays: lines are added at its end. */
  readonly path: string | URL;
  /**
   * About how many characters are kept back at most, before they are written.
   *
   * @default {65536}
   */
  readonly bufferSize?: number;
  /**
   * For how many milliseconds a line is kept back at most, before it is written.
   *
   * @default {100}
   */
  readonly flushAfter?: number;
  /** Time. Default: the real one. */
  readonly clock?: Clock;
}

const NEWLINE = 10;

/**
 * Writes what happens in runs to a file: the records of `run.events()`, and what durable workers do with the runs that they take up, one
 * JSON object a line, in the order in which they happen. {@linkcode readTrace} reads them back. No argument or result is ever in it.
 *
 * Lines are gathered and written together: when the buffer is full, after `flushAfter`, and at the end of each run. A write is made at
 * once, so that a slow disk slows the run down, and nothing waits in memory. Each write holds whole lines and goes to the end of the file,
 * so that several processes may write to the same one. Where writing fails, lines are dropped, and a warning says how many.
 *
 * @example
 * ```ts
 * import { FileTracer, LocalWorkflow, readTrace, task } from "@fusewire/fusewire";
 *
 * const path = await Deno.makeTempFile({ suffix: ".jsonl" });
 * {
 *   using tracer = new FileTracer({ path });
 *   const workflow = new LocalWorkflow(task(() => 1, { name: "one" })(), { workflowName: "ones" });
 *   workflow.setTracer(tracer);
 *   await workflow.run();
 * }
 * for await (const { event } of readTrace(path)) console.log(event); // workflow_started … workflow_finished
 * await Deno.remove(path);
 * ```
 */
export class FileTracer implements Tracer, Plugin, Disposable {
  /** Itself, so that it can be set like a plugin. */
  readonly tracer: Tracer = this;
  readonly #path: string;
  readonly #bufferSize: number;
  readonly #flushAfter: number;
  readonly #clock: Clock;
  readonly #encoder = new TextEncoder();
  readonly #lastByte = new Uint8Array(1);
  readonly #onUnload = (): void => this.flush();
  readonly #file: Deno.FsFile;
  #lines = "";
  #count = 0;
  #dropped = 0;
  /** How long the file was after the last write; another length shows that others write too. */
  #end = -1;
  #timer: Timer | undefined;
  #isOpen = true;

  /**
   * Opens the file, and makes it if it is not there.
   *
   * @throws {ConfigError} If the file can not be opened, or a number is out of range.
   */
  constructor({ path, bufferSize = 65_536, flushAfter = 100, clock = systemClock }: FileTracerOptions) {
    if (!(bufferSize >= 0) || !(flushAfter >= 0)) {
      throw new ConfigError(
        `FileTracer was given bufferSize ${bufferSize} and flushAfter ${flushAfter}; both must be numbers of at least 0.`,
      );
    }
    this.#path = path instanceof URL ? path.href : path;
    this.#bufferSize = bufferSize;
    this.#flushAfter = flushAfter;
    this.#clock = clock;
    try {
      this.#file = Deno.openSync(path, { read: true, append: true, create: true });
    } catch (error) {
      throw new ConfigError(`The trace file ${this.#path} can not be opened: ${String(error)}`, { cause: error });
    }
    // Deno.exit() leaves no time for anything but this.
    addEventListener("unload", this.#onUnload);
  }

  /** Hears of a run. */
  open({ workflowId, runId, process, host }: TracedRun): RunTracer {
    const base = `,${JSON.stringify({ workflowId, runId, process, host }).slice(1, -1)}`;
    return {
      event: (detail, timestamp) =>
        this.#add(`{"event":"${detail.event}"${base}${rest(detail)},"timestamp":${timestamp}}\n`),
      close: () => this.flush(),
    };
  }

  /** Writes what was kept back. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#count === 0 || !this.#isOpen) return;
    const [lines, count] = [this.#lines, this.#count];
    [this.#lines, this.#count] = ["", 0];
    try {
      this.#write(this.#encoder.encode(lines));
      this.#sayDropped();
    } catch (error) {
      this.#dropped += count;
      if (this.#dropped === count) {
        warn(`Writing to the trace file ${this.#path} failed, and lines are dropped: ${String(error)}`);
      }
    }
  }

  /** Writes what was kept back, and closes the file. What happens later is not traced. */
  close(): void {
    if (!this.#isOpen) return;
    this.flush();
    this.#sayDropped();
    this.#isOpen = false;
    removeEventListener("unload", this.#onUnload);
    this.#file.close();
  }

  /** The same as {@linkcode FileTracer.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  #add(line: string): void {
    if (!this.#isOpen) return;
    this.#lines += line;
    this.#count++;
    if (this.#lines.length >= this.#bufferSize) this.flush();
    else this.#timer ??= this.#clock.setTimer(this.#flushAfter, () => this.flush());
  }

  /** One write, at the end of the file wherever that is now. A line that was torn there, by a process that was killed, is ended before. */
  #write(lines: Uint8Array): void {
    const { size } = this.#file.statSync();
    const isTorn = size > 0 && size !== this.#end && !this.#endsWithNewline();
    const bytes = isTorn ? new Uint8Array([NEWLINE, ...lines]) : lines;
    this.#end = -1;
    for (let done = 0; done < bytes.length;) done += this.#file.writeSync(bytes.subarray(done));
    this.#end = size + bytes.length;
  }

  #endsWithNewline(): boolean {
    this.#file.seekSync(-1, Deno.SeekMode.End);
    return this.#file.readSync(this.#lastByte) === 1 && this.#lastByte[0] === NEWLINE;
  }

  #sayDropped(): void {
    if (this.#dropped === 0) return;
    warn(`${this.#dropped} lines were dropped, because writing to the trace file ${this.#path} had failed.`);
    this.#dropped = 0;
  }
}

/** What an event says beside its name and its run, as the middle of a JSON object. */
function rest(detail: TraceDetail): string {
  switch (detail.event) {
    case "workflow_started":
      return "";
    case "step_enqueued":
    case "step_started":
    case "step_lent":
      return `,"step":${JSON.stringify(detail.step)}`;
    case "workflow_finished":
      return `,"status":"${detail.status}"`;
    case "step_finished":
      if (detail.error === undefined) return `,"step":${JSON.stringify(detail.step)},"status":"${detail.status}"`;
      return others(detail);
    case "attempt_started":
    case "attempt_failed":
    case "step_progress":
    case "warning":
    case "claim_taken":
    case "claim_lost":
      return others(detail);
  }
}

function others({ event: _, ...more }: TraceDetail): string {
  return `,${JSON.stringify(more).slice(1, -1)}`;
}
