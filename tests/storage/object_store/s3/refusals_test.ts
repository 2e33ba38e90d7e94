import { expect } from "@std/expect";
import {
  ConfigError,
  InvalidKeyError,
  NotFoundError,
  PermissionError,
  UnavailableError,
} from "../../../../src/errors.ts";
import { CREDENTIALS, errorOf, plain, refusal, scripted, xml } from "./scripted.ts";

const BYTES = new Uint8Array([1, 2, 3]);

Deno.test("a busy server is asked again when it wants to be", async () => {
  const { store, clock, asked, run } = scripted([
    refusal(503, "SlowDown", "Please reduce your request rate.", "", { "retry-after": "7" }),
    refusal(500, "InternalError"),
    refusal(400, "RequestTimeout"),
    plain(200),
  ]);
  const began = clock.now();
  await run(store.put("a", BYTES, { apart: true }));
  expect(asked).toEqual(Array(4).fill("PUT /bucket/fusewire/a"));
  expect(clock.now() - began).toBeGreaterThanOrEqual(7000);
});

Deno.test("a server that stays busy is an UnavailableError with what it said", async () => {
  const { store, asked, run } = scripted([refusal(503, "SlowDown", "Please reduce your request rate.")], {
    maxAttempts: 3,
  });
  const error = await errorOf(run(store.get("a")));
  expect(error).toBeInstanceOf(UnavailableError);
  expect(error.message).toBe(
    'The store in the S3 bucket "bucket" at http://127.0.0.1:1 could not read the object "a": 3 attempts failed, the last with: ' +
      "HTTP 503, SlowDown: Please reduce your request rate.",
  );
  expect(asked.length).toBe(3);
});

Deno.test("every refusal has its class, and says what to do", async () => {
  const cases = [
    [refusal(403, "SignatureDoesNotMatch", "The request signature…"), PermissionError, "Check `secretAccessKey`"],
    [refusal(403, "InvalidAccessKeyId", `No ${CREDENTIALS.accessKeyId} here`), PermissionError, "Check `accessKeyId`"],
    [refusal(403, "AccessDenied"), PermissionError, "have no right to do it"],
    [refusal(401, "Nonsense"), PermissionError, "denied access"],
    [plain(403), PermissionError, "denied access"],
    [refusal(400, "InvalidToken"), PermissionError, "Check `sessionToken`"],
    [refusal(400, "ExpiredToken"), PermissionError, "have expired"],
    [refusal(404, "NoSuchBucket"), ConfigError, 'there is no bucket "bucket"'],
    [plain(301, { "x-amz-bucket-region": "eu-west-1" }), ConfigError, 'in the region "eu-west-1"'],
    [refusal(301, "PermanentRedirect", "", "", { "x-amz-bucket-region": "eu-west-1" }), ConfigError, "AWS_REGION"],
    [
      refusal(400, "AuthorizationHeaderMalformed", "", "<Region>eu-west-1</Region>"),
      ConfigError,
      'in the region "eu-west-1"',
    ],
    [refusal(307, "TemporaryRedirect"), ConfigError, "sends the request elsewhere"],
    [refusal(507, "InsufficientStorage"), ConfigError, "no space is left"],
    [refusal(400, "InvalidArgument", "Odd."), ConfigError, "HTTP 400, InvalidArgument: Odd)"],
    [plain(418), ConfigError, "HTTP 418"],
  ] as const;
  for (const [answer, kind, text] of cases) {
    const { store, asked, run } = scripted([answer]);
    const error = await errorOf(run(store.put("a", BYTES, { apart: true })));
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toContain(text);
    expect(error.message).toMatch(/^The store in the S3 bucket "bucket" at \S+ could not write the object "a": .*\.$/);
    expect(asked.length).toBe(1);
  }
});

Deno.test("a clock that is wrong is said to be so, and by how much", async () => {
  for (const [hours, text] of [[1, "60 minutes behind"], [-2, "120 minutes ahead of"]] as const) {
    const date = new Date(Date.UTC(2026, 5, 1) + hours * 3_600_000).toUTCString();
    const { store, run } = scripted([refusal(403, "RequestTimeTooSkewed", "", "", { date })]);
    const error = await errorOf(run(store.get("a")));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toContain(text);
  }
});

