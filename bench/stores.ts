/**
 * What object stores cost beside the bare system calls, or the bare signed requests, measured in turns in the same run. One JSON object a
 * line.
 *
 *     deno task bench:stores [file | s3 | memory | small | slice]
 *
 * S3 and GCS are real servers on this machine, which `deno task servers` installs: they share its processors with what is measured.
 *
 * @module
 */
import { AwsClient } from "aws4fetch";
import { startFakeGcs } from "../tests/integration/servers/fake_gcs.ts";
import { startVersitygw, type Versitygw } from "../tests/integration/servers/versitygw.ts";
import { ChunkedArray } from "../storage/codec/chunked_array.ts";
import { FileStorage } from "../storage/file_storage.ts";
import { FileObjectStore } from "../storage/object_store/file.ts";
import { GcsObjectStore } from "../storage/object_store/gcs/gcs_object_store.ts";
import { KvObjectStore } from "../storage/object_store/kv/kv_object_store.ts";
import { MemoryObjectStore } from "../storage/object_store/memory.ts";
import type { ObjectStore } from "../storage/object_store/object_store.ts";
import { S3ObjectStore } from "../storage/object_store/s3/s3_object_store.ts";
import { growthDuring, median, report, runParts, timed } from "./measure.ts";

const MIB = 1024 * 1024;
const BIG = 256 * MIB;
const GIB = 1024 * MIB;
const ROUNDS = 5;
const SMALL = 10_000;
/** How many small objects are put or read at once. */
const PARALLEL = 32;
const PART = 8 * MIB;
const CONCURRENCY = 4;
/** How much a stream of a gigabyte may take, in MiB over what there was before. */
const STREAM_GOAL = 64;

/** Calls `work` with a folder that is gone afterwards. */
async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "fusewire-bench-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function bigBytes(): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(BIG / 4);
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i, 2_654_435_761);
  return new Uint8Array(words.buffer);
}

/** Measures ours and the floor in turns, and reports the medians. */
async function compare(
  bench: string,
  ours: (round: number) => Promise<unknown>,
  floor: (round: number) => Promise<unknown>,
): Promise<void> {
  const times = { ours: [] as number[], floor: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    const works = [["ours", ours], ["floor", floor]] as const;
    for (const [name, work] of round % 2 === 0 ? works : works.toReversed()) {
      times[name].push(await timed(() => work(round)));
    }
  }
  const [value, bare] = [median(times.ours), median(times.floor)];
  report({ bench, value, unit: "ms", floor: bare, ratio: bare / value, goal: 0.9, ok: bare / value >= 0.9 });
}

async function benchFile(): Promise<void> {
  const bytes = bigBytes();
  await withFolder(async (folder) => {
    const store = new FileObjectStore({ path: `${folder}/store` });
    await store.put("first", bytes.subarray(0, MIB));
    await compare(
      "put of 256 MiB into a folder, against write and fsync",
      (round) => store.put(`big/${round}`, bytes),
      (round) => rawWrite(`${folder}/raw-${round}`, bytes),
    );
    await compare(
      "get of 256 MiB from a folder, against a read into a new buffer",
      (round) => store.get(`big/${round}`),
      (round) => rawRead(`${folder}/raw-${round}`),
    );
  });
}

async function rawWrite(path: string, bytes: Uint8Array): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  await file.sync();
}

async function rawRead(path: string): Promise<void> {
  const into = new Uint8Array(BIG);
  using file = await Deno.open(path);
  for (let at = 0; at < into.length;) at += await file.read(into.subarray(at)) ?? into.length;
}

/** As over TLS: parts carry a signed CRC-32, and no second SHA-256. The bare client signs its parts without any checksum. */
function s3Store(server: Versitygw, bucket: string): S3ObjectStore {
  const { url: endpoint, region, credentials } = server;
  return new S3ObjectStore({
    bucket,
    endpoint,
    region,
    credentials,
    partBytes: PART,
    concurrency: CONCURRENCY,
    signParts: false,
  });
}

