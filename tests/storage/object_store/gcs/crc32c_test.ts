import { expect } from "@std/expect";
import { crc32c, crc32cText } from "../../../../storage/object_store/gcs/crc32c.ts";
import { bytesOf } from "../../../../testing/object_store_fixture.ts";
import { slowCrc32c } from "./fake_gcs_objects.ts";

Deno.test("CRC-32C has the values of RFC 3720 and of the catalogue", () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
  expect(crc32c(new Uint8Array(0))).toBe(0);
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(ascending)).toBe(0x46dd794e);
  expect(crc32c(ascending.toReversed())).toBe(0x113fdb5c);
  expect(crc32cText(0xe3069283)).toBe("4waSgw==");
  expect(crc32cText(0)).toBe("AAAAAA==");
});

Deno.test("CRC-32C is the same of bytes at any place in memory, in one piece or in several", () => {
  const bytes = bytesOf(300);
  for (let start = 0; start < 20; start++) {
    for (let end = start; end < 300; end += 7) {
      const part = bytes.subarray(start, end);
      const expected = slowCrc32c(part);
      expect(crc32cText(crc32c(part))).toBe(expected);
      const cut = (end - start) >> 1;
      expect(crc32cText(crc32c(part.subarray(cut), crc32c(part.subarray(0, cut))))).toBe(expected);
    }
  }
});