Deno.test("why HEAD was refused is asked by another request", async () => {
  const denied = scripted([plain(403), refusal(403, "SignatureDoesNotMatch")]);
  const error = await errorOf(denied.run(denied.store.head("a")));
  expect(error).toBeInstanceOf(PermissionError);
  expect(error.message).toContain("Check `secretAccessKey`");
  expect(denied.asked).toEqual(["HEAD /bucket/fusewire/a", "GET /bucket/fusewire/a"]);

  const elsewhere = scripted([plain(400, { "x-amz-bucket-region": "eu-west-1" })]);
  expect((await errorOf(elsewhere.run(elsewhere.store.head("a")))).message).toContain('in the region "eu-west-1"');

  const noBucket = scripted([plain(404), refusal(404, "NoSuchBucket")]);
  expect(await errorOf(noBucket.run(noBucket.store.head("a")))).toBeInstanceOf(ConfigError);

  // One that comes in between is looked at again.
  const coming = scripted([plain(404), plain(206), plain(200, { "content-length": "0" })]);
  expect((await coming.run(coming.store.head("a")))?.size).toBe(0);
  const empty = scripted([plain(404), plain(416), plain(200, { "content-length": "0" })]);
  expect((await empty.run(empty.store.head("a")))?.size).toBe(0);
  const odd = scripted([
    plain(403),
    plain(206),
    plain(403),
    plain(206),
    plain(403),
    plain(206),
    plain(403),
    plain(206),
    plain(403),
    plain(206),
  ]);
  expect(await errorOf(odd.run(odd.store.head("a")))).toBeInstanceOf(PermissionError);

  // Once the bucket was seen, 404 has one meaning.
  const missing = scripted([plain(404), refusal(404, "NoSuchKey"), plain(404)]);
  expect(await missing.run(missing.store.head("a"))).toBe(undefined);
  expect(await missing.run(missing.store.head("a"))).toBe(undefined);
  expect(missing.asked.length).toBe(3);
});

Deno.test("credentials that have expired are asked for again, once", async () => {
  let given = 0;
  const credentials = () => ({ ...CREDENTIALS, accessKeyId: `the-key-id-${++given}` });
  const good = scripted([refusal(400, "ExpiredToken"), plain(200)], { credentials });
  await good.run(good.store.put("a", BYTES, { apart: true }));
  expect(given).toBe(2);

  given = 0;
  const bad = scripted([refusal(400, "ExpiredToken")], { credentials });
  expect(await errorOf(bad.run(bad.store.put("a", BYTES, { apart: true })))).toBeInstanceOf(PermissionError);
  expect([given, bad.asked.length]).toEqual([2, 2]);

  // Of many that hear it at once, one asks.
  given = 0;
  const first = (request: Request): boolean => request.headers.get("authorization")?.includes("the-key-id-1/") ?? false;
  const many = scripted([(request) => (first(request) ? refusal(400, "ExpiredToken") : plain(200))(request)], {
    credentials,
  });
  await many.run(Promise.all([1, 2, 3, 4].map((i) => many.store.put(`a${i}`, BYTES, { apart: true }))));
  expect(given).toBe(2);

  // Those that do not change are not asked for again.
  const fixed = scripted([refusal(400, "ExpiredToken")]);
  expect(await errorOf(fixed.run(fixed.store.get("a")))).toBeInstanceOf(PermissionError);
  expect(fixed.asked.length).toBe(1);
});

Deno.test("credentials are asked for again a minute before they expire, and by one call at a time", async () => {
  let given = 0;
  const { store, clock, run } = scripted([plain(200)], {
    credentials: () => {
      given++;
      return Promise.resolve({ ...CREDENTIALS, expiration: new Date(clock.now() + 600_000) });
    },
  });
  const putAll = () => Promise.all([1, 2, 3].map((i) => store.put(`a${i}`, BYTES, { apart: true })));
  await run(putAll());
  await clock.advance(500_000);
  await run(putAll());
  expect(given).toBe(1);
  await clock.advance(45_000);
  await run(putAll());
  expect(given).toBe(2);
});

Deno.test("an answer that is no XML of S3, cut, hostile or without end, is never taken for a list", async () => {
  const list = "<ListBucketResult><Contents><Key>fusewire/a</Key><Size>1</Size></Contents>";
  const huge = () =>
    new Response(ReadableStream.from((function* () {
      yield new TextEncoder().encode("<ListBucketResult>");
      for (;;) yield new Uint8Array(1024 * 1024).fill(32);
    })()));
  const hostile = [
    xml(list),
    xml(`<!DOCTYPE x [<!ENTITY e "${"x".repeat(100)}">]>${list}</ListBucketResult>`),
    xml(`${list}<Key>&e;</Key></ListBucketResult>`),
    xml(`${"<a>".repeat(100_000)}`),
    xml("<html></html>"),
    xml(""),
    xml(`${list}<IsTruncated>true</IsTruncated></ListBucketResult>`),
    xml("<ListBucketResult><Contents><Key>fusewire/a</Key></Contents></ListBucketResult>"),
    xml(
      "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>%</Key><Size>1</Size></Contents></ListBucketResult>",
    ),
    huge,
  ];
  for (const answer of hostile) {
    const { store, run } = scripted([answer], { maxAttempts: 2 });
    expect(await errorOf(run(Array.fromAsync(store.list())))).toBeInstanceOf(UnavailableError);
  }
  const { store, run } = scripted([xml(list), xml(`${list}</ListBucketResult>`)]);
  expect(await run(Array.fromAsync(store.list()))).toEqual([{ key: "a", size: 1 }]);
});

