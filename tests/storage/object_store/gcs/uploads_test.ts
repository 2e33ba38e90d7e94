import { expect } from "@std/expect";
import { ConflictError, IntegrityError, UnavailableError } from "../../../../src/errors.ts";
import { sha256Hex } from "../../../../storage/digest.ts";
import type { ObjectBody } from "../../../../storage/object_store/object_store.ts";
import { bytesOf } from "../../../../testing/object_store_fixture.ts";
import type { FakeRequest, Fault } from "./fake_gcs_api.ts";
import { PART, storeOnFake, streamed } from "./stores.ts";

const LARGE = bytesOf(3 * PART + 1000);
const SMALL = bytesOf(1000);

/** Each way in which bytes can be given, and whether they can be sent again. */
const BODIES: Record<string, () => [body: ObjectBody, bytes: Uint8Array]> = {
  "small bytes": () => [SMALL, SMALL],
  "a short stream": () => [streamed(SMALL), SMALL],
  "large bytes": () => [LARGE, LARGE],
  "large pieces": () => [[LARGE.subarray(0, 500_000), LARGE.subarray(500_000)], LARGE],
  "a long stream": () => [streamed(LARGE), LARGE],
};

function isPart({ method, url }: FakeRequest): boolean {
  return method === "PUT" && url.searchParams.has("upload_id");
}

/** Does something to the one request that is the n-th of its kind. */
function nth(
  n: number,
  is: (request: FakeRequest) => boolean,
  fault: Fault,
): (request: FakeRequest) => Fault | undefined {
  let count = 0;
  return (request) => is(request) && ++count === n ? fault : undefined;
}

Deno.test("a small object takes one request, a large one one for each part and one to begin", async () => {
  for (const [kind, make] of Object.entries(BODIES)) {
    const { store, api } = storeOnFake();
    const [body, bytes] = make();
    const sha256 = sha256Hex(bytes);
    expect(await store.put("a", body, { apart: true })).toEqual({ size: bytes.length, sha256 });
    const parts = bytes === SMALL ? 1 : kind === "a long stream" ? 6 : 5;
    expect(api.requests.length, api.requests.join("\n")).toBe(parts);
    expect(await store.head("a")).toEqual({ key: "a", size: bytes.length, sha256 });
    expect(api.sessions.open).toBe(0);
  }
});

Deno.test("an object that ends with a part is stored as it is", async () => {
  for (const size of [PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 1]) {
    for (const body of [bytesOf(size), streamed(bytesOf(size))]) {
      const { store } = storeOnFake();
      await store.put("a", body);
      expect(sha256Hex(await store.get("a"))).toBe(sha256Hex(bytesOf(size)));
      expect((await store.head("a"))?.sha256).toBe(sha256Hex(bytesOf(size)));
    }
  }
});

const FAULTS: Record<string, Fault> = {
  "is refused": "refuse",
  "loses its reply": "lose",
  "arrives in part": { cut: 100_000 },
  "arrives but for its end": { cut: PART - 1 },
  "is answered 503": { answer: new Response("busy", { status: 503 }) },
  "is answered 429": { answer: new Response("", { status: 429, headers: { "retry-after": "3" } }) },
  "is answered with the beginning of the answer": { cutAnswer: 10 },
  "is answered by something else": { answer: new Response("<html>Sign in</html>") },
};

Deno.test("an object is stored as it is, whichever of its requests is broken, and however", async () => {
  for (const [kind, make] of Object.entries(BODIES)) {
    for (const [what, fault] of Object.entries(FAULTS)) {
      for (let broken = 1;; broken++) {
        const fault1 = nth(broken, () => true, fault);
        const { store, api } = storeOnFake({ fault: fault1 });
        const [body, bytes] = make();
        const title = `${kind}, request ${broken} ${what}`;
        const put = store.put("a", body, { apart: true, onlyIfAbsent: true, metadata: { a: "1" } });
        expect(await put, title).toEqual({ size: bytes.length, sha256: sha256Hex(bytes) });
        expect(sha256Hex(await store.get("a")), title).toBe(sha256Hex(bytes));
        expect((await store.head("a"))?.metadata, title).toEqual({ a: "1" });
        expect(api.objects.names).toEqual(["fusewire/a"]);
        if (api.requests.length < broken) break;
      }
    }
  }
});

Deno.test("a part that arrived in pieces is sent on from where the service has it", async () => {
  const { store, api } = storeOnFake({ fault: nth(1, isPart, { cut: PART + 100 }) }, { partBytes: 2 * PART });
  await store.put("a", streamed(LARGE), { apart: true });
  const ranges = api.requests.filter((request) => request.startsWith("PUT")).map((request) => request.slice(31));
  expect(ranges).toEqual([
    "o bytes 0-524287/*",
    "o bytes */*",
    "o bytes 262144-524287/*",
    "o bytes 524288-787431/787432",
  ]);
});

Deno.test("bytes that were altered are refused by the service, and sent again", async () => {
  const altered: Fault = { alter: (bytes) => bytes.map((byte, i) => i === 700 ? byte ^ 1 : byte) };
  for (const [kind, make] of Object.entries(BODIES)) {
    const isUpload = (request: FakeRequest): boolean => request.body.length >= 1000;
    const { store, api } = storeOnFake({ fault: nth(1, isUpload, altered) });
    const [body, bytes] = make();
    const put = store.put("a", body, { apart: true });
    if (kind === "a long stream") {
      await expect(put).rejects.toThrow(IntegrityError);
      expect(api.objects.names).toEqual([]);
    } else {
      await put;
      expect(sha256Hex(await store.get("a"))).toBe(sha256Hex(bytes));
    }
    const always = storeOnFake({ fault: (request) => isUpload(request) ? altered : undefined });
    const refused = always.store.put("a", make()[0], { apart: true });
    await expect(refused).rejects.toThrow(IntegrityError);
    expect(always.api.objects.names).toEqual([]);
    expect(api.sessions.open + always.api.sessions.open).toBe(0);
  }
});

