/**
 * The thread that keeps a session alive: see `heartbeat.ts`.
 *
 * @module
 */
import process from "node:process";
import { parentPort, workerData } from "node:worker_threads";
import type { HeartbeatTask } from "./heartbeat.ts";
import { KvKeys } from "./keys.ts";
import { openPatiently } from "../../kv/open_patiently.ts";
import type { SessionEntry } from "./sessions.ts";

/** How long to wait before a sign of life that failed is given again, in milliseconds. */
const RETRY = 20;

const task: HeartbeatTask = workerData;
const { target, session, lease, interval } = task;
const keys = new KvKeys(task.prefix);
const until = new BigInt64Array(task.until);

const kv = await openPatiently(target);
const alive = await kv.get(keys.alive(session.id));
let over = alive.versionstamp === null;
let timer: ReturnType<typeof setTimeout> | undefined;
parentPort?.postMessage("open");

async function beat(): Promise<void> {
  let wait = interval;
  const now = Date.now();
  if (BigInt(now) <= Atomics.load(until, 0)) {
    try {
      const entry: SessionEntry = { deadline: now + lease, host: session.host, process: session.process };
      const result = await kv.atomic()
        .check({ key: keys.alive(session.id), versionstamp: alive.versionstamp })
        .set(keys.session(session.id), entry)
        .commit();
      // The session was ended, by its worker or because it was late: it never lives again.
      if (!result.ok) over = true;
    } catch {
      // Locked by another writer, or not reached: soon again, for as long as it takes.
      wait = Math.min(interval, RETRY * (0.5 + Math.random()));
    }
  }
  if (!over) timer = setTimeout(beat, wait);
}

if (!over) timer = setTimeout(beat, interval);

parentPort?.once("message", () => {
  over = true;
  clearTimeout(timer);
  kv.close();
  // The port is what keeps the thread, and Deno 2.9.6 can neither close it nor remove its listeners.
  process.exit();
});