Deno.test("keys of a list are decoded only where it says that they are encoded, and sorted", async () => {
  const keys = (...names: string[]) =>
    names.map((name) => `<Contents><Key>${name}</Key><Size>1</Size></Contents>`).join("");
  const one = scripted([
    xml(`<ListBucketResult>${keys("fusewire/b%20+", "fusewire/a/", "fusewire/a")}</ListBucketResult>`),
  ]);
  expect((await one.run(Array.fromAsync(one.store.list()))).map(({ key }) => key)).toEqual(["a", "b%20+"]);
  const two = scripted([
    xml(`<ListBucketResult><EncodingType>url</EncodingType>${keys("fusewire/b%20+%2B")}</ListBucketResult>`),
  ]);
  expect((await two.run(Array.fromAsync(two.store.list()))).map(({ key }) => key)).toEqual(["b  +"]);

  const next = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>";
  const unordered = scripted([
    xml(`<ListBucketResult>${keys("fusewire/b")}${next}</ListBucketResult>`),
    xml(`<ListBucketResult>${keys("fusewire/a")}</ListBucketResult>`),
  ]);
  expect(await errorOf(unordered.run(Array.fromAsync(unordered.store.list())))).toBeInstanceOf(ConfigError);
});

Deno.test("what could not be removed of many is an error", async () => {
  const result = (code: string) =>
    xml(`<DeleteResult><Error><Key>fusewire/b</Key><Code>${code}</Code><Message>m</Message></Error></DeleteResult>`);
  const denied = scripted([result("AccessDenied")]);
  const error = await errorOf(denied.run(denied.store.deleteMany(["a", "b"])));
  expect(error).toBeInstanceOf(PermissionError);
  expect(error.message).toContain('"b"');
  const again = scripted([result("InternalError"), xml("<DeleteResult/>")]);
  await again.run(again.store.deleteMany(["a", "b"]));
  expect(again.asked.length).toBe(2);
});

Deno.test("a short answer is never taken for the object", async () => {
  const part = (bytes: number, range: string) => () =>
    new Response(new Uint8Array(bytes), { status: 206, headers: { etag: '"e"', "content-range": range } });
  for (const wrong of [part(9, "bytes 0-9/10"), part(11, "bytes 0-9/10"), part(10, "bytes 1-10/11"), part(10, "")]) {
    const { store, run, asked } = scripted([wrong, part(10, "bytes 0-9/10")]);
    expect((await run(store.get("a"))).length).toBe(10);
    expect(asked.length).toBe(2);
  }
  const missing = scripted([refusal(404, "NoSuchKey")]);
  expect(await errorOf(missing.run(missing.store.get("a")))).toBeInstanceOf(NotFoundError);
});

Deno.test("a server that says there are objects below is believed if it lists one, and asked again if not", async () => {
  const none = xml("<ListBucketResult></ListBucketResult>");
  const one = xml("<ListBucketResult><Contents><Key>fusewire/a/b</Key><Size>1</Size></Contents></ListBucketResult>");
  for (const code of ["ExistingObjectIsDirectory", "XMinioObjectExistsAsDirectory"]) {
    const race = scripted([refusal(409, code), none, plain(200)]);
    await race.run(race.store.put("a", BYTES, { apart: true }));
    expect(race.asked.filter((line) => line.startsWith("PUT")).length).toBe(2);
    const folder = scripted([refusal(409, code), one]);
    const error = await errorOf(folder.run(folder.store.put("a", BYTES, { apart: true })));
    expect(error).toBeInstanceOf(InvalidKeyError);
    expect(error.message).toContain("there are objects below it");
  }
  const below = scripted([refusal(409, "ObjectParentIsFile")]);
  expect(await errorOf(below.run(below.store.put("a/b", BYTES, { apart: true })))).toBeInstanceOf(InvalidKeyError);
});
