import { expect } from "@std/expect";
import { ConflictError, PermissionError } from "../../../../src/errors.ts";
import { errorOf, plain, refusal, scripted, xml } from "./scripted.ts";

const BYTES = new Uint8Array([1, 2, 3]);
const BEGUN = xml("<InitiateMultipartUploadResult><UploadId>7</UploadId></InitiateMultipartUploadResult>");
const PART = plain(200, { etag: '"e"' });
const LARGE = new Uint8Array(6 * 1024 * 1024);
const limits = { partBytes: 5 * 1024 * 1024, concurrency: 1 };

Deno.test("an upload whose completion fails with the state 200 is completed again", async () => {
  const failed = xml('\n\n<?xml version="1.0"?><Error><Code>InternalError</Code></Error>'.trimStart());
  const done = xml("<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>");
  const cut = xml("<CompleteMultipartUploadResult><ETag>");
  const { store, asked, run } = scripted([BEGUN, PART, PART, failed, cut, done], limits);
  expect((await run(store.put("a", LARGE, { apart: true }))).size).toBe(LARGE.length);
  expect(asked.slice(3)).toEqual(Array(3).fill("POST /bucket/fusewire/a?uploadId=7"));
});

Deno.test("an upload whose completion is refused with the state 200 is an error, and aborted", async () => {
  const denied = xml("<Error><Code>AccessDenied</Code></Error>");
  const { store, asked, run } = scripted(
    [BEGUN, PART, PART, denied, refusal(503, "SlowDown"), plain(204), refusal(404, "NoSuchUpload")],
    limits,
  );
  expect(await errorOf(run(store.put("a", LARGE, { apart: true })))).toBeInstanceOf(PermissionError);
  expect(asked.slice(4).map((request) => request.split(" ")[0])).toEqual(["DELETE", "DELETE", "GET"]);
});

Deno.test("an upload that another program ends is a ConflictError", async () => {
  const gone = refusal(404, "NoSuchUpload");
  const { store, run } = scripted([BEGUN, PART, gone, gone, gone], limits);
  const error = await errorOf(run(store.put("a", LARGE, { apart: true })));
  expect(error).toBeInstanceOf(ConflictError);
  expect(error.message).toContain("was ended by another program");
});

Deno.test("an upload that is gone when it is completed was ours if the object is", async () => {
  let put = "";
  const begun = (request: Request): Response => {
    put = request.headers.get("x-amz-meta-fusewire-put") ?? "";
    return BEGUN(request) as Response;
  };
  const gone = refusal(404, "NoSuchUpload");
  const headOf = (name: () => string) => () =>
    new Response(new Uint8Array(0), { headers: { "x-amz-meta-fusewire-put": name() } });
  const ours = scripted([begun, PART, PART, gone, headOf(() => put)], limits);
  expect((await ours.run(ours.store.put("a", LARGE, { apart: true }))).size).toBe(LARGE.length);

  const others = scripted([begun, PART, PART, gone, headOf(() => "other"), gone], limits);
  expect(await errorOf(others.run(others.store.put("a", LARGE, { apart: true })))).toBeInstanceOf(ConflictError);
});

Deno.test("a put where nothing was is ours if the object is, although the server says that one is there", async () => {
  let put = "";
  const lost = (request: Request): never => {
    put = request.headers.get("x-amz-meta-fusewire-put") ?? "";
    expect(request.headers.get("if-none-match")).toBe("*");
    throw new TypeError("connection reset");
  };
  const present = refusal(412, "PreconditionFailed");
  const head = () => new Response(new Uint8Array(0), { headers: { "x-amz-meta-fusewire-put": put } });
  const ours = scripted([lost, refusal(409, "ConditionalRequestConflict"), present, head]);
  await ours.run(ours.store.put("a", BYTES, { apart: true, onlyIfAbsent: true }));

  const others = scripted([present, plain(200, { "x-amz-meta-fusewire-put": "other" })]);
  const error = await errorOf(others.run(others.store.put("a", BYTES, { apart: true, onlyIfAbsent: true })));
  expect(error).toBeInstanceOf(ConflictError);
  expect(error.message).toContain("already");
});

Deno.test("a stream that is not read to its end is let go, also when the upload can not begin", async () => {
  for (
    const answers of [[refusal(403, "AccessDenied")], [
      BEGUN,
      refusal(403, "AccessDenied"),
      plain(204),
      refusal(404, "NoSuchUpload"),
    ]]
  ) {
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024)),
      cancel: () => void (cancelled = true),
    });
    const { store, run } = scripted(answers, limits);
    expect(await errorOf(run(store.put("a", endless, { apart: true })))).toBeInstanceOf(PermissionError);
    expect(cancelled).toBe(true);
  }
});
