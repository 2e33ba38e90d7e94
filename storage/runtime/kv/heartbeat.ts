/**
 * Keeps a session alive from a thread of its own, which user code can not block.
 *
 * The thread opens the KV again, renews the deadline on its own clock, and stops doing so at a time that lies in memory shared with
 * this thread: a step that blocks this thread past its timeout loses the lease, since nobody moves that time on.
 *
 * @module
 */
import type { Worker } from "node:worker_threads";
import type { Heartbeat } from "../engine_storage.ts";
import type { SessionRecord } from "../records.ts";

/** What the thread is told when it begins. */
export interface HeartbeatTask {
  /** A path or a URL. */
  readonly target: string;
  /** First part of every key. */
  readonly prefix: string;
  /** Who is kept alive. */
  readonly session: SessionRecord;
  /** How long a sign of life holds, in milliseconds. */
  readonly lease: number;
  /** How often to give one, in milliseconds. */
  readonly interval: number;
  /** One number: until when to give them, in milliseconds since 1970. */
  readonly until: SharedArrayBuffer;
}

/** What {@linkcode HeartbeatTask.until} has for no end. */
const NO_END = 2n ** 62n;
/** How long the thread is given to end by itself, in milliseconds. */
const END_WAIT = 2_000;

/** Begins to keep a session alive; resolves when the thread has opened the KV. */
export async function openHeartbeat(
  where: { readonly target: string; readonly prefix: string },
  session: SessionRecord,
  times: { readonly lease: number; readonly interval: number },
): Promise<Heartbeat> {
  const until = new SharedArrayBuffer(8);
  const end = new BigInt64Array(until);
  Atomics.store(end, 0, NO_END);
  const { target, prefix } = where;
  const task: HeartbeatTask = { target, prefix, session, ...times, until };
  const { Worker } = await import("node:worker_threads");
  const thread = new Worker(threadModule(), { workerData: task });
  // A web Worker keeps the process alive, and can not be told not to.
  const ended = new Promise<void>((resolve) => thread.once("exit", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    thread.once("message", () => resolve());
    thread.once("error", reject);
    thread.once("exit", () => reject(new Error("The thread of the heartbeats ended before it had begun.")));
  });
  thread.on("error", () => {});
  thread.unref();
  return {
    keepUntil: (time) => void Atomics.store(end, 0, time < Number(NO_END) ? BigInt(Math.floor(time)) : NO_END),
    [Symbol.asyncDispose]: () => endThread(thread, ended),
  };
}

async function endThread(thread: Worker, ended: Promise<void>): Promise<void> {
  thread.postMessage("end");
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => timer = setTimeout(resolve, END_WAIT));
  thread.ref();
  await Promise.race([ended, late]);
  clearTimeout(timer);
  await thread.terminate();
}

/** A thread of `node:worker_threads` begins with a file or a `data:` URL; the latter imports a module from anywhere else. */
function threadModule(): URL {
  const module = import.meta.resolve("./heartbeat_thread.ts");
  return new URL(
    module.startsWith("file:")
      ? module
      : `data:text/javascript,${encodeURIComponent(`import ${JSON.stringify(module)};`)}`,
  );
}
