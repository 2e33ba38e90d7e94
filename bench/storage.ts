/**
 * How much stored results cost beside the bare system calls, measured in turns in the same run. One JSON object a line.
 *
 *     deno task bench:storage [memory | big | small]
 *
 * @module
 */
import { FileStorage } from "../storage/file_storage.ts";
import { WriteBehind } from "../storage/write_behind.ts";
import { growthDuring, median, report, runParts, timed } from "./measure.ts";

const MIB = 1024 * 1024;
const BIG = 256 * MIB;
const BIG_ROUNDS = 5;
const SMALL = 10_000;
const SMALL_BATCH = 1000;
/** As many as `WriteBehind` writes at once. */
const PARALLEL = 64;

let root = "";
let folders = 0;

function newFolder(): string {
  root ||= Deno.makeTempDirSync({ prefix: "fusewire-bench-" });
  // ext4 is slow to make files where many were removed just before, so that every round has a folder of its own.
  const folder = `${root}/${folders++}`;
  Deno.mkdirSync(folder);
  return folder;
}

async function rawWrite(path: string, bytes: Uint8Array): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  await file.sync();
}

async function rawRead(path: string, into: Uint8Array<ArrayBuffer>): Promise<void> {
  using file = await Deno.open(path);
  for (let at = 0; at < into.length;) at += await file.read(into.subarray(at)) ?? into.length;
}

function bigArray(): Float64Array<ArrayBuffer> {
  const array = new Float64Array(BIG / 8);
  for (let i = 0; i < array.length; i++) array[i] = i * 0.5;
  return array;
}

async function benchMemory(): Promise<void> {
  const array = bigArray();
  const storage = new FileStorage({ path: newFolder() });
  const saveGrowth = await growthDuring(() => storage.save("w", "big", array));
  let loaded: unknown;
  const loadGrowth = await growthDuring(async () => {
    loaded = await storage.readTask("w", "big");
  });
  if (!(loaded instanceof Float64Array) || loaded.at(-1) !== array.at(-1)) {
    throw new Error("The array is not what it was.");
  }
  loaded = undefined;
  const memory = { unit: "MiB", goal: 64 };
  const growths = {
    "memory of a save of 256 MiB, over the array": saveGrowth,
    "memory of a load of 256 MiB, over the array": loadGrowth - BIG,
  };
  for (const [bench, growth] of Object.entries(growths)) {
    report({ bench, value: growth / MIB, ...memory, ok: growth / MIB <= memory.goal });
  }
}

async function benchBig(): Promise<void> {
  const array = bigArray();
  const bytes = new Uint8Array(array.buffer);
  const times: Record<"rawWrite" | "save" | "rawRead" | "load", number[]> = {
    rawWrite: [],
    save: [],
    rawRead: [],
    load: [],
  };
  for (let i = 0; i < BIG_ROUNDS; i++) {
    const folder = newFolder();
    const store = new FileStorage({ path: `${folder}/store` });
    const raw = `${folder}/raw`;
    const works = {
      rawWrite: () => rawWrite(raw, bytes),
      save: () => store.save("w", "big", array),
    };
    for (const name of i % 2 === 0 ? ["rawWrite", "save"] as const : ["save", "rawWrite"] as const) {
      times[name].push(await timed(works[name]));
    }
    // Both read into new memory: a load can not have any other.
    const reads = {
      rawRead: () => rawRead(raw, new Uint8Array(BIG)),
      load: async () => {
        await store.readTask("w", "big");
      },
    };
    for (const name of i % 2 === 0 ? ["rawRead", "load"] as const : ["load", "rawRead"] as const) {
      times[name].push(await timed(reads[name]));
    }
    await Deno.remove(folder, { recursive: true });
  }
  for (
    const [bench, value, floor] of [
      ["save of 256 MiB, against write and fsync", median(times.save), median(times.rawWrite)],
      ["load of 256 MiB, against read into a new buffer", median(times.load), median(times.rawRead)],
    ] as const
  ) {
    report({ bench, value, unit: "ms", floor, ratio: floor / value, goal: 0.9, ok: floor / value >= 0.9 });
  }
}