Deno.test("an object that the service stored otherwise than it was sent is removed, and an error", async () => {
  for (const make of Object.values(BODIES)) {
    const { store, api } = storeOnFake({
      // As a service that takes no notice of checksums, and loses the end.
      fault: ({ method, url, headers }) => {
        const isLast = /\/\d+$/.test(headers.get("content-range") ?? "") ||
          url.searchParams.get("uploadType") === "multipart";
        if (method === "GET" || method === "DELETE" || !isLast) return undefined;
        return { answer: api.objects.store("fusewire/a", bytesOf(10), {}) };
      },
    });
    await expect(store.put("a", make()[0], { apart: true })).rejects.toThrow(IntegrityError);
    expect(api.objects.names).toEqual([]);
  }
});

Deno.test("an upload whose session is gone begins again, unless a stream has lost what it had", async () => {
  const gone: Fault = { answer: new Response("", { status: 410 }) };
  for (const [kind, make] of Object.entries(BODIES).slice(2)) {
    for (const part of [1, 2, 4]) {
      const { store, api } = storeOnFake({ fault: nth(part, isPart, gone) });
      const [body, bytes] = make();
      const put = store.put("a", body, { apart: true });
      if (kind === "a long stream" && part > 1) {
        await expect(put).rejects.toThrow(UnavailableError);
        await expect(put).rejects.toThrow("a stream can not be sent again");
        expect(api.objects.names).toEqual([]);
      } else {
        await put;
        expect(sha256Hex(await store.get("a"))).toBe(sha256Hex(bytes));
      }
      expect(api.sessions.open).toBe(0);
    }
  }
  const always = storeOnFake({ fault: (request) => isPart(request) ? gone : undefined });
  await expect(always.store.put("a", LARGE, { apart: true })).rejects.toThrow("4 times");
  expect(always.api.sessions.open).toBe(0);
});

Deno.test("an upload that gets nowhere is given up after some attempts, later each time, and its session is ended", async () => {
  for (const fault of ["refuse", { answer: new Response("", { status: 308 }) }] as const) {
    const { store, api, clock } = storeOnFake({
      fault: (request) => isPart(request) && request.body.length > 0 ? fault : undefined,
    });
    const put = store.put("a", streamed(LARGE), { apart: true });
    await expect(put).rejects.toThrow(UnavailableError);
    await expect(put).rejects.toThrow(/could not put the object "a": 6 attempts failed/);
    await expect(put).rejects.not.toThrow("secret");
    expect(clock.pauses).toEqual([100, 200, 400, 800, 1600]);
    expect(api.sessions.open).toBe(0);
  }
});

Deno.test("a source that fails ends the session, and lets go of what it reads", async () => {
  for (const after of [0, 1, PART, 3 * PART]) {
    const { store, api } = storeOnFake();
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < after; at += PART) yield await Promise.resolve(bytesOf(PART));
      throw new Error("the producer broke");
    };
    await expect(store.put("a", failing())).rejects.toThrow("the producer broke");
    expect([api.sessions.open, api.objects.names]).toEqual([0, []]);
  }
  for (const isBroken of [isPart, ({ url }: FakeRequest) => url.searchParams.get("uploadType") === "resumable"]) {
    await letsGo(isBroken);
  }
});

async function letsGo(isBroken: (request: FakeRequest) => boolean): Promise<void> {
  let cancelled = false;
  const { store } = storeOnFake({ fault: (request) => isBroken(request) ? "refuse" : undefined });
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(bytesOf(PART)),
    cancel: () => void (cancelled = true),
  });
  await expect(store.put("a", endless)).rejects.toThrow(UnavailableError);
  expect(cancelled).toBe(true);
}

Deno.test("a put with onlyIfAbsent hears of an object that came meanwhile", async () => {
  for (const make of Object.values(BODIES)) {
    let came = false;
    const { store, api } = storeOnFake({
      fault: ({ url, headers }) => {
        const isLast = /\/\d+$/.test(headers.get("content-range") ?? "") ||
          url.searchParams.get("uploadType") === "multipart";
        if (isLast && !came) {
          came = true;
          api.objects.store("fusewire/a", bytesOf(7), {});
        }
        return undefined;
      },
    });
    await expect(store.put("a", make()[0], { onlyIfAbsent: true })).rejects.toThrow(ConflictError);
    expect(await store.get("a")).toEqual(bytesOf(7));
    expect(api.sessions.open).toBe(0);
  }
});

Deno.test("an object is stored although its SHA-256 can not be added", async () => {
  const { store } = storeOnFake({ fault: ({ method }) => method === "PATCH" ? "refuse" : undefined });
  const { sha256 } = await store.put("a", streamed(LARGE), { metadata: { a: "1" } });
  expect(sha256).toBe(sha256Hex(LARGE));
  expect(await store.head("a")).toEqual({ key: "a", size: LARGE.length, metadata: { a: "1" } });
});
