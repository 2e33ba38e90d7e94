import { expect } from "@std/expect";
import * as fc from "fast-check";
import { arrayStatistics } from "../../../storage/artifacts/statistics.ts";
import { dtypeOf, type TypedArray } from "../../../storage/codec/dtype.ts";

function statisticsOf(data: TypedArray) {
  return arrayStatistics(data, [data.length], dtypeOf(data));
}

Deno.test("arrayStatistics() agrees with two passes over all elements", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.double({ min: -1e6, max: 1e6 }), fc.constant(NaN)), { maxLength: 50 }),
      fc.nat(400),
      (some, repeats) => {
        const data = Float64Array.from({ length: some.length * repeats }, (_, i) => some[i % some.length] ?? NaN);
        const numbers = data.filter((x) => !Number.isNaN(x));
        const { nans, min, max, mean, std } = statisticsOf(data);
        expect(nans).toBe(data.length - numbers.length);
        if (numbers.length === 0) {
          expect([min, max, mean, std]).toEqual([null, null, null, null]);
          return;
        }
        const expected = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
        const variance = numbers.reduce((sum, x) => sum + (x - expected) ** 2, 0) / numbers.length;
        expect(min).toBe(numbers.reduce((a, b) => Math.min(a, b)));
        expect(max).toBe(numbers.reduce((a, b) => Math.max(a, b)));
        expect(Number(mean)).toBeCloseTo(expected, 5);
        expect(Number(std)).toBeCloseTo(Math.sqrt(variance), 5);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("arrayStatistics() loses nothing to a large mean", () => {
  const around = (mean: number): Float64Array => Float64Array.from({ length: 100_000 }, (_, i) => mean + i % 2);
  expect(statisticsOf(around(1e9)).std).toBeCloseTo(0.5, 9);
  expect(statisticsOf(around(-1e15)).std).toBe(0.5);
  const large = BigInt64Array.from({ length: 10_000 }, (_, i) => 2n ** 62n + BigInt(i % 3));
  expect(statisticsOf(large)).toMatchObject({ min: String(2n ** 62n), max: String(2n ** 62n + 2n) });
  expect(statisticsOf(large).std).toBeCloseTo(Math.sqrt(2 / 3), 3);
});

Deno.test("arrayStatistics() keeps what JSON can not hold as texts", () => {
  const infinite = statisticsOf(Float32Array.of(1, Infinity));
  expect(infinite).toMatchObject({ min: 1, max: "Infinity", mean: "Infinity", std: "NaN" });
  expect(statisticsOf(Float32Array.of(-Infinity, Infinity)).mean).toBe("NaN");
  expect(statisticsOf(BigUint64Array.of(2n ** 64n - 1n))).toMatchObject({ max: "18446744073709551615", std: 0 });
  expect(statisticsOf(BigInt64Array.of(-5n, 5n))).toMatchObject({ min: -5, max: 5, mean: 0, std: 5 });
  expect(statisticsOf(new BigInt64Array())).toMatchObject({ min: null, mean: null });
});