async function rawSmall(folder: string, from: number, bytes: Uint8Array): Promise<void> {
  let next = from;
  await Promise.all(Array.from({ length: PARALLEL }, async () => {
    for (let i = next++; i < from + SMALL_BATCH; i = next++) {
      const file = await Deno.open(`${folder}/temporary-${i}`, { write: true, createNew: true });
      await file.write(bytes);
      await file.sync();
      file.close();
      await Deno.rename(`${folder}/temporary-${i}`, `${folder}/task_${i}`);
    }
  }));
}

async function saveSmall(storage: FileStorage, from: number): Promise<void> {
  const behind = new WriteBehind({ parallel: PARALLEL });
  for (let i = from; i < from + SMALL_BATCH; i++) {
    const prepared = storage.prepare("w", `task_${i}`, valueOf(i));
    const room = behind.enqueue(prepared instanceof Promise ? await prepared : prepared);
    if (room !== undefined) await room;
  }
  await behind.settle();
}

function valueOf(i: number): unknown {
  return { i, name: `row ${i}`, rows: [i, i + 1, i + 2], ok: true };
}

async function loadAll(storage: FileStorage): Promise<void> {
  const entries = await storage.inspect("w");
  let count = 0;
  for (const [name, entry] of entries) {
    if (entry.damaged === undefined) await storage.load("w", name, entry);
    count++;
  }
  if (count !== SMALL) throw new Error(`There are ${count} results.`);
}

function readAll(folder: string): Promise<void> {
  const buffer = new Uint8Array(16 * 1024);
  for (const { name } of Deno.readDirSync(folder)) {
    const file = Deno.openSync(`${folder}/${name}`);
    file.readSync(buffer);
    file.close();
  }
  return Promise.resolve();
}

async function benchSmall(): Promise<void> {
  const path = newFolder();
  const storage = new FileStorage({ path });
  // What is read later; it also warms up what is measured first.
  for (let from = 0; from < SMALL; from += SMALL_BATCH) await saveSmall(storage, from);
  const bytes = new Uint8Array((await storage.prepare("w", "task_0000", valueOf(0))).byteLength).fill(1);
  const raw: number[] = [];
  const cold: number[] = [];
  for (let from = 0; from < SMALL; from += SMALL_BATCH) {
    // A disk has good and bad moments, and folders: the one and the other take turns, in new folders.
    const works = [
      async () => raw.push(await timed(() => rawSmall(newFolder(), from, bytes)) * 1000 / SMALL_BATCH),
      async () =>
        cold.push(await timed(() => saveSmall(new FileStorage({ path: newFolder() }), from)) * 1000 / SMALL_BATCH),
    ];
    for (const work of from / SMALL_BATCH % 2 === 0 ? works : works.toReversed()) await work();
  }
  const ratio = median(cold) / median(raw);
  const bench = "10,000 small results, cold, each, against temporary, write, fsync and rename";
  report({ bench, value: median(cold), unit: "µs", floor: median(raw), ratio, goal: 1.2, ok: ratio <= 1.2 });

  const warm: number[] = [];
  const floor: number[] = [];
  for (let i = 0; i < 9; i++) {
    floor.push(await timed(() => readAll(`${path}/w/results`)) * 1000 / SMALL);
    warm.push(await timed(() => loadAll(new FileStorage({ path }))) * 1000 / SMALL);
  }
  const read = median(floor);
  const [first = NaN] = warm;
  report({
    bench: "10,000 small results, warm, each, in a process that just began",
    value: first,
    unit: "µs",
    floor: read,
    ratio: first / read,
  });
  const value = median(warm);
  report({
    bench: "10,000 small results, warm, each",
    value,
    unit: "µs",
    floor: read,
    ratio: value / read,
    goal: 20,
    ok: value <= 20,
  });
}

/**
 * Each in a process of its own: the one would leave the other a full heap. They have all permissions, because with any fewer Deno resolves
 * every path that it opens, which costs 7 µs a file, here and in the floor.
 */
const parts: Readonly<Record<string, () => Promise<void>>> = { memory: benchMemory, big: benchBig, small: benchSmall };

try {
  await runParts(parts, import.meta.filename ?? "");
} finally {
  if (root !== "") await Deno.remove(root, { recursive: true });
}