/** The same parts, put in parallel by the client that only signs, as one upload or as objects of their own, and read in the same ranges. */
function barePartsOf(server: Versitygw, bucket: string) {
  const { accessKeyId, secretAccessKey } = server.credentials;
  const client = new AwsClient({ accessKeyId, secretAccessKey, service: "s3", region: server.region, retries: 0 });
  const inTurn = async (work: (part: number) => Promise<void>): Promise<void> => {
    let next = 0;
    await Promise.all(Array.from({ length: CONCURRENCY }, async () => {
      for (let part = next++; part < BIG / PART; part = next++) await work(part);
    }));
  };
  const url = (round: number): string => `${server.url}/${bucket}/bare/${round}`;
  const send = async (to: string, init: RequestInit): Promise<{ readonly etag: string; readonly text: string }> => {
    const response = await client.fetch(to, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`A bare request was answered with ${response.status}: ${text}`);
    return { etag: response.headers.get("etag") ?? "", text };
  };
  const partOf = (bytes: Uint8Array<ArrayBuffer>, part: number) => bytes.subarray(part * PART, (part + 1) * PART);
  return {
    upload: async (round: number, bytes: Uint8Array<ArrayBuffer>) => {
      const { text } = await send(`${url(round)}?uploads=`, { method: "POST" });
      const id = /<UploadId>(.*?)<\/UploadId>/.exec(text)?.[1] ?? "";
      const parts: string[] = [];
      await inTurn(async (part) => {
        const to = `${url(round)}?partNumber=${part + 1}&uploadId=${id}`;
        const { etag } = await send(to, { method: "PUT", body: partOf(bytes, part) });
        parts[part] = `<Part><PartNumber>${part + 1}</PartNumber><ETag>${etag}</ETag></Part>`;
      });
      const body = `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
      await send(`${url(round)}?uploadId=${id}`, { method: "POST", body });
    },
    put: (round: number, bytes: Uint8Array<ArrayBuffer>) =>
      inTurn(async (part) => {
        await send(`${url(round)}-parts/${part}`, { method: "PUT", body: partOf(bytes, part) });
      }),
    get: async (round: number) => {
      const whole = new Uint8Array(BIG);
      await inTurn(async (part) => {
        const range = `bytes=${part * PART}-${(part + 1) * PART - 1}`;
        const response = await client.fetch(url(round), { headers: { range } });
        let at = part * PART;
        for await (const chunk of response.body!) {
          whole.set(chunk, at);
          at += chunk.length;
        }
      });
    },
  };
}

async function benchS3(): Promise<void> {
  const bytes = bigBytes();
  await using server = await startVersitygw();
  await server.createBucket("bench");
  const store = s3Store(server, "bench");
  const bare = barePartsOf(server, "bench");
  // The first connections and the server's first files are nobody's.
  await store.put("first", bytes.subarray(0, 2 * PART));
  await compare(
    "put of 256 MiB into an S3 bucket, against an upload of the same parts in parallel by the bare signing client",
    (round) => store.put(`big/${round}`, bytes),
    (round) => bare.upload(round, bytes),
  );
  const apart = await timed(() => bare.put(0, bytes));
  report({ bench: "the same parts as objects of their own, which nobody puts together", value: apart, unit: "ms" });
  await compare(
    "get of 256 MiB from an S3 bucket, against the same parts read in parallel by the bare signing client",
    (round) => store.get(`big/${round}`),
    (round) => bare.get(round),
  );
}

/** The stores that keep what they are given elsewhere than in the memory of this process. */
async function eachStore(use: (name: string, store: ObjectStore) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    await use("a folder", new FileObjectStore({ path: `${folder}/store` }));
    using kv = await Deno.openKv(`${folder}/kv.sqlite`);
    await use("Deno KV on a file", new KvObjectStore({ kv }));
  });
  {
    await using server = await startVersitygw();
    await server.createBucket("bench");
    await use("an S3 bucket", s3Store(server, "bench"));
  }
  await using server = await startFakeGcs();
  await server.createBucket("bench");
  await use("a GCS bucket", new GcsObjectStore({ bucket: "bench", endpoint: server.url, partBytes: PART }));
}

/** A gigabyte in pieces that are made when they are asked for, in one buffer: what it takes beside that is the store's. */
function gigabyte(): ReadableStream<Uint8Array<ArrayBuffer>> {
  const piece = new Uint8Array(MIB);
  let left = GIB / MIB;
  return new ReadableStream({
    pull(controller) {
      if (left-- === 0) return controller.close();
      controller.enqueue(piece.fill(left));
    },
  }, { highWaterMark: 0 });
}

/** Reads a stream into one buffer over and over; gives how many bytes there were. */
async function readByBuffer(stream: ReadableStream<Uint8Array>): Promise<number> {
  const reader = stream.getReader({ mode: "byob" });
  let buffer = new Uint8Array(MIB);
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read(buffer);
    if (value !== undefined) buffer = new Uint8Array(value.buffer);
    if (done) return length;
    length += value.length;
  }
}

function expectAll(length: number): void {
  if (length !== GIB) throw new Error(`There are ${length} bytes.`);
}

async function benchMemory(): Promise<void> {
  await eachStore(async (name, store) => {
    // What is loaded on first use, and what the first megabytes make the heap grow by, is not the stream's.
    await store.put("first", new Uint8Array(2 * PART));
    await store.get("first");
    const grown = {
      put: await growthDuring(() => store.put("big", gigabyte())),
      "read into one buffer": await growthDuring(async () => expectAll(await readByBuffer(await store.stream("big")))),
    };
    for (const [verb, bytes] of Object.entries(grown)) {
      const value = bytes / MIB;
      const bench = `memory of a stream of 1 GiB, ${verb}, ${name}`;
      report({ bench, value, unit: "MiB", goal: STREAM_GOAL, ok: value <= STREAM_GOAL });
    }
    // V8 lets 64 MiB of chunks become garbage before it looks at them, whoever made them.
    const value = await growthDuring(async () => {
      let length = 0;
      for await (const chunk of await store.stream("big")) length += chunk.length;
      expectAll(length);
    }) / MIB;
    report({ bench: `memory of a stream of 1 GiB, read chunk by chunk, ${name}`, value, unit: "MiB" });
    await store.delete("big");
  });
}

async function benchSmall(): Promise<void> {
  const body = new Uint8Array(200).fill(7);
  const measure = async (name: string, store: ObjectStore): Promise<void> => {
    // The server of the Cloud Storage API that is at hand takes longer for each object the more it has.
    const count = store.kind === "gcs" ? SMALL / 10 : SMALL;
    const keys = Array.from({ length: count }, (_, i) => `small/${String(i % 100).padStart(2, "0")}/${i}`);
    const each = async (verb: string, work: () => Promise<unknown>): Promise<void> => {
      const value = await timed(work) * 1000 / count;
      report({ bench: `${count} small objects, ${verb}, each, ${name}`, value, unit: "µs" });
    };
    const all = async (work: (key: string) => Promise<unknown>): Promise<void> => {
      let next = 0;
      await Promise.all(Array.from({ length: PARALLEL }, async () => {
        for (let i = next++; i < count; i = next++) await work(keys[i]!);
      }));
    };
    await each(`put ${PARALLEL} at once`, () => all((key) => store.put(key, body, { apart: true })));
    await each(`get ${PARALLEL} at once`, () => all((key) => store.get(key)));
    await each("list", async () => {
      let found = 0;
      for await (const page of store.pages("small/")) found += page.length;
      if (found !== count) throw new Error(`There are ${found} objects.`);
    });
    await each("remove", () => store.deletePrefix("small/"));
  };
  await measure("memory", new MemoryObjectStore());
  await eachStore(measure);
}

async function benchSlice(): Promise<void> {
  const side = 11_585;
  const chunk = 512;
  const made = ChunkedArray.create(
    { shape: [side, side], chunks: [chunk, chunk], dtype: "float64" },
    ({ offset: [row = 0, column = 0], shape: [rows = 0, columns = 0] }) => {
      const data = new Float64Array(rows * columns);
      // Noise, so that compression has nothing to win.
      let value = row * side + column + 1;
      for (let i = 0; i < data.length; i++) {
        value = Math.imul(value, 1_664_525) + 1_013_904_223 | 0;
        data[i] = value / 2 ** 31 + i * 1e-13;
      }
      return data;
    },
  );
  await withFolder(async (path) => {
    const storage = new FileStorage({ path });
    // Chunks are garbage as soon as they are written, and V8 collects it when it likes: so does whoever only makes them.
    const making = await growthDuring(async () => {
      for await (const { data } of made) if (data.length === 0) throw new Error("A chunk is empty.");
    }) / MIB;
    const value = await growthDuring(() => storage.save("w", "array", made)) / MIB;
    report({
      bench: "memory of saving a chunked array of 1 GiB, against making its chunks",
      value,
      unit: "MiB",
      floor: making,
    });
    const array = await storage.readTask("w", "array") as ChunkedArray<"float64">;
    const before = await readBytes();
    const time = await timed(() => array.slice([5000, 5600], [5000, 5600]));
    const read = await readBytes() - before;
    // Rows and columns 5,000 to 5,599 lie in two chunks each way: 9 (4,608) and 10 (5,120).
    const touched = 4 * chunk * chunk * 8;
    report({ bench: "a slice of 600 × 600 of that array", value: time, unit: "ms" });
    report({
      bench: "bytes read for the slice, against the chunks that it touches",
      value: read,
      unit: "B",
      floor: touched,
      ratio: read / touched,
      goal: 1.1,
      ok: read / touched <= 1.1,
    });
  });
}

/** Bytes that this process has read from files so far, as the system counts them. */
async function readBytes(): Promise<number> {
  return Number(/^rchar: (\d+)$/m.exec(await Deno.readTextFile("/proc/self/io"))?.[1]);
}

await runParts(
  { file: benchFile, s3: benchS3, memory: benchMemory, small: benchSmall, slice: benchSlice },
  import.meta.filename ?? "",
);
