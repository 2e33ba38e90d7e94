import { expect } from "@std/expect";
import fc from "fast-check";
import { encode } from "../../storage/codec/structured.ts";
import { crc32, sha256Hex } from "../../storage/digest.ts";
import { MemoryStorage } from "../../storage/memory_storage.ts";
import {
  buildRecord,
  certainDamageOf,
  damageOf,
  parseHead,
  type RecordFiles,
  type RecordHead,
} from "../../storage/result_record.ts";
import { NotFoundError } from "../../src/errors.ts";
import { failureOf } from "./big.ts";

const PLACE = { workflow: "etl", task: "a" };

/** The record with its checksums made right again after a change. */
function resealed(record: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const view = new DataView(record.buffer);
  const end = 32 + view.getUint32(12, true);
  view.setUint32(end, crc32(record.subarray(0, end)), true);
  const crcAt = record.length - 36;
  view.setUint32(crcAt, crc32(record.subarray(0, crcAt)), true);
  record.subarray(-32).setFromHex(sha256Hex(record.subarray(0, -32)));
  return record;
}

function headOf(record: Uint8Array): RecordHead {
  const head = parseHead(record, record.length, PLACE);
  if (!("header" in head)) throw new Error(JSON.stringify(head));
  return head;
}

Deno.test("A record gives back what was put in, whatever the names", () => {
  const name = fc.string({ unit: "binary", minLength: 1, maxLength: 60 }).filter((text) => text.isWellFormed());
  const meta = fc.dictionary(fc.string(), fc.jsonValue()).map((value) =>
    JSON.parse(JSON.stringify(value).replaceAll("-0", "0"))
  );
  fc.assert(fc.property(name, name, meta, fc.uint8Array(), fc.uint8Array(), (workflow, task, meta, pids, body) => {
    const files: RecordFiles = {
      save: "s",
      externals: [{ serializer: "x", files: [{ name: "f", size: 1, sha256: "", crc32: 2 }] }],
    };
    for (const some of [undefined, files]) {
      const header = { workflow, task, meta, ...(some === undefined ? {} : { files: some }) };
      const record = buildRecord(header, [pids], [body, body]);
      for (const expected of [{ workflow, task }, { workflow: "other", task: undefined }]) {
        const head = parseHead(record, record.length, expected);
        if (!("header" in head)) throw new Error(JSON.stringify(head));
        expect(head.header).toEqual({ files: undefined, ...header });
        expect(record.subarray(head.pidsAt, head.bodyAt)).toEqual(pids);
        expect(record.subarray(head.bodyAt, head.bodyEnd)).toEqual(new Uint8Array([...body, ...body]));
        expect([damageOf(record, head), certainDamageOf(record, head)]).toEqual([undefined, undefined]);
      }
    }
  }));
});

Deno.test("parseHead() asks for what it needs and no more", () => {
  const record = buildRecord({ ...PLACE, meta: { key: "x".repeat(1000) } }, [], [new Uint8Array(1000)]);
  expect(parseHead(record.subarray(0, 20), record.length, PLACE)).toEqual({ need: 32 });
  const answer = parseHead(record.subarray(0, 100), record.length, PLACE);
  const need = "need" in answer ? answer.need : 0;
  expect(parseHead(record.subarray(0, need), record.length, PLACE)).toEqual(headOf(record));
  expect(parseHead(record.subarray(0, need - 1), record.length, PLACE)).toEqual({ need });
});

Deno.test("Bytes that nobody wrote never pass for a record, and never hang or throw", () => {
  const record = buildRecord({ ...PLACE, meta: { a: 1 } }, [], [new Uint8Array(50)]);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(record.length), (noise, at) => {
      const bytes = new Uint8Array([...record.subarray(0, at), ...noise]);
      fc.pre(sha256Hex(bytes) !== sha256Hex(record));
      const head = parseHead(bytes, bytes.length, PLACE);
      if ("header" in head) expect(damageOf(bytes, head) ?? certainDamageOf(bytes, head)).toBeDefined();
      else expect(Object.keys(head)).toEqual(["damaged"]);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("A record of a newer version, or with a header that lies, is damaged although its checksums are right", () => {
  const changed = (change: (view: DataView, record: Uint8Array) => void): unknown => {
    const files = { save: "s", externals: [] };
    const record = buildRecord({ ...PLACE, meta: { a: 1 }, files }, [], [new Uint8Array(5)]);
    change(new DataView(record.buffer), record);
    const sealed = resealed(record);
    return parseHead(sealed, sealed.length, PLACE);
  };
  expect(changed(() => {})).toHaveProperty("header");
  expect(changed((view) => view.setUint32(8, 2, true))).toEqual({
    damaged: "it has version 2, and this release reads version 1",
  });
  expect(changed((view) => view.setUint32(20, 1000, true))).toEqual({ damaged: "its header can not be read" });
  expect(changed((view) => view.setUint32(20, 3, true))).toEqual({ damaged: "its header can not be read" });
  expect(changed((_, record) => record[32] = 255)).toEqual({ damaged: "its header can not be read" });
  expect(changed((view) => view.setUint32(28, 1, true))).toHaveProperty("damaged");
  expect(changed((view) => view.setUint32(16, 1, true))).toHaveProperty("damaged");
});

Deno.test("A record whose parts do not fit together is damaged, and can be removed", async () => {
  const storage = new MemoryStorage();
  const external = { serializer: "TypedArraySerializer", files: [] };
  const withFiles = { ...PLACE, meta: {}, files: { save: "s", externals: [external] } };
  const object = encode(new Uint8Array(1), { external: () => ({ serializer: "x", pid: 7 }) });
  const records = [
    buildRecord({ ...PLACE, meta: {} }, [], object),
    buildRecord({ ...PLACE, meta: {} }, [], [new Uint8Array([1, 2, 3])]),
    buildRecord(withFiles, encode("no list"), object),
    buildRecord(withFiles, [new Uint8Array(3)], object),
    buildRecord(withFiles, encode([{ file: "none.npy", byteLength: 1 }]), object),
  ];
  for (const record of records) {
    await storage.objects.put("etl/results/a", record);
    await storage.objects.put("etl/files/a/s/0/left", new Uint8Array(1));
    const error = await failureOf(storage.readTask("etl", "a"));
    expect(error.message).toContain('task "a" of workflow "etl"');
    expect(error.code).toMatch(/^(INTEGRITY|SERIALIZATION)$/);
    await storage.removeTask("etl", { taskName: "a" });
    expect(await Array.fromAsync(storage.objects.list())).toEqual([]);
    await expect(storage.readTask("etl", "a")).rejects.toThrow(NotFoundError);
  }
});
