// deno-fmt-ignore-file
/**
 * Files that NumPy 2.4.6 wrote, and what it says is in them.
 *
 * @module
 */

/** A file that NumPy wrote. */
export interface NpyFixture {
  /** The Python expression whose value was saved. */
  readonly made: string;
  /** The file in Base64. */
  readonly file: string;
  /** What `readNpy` must give; the elements as text, in C order. */
  readonly holds: { readonly dtype: string; readonly shape: readonly number[]; readonly values: string };
}

/** A file that is refused, and what the error says of its elements. */
export interface RefusedFixture {
  /** The Python expression whose value was saved. */
  readonly made: string;
  /** The file in Base64. */
  readonly file: string;
  /** A part of the message. */
  readonly refused: string;
}

/** Arrays of every element type, order, endianness and version. */
export const NPY_FIXTURES: readonly NpyFixture[] = [
  {
    made: "np.array([1, 2, -128], 'i1')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnfGkxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAoA=",
    holds: { dtype: "int8", shape: [3], values: "1 2 -128" },
  },
  {
    made: "np.array([1, 2, 255], 'u1')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnfHUxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAv8=",
    holds: { dtype: "uint8", shape: [3], values: "1 2 255" },
  },
  {
    made: "np.array([1, 258, -32768], '<i2')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPGkyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAAIBAIA=",
    holds: { dtype: "int16", shape: [3], values: "1 258 -32768" },
  },
  {
    made: "np.array([1, 258, 65535], '<u2')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPHUyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAAIB//8=",
    holds: { dtype: "uint16", shape: [3], values: "1 258 65535" },
  },
  {
    made: "np.array([1, 258, -2147483648], '<i4')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPGk0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAAAAAgEAAAAAAIA=",
    holds: { dtype: "int32", shape: [3], values: "1 258 -2147483648" },
  },
  {
    made: "np.array([1, 258, 4294967295], '<u4')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPHU0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAAAAAgEAAP////8=",
    holds: { dtype: "uint32", shape: [3], values: "1 258 4294967295" },
  },
  {
    made: "np.array([1, 258, -9223372036854775808], '<i8')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPGk4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAAAAAAAAAAIBAAAAAAAAAAAAAAAA" +
      "AIA=",
    holds: { dtype: "int64", shape: [3], values: "1 258 -9223372036854775808" },
  },
  {
    made: "np.array([1, 258, 18446744073709551615], '<u8')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPHU4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAAAAAAAAAAIBAAAAAAAA////////" +
      "//8=",
    holds: { dtype: "uint64", shape: [3], values: "1 258 18446744073709551615" },
  },
  {
    made: "np.array([1.5, -0.0, np.nan, np.inf, -np.inf, 0.0999755859375], '<f2')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPGYyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDYsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAPgCAAH4AfAD8Zi4=",
    holds: { dtype: "float16", shape: [6], values: "1.5 -0 NaN Infinity -Infinity 0.0999755859375" },
  },
  {
    made: "np.array([1.5, -0.0, np.nan, np.inf, -np.inf, 0.0999755859375], '<f4')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDYsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAMA/AAAAgAAAwH8AAIB/AACA/wDA" +
      "zD0=",
    holds: { dtype: "float32", shape: [6], values: "1.5 -0 NaN Infinity -Infinity 0.0999755859375" },
  },
  {
    made: "np.array([1.5, -0.0, np.nan, np.inf, -np.inf, 0.0999755859375], '<f8')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDYsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAD4PwAAAAAAAACAAAAAAAAA" +
      "+H8AAAAAAADwfwAAAAAAAPD/AAAAAACYuT8=",
    holds: { dtype: "float64", shape: [6], values: "1.5 -0 NaN Infinity -Infinity 0.0999755859375" },
  },
  {
    made: "np.array([1, 258, -32768], '>i2')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPmkyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAQECgAA=",
    holds: { dtype: "int16", shape: [3], values: "1 258 -32768" },
  },
  {
    made: "np.array([1, 258, 65535], '>u2')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPnUyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAQEC//8=",
    holds: { dtype: "uint16", shape: [3], values: "1 258 65535" },
  },
  {
    made: "np.array([1, 258, -2147483648], '>i4')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPmk0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAABAAABAoAAAAA=",
    holds: { dtype: "int32", shape: [3], values: "1 258 -2147483648" },
  },
  {
    made: "np.array([1, 258, 4294967295], '>u4')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPnU0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAABAAABAv////8=",
    holds: { dtype: "uint32", shape: [3], values: "1 258 4294967295" },
  },
  {
    made: "np.array([1, 258, -9223372036854775808], '>i8')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPmk4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAQAAAAAAAAECgAAAAAAA" +
      "AAA=",
    holds: { dtype: "int64", shape: [3], values: "1 258 -9223372036854775808" },
  },
  {
    made: "np.array([1, 258, 18446744073709551615], '>u8')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPnU4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAQAAAAAAAAEC////////" +
      "//8=",
    holds: { dtype: "uint64", shape: [3], values: "1 258 18446744073709551615" },
  },
  {
    made: "np.array([1.5, -0.0, np.nan, np.inf, -np.inf, 0.0999755859375], '>f2')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPmYyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDYsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAo+AIAAfgB8APwALmY=",
    holds: { dtype: "float16", shape: [6], values: "1.5 -0 NaN Infinity -Infinity 0.0999755859375" },
  },
  {
    made: "np.array([1.5, -0.0, np.nan, np.inf, -np.inf, 0.0999755859375], '>f4')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPmY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDYsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAo/wAAAgAAAAH/AAAB/gAAA/4AAAD3M" +
      "wAA=",
    holds: { dtype: "float32", shape: [6], values: "1.5 -0 NaN Infinity -Infinity 0.0999755859375" },
  },
  {
    made: "np.array([1.5, -0.0, np.nan, np.inf, -np.inf, 0.0999755859375], '>f8')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPmY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDYsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAo/+AAAAAAAAIAAAAAAAAAAf/gAAAAA" +
      "AAB/8AAAAAAAAP/wAAAAAAAAP7mYAAAAAAA=",
    holds: { dtype: "float64", shape: [6], values: "1.5 -0 NaN Infinity -Infinity 0.0999755859375" },
  },
  {
    made: "np.array([True, False, True])",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnfGIxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAAE=",
    holds: { dtype: "bool", shape: [3], values: "1 0 1" },
  },
  {
    made: "np.array([[True, False], [True, True]], order='F')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnfGIxJywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMiksIH0gICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAQAB",
    holds: { dtype: "bool", shape: [2, 2], values: "1 0 1 1" },
  },
  {
    made: "np.arange(6, dtype='<f8').reshape(2, 3)",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAAAAAAAAAPA/AAAAAAAA" +
      "AEAAAAAAAAAIQAAAAAAAABBAAAAAAAAAFEA=",
    holds: { dtype: "float64", shape: [2, 3], values: "0.0 1.0 2.0 3.0 4.0 5.0" },
  },
  {
    made: "np.asfortranarray(np.arange(6, dtype='<f8').reshape(2, 3))",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMyksIH0gICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAAAAAAAAAAhAAAAAAAAA" +
      "8D8AAAAAAAAQQAAAAAAAAABAAAAAAAAAFEA=",
    holds: { dtype: "float64", shape: [2, 3], values: "0.0 1.0 2.0 3.0 4.0 5.0" },
  },
  {
    made: "np.asfortranarray(np.arange(24, dtype='>i4').reshape(2, 3, 4))",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPmk0JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMywgNCksIH0gICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAADAAAAAQAAAAQAAAACAAA" +
      "ABQAAAABAAAADQAAAAUAAAARAAAACQAAABUAAAACAAAADgAAAAYAAAASAAAACgAAABYAAAADAAAADwAAAAcAAAATAAAACwAAABc=",
    holds: { dtype: "int32", shape: [2, 3, 4], values: "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23" },
  },
  {
    made: "np.asfortranarray(np.arange(24, dtype='<u2').reshape(4, 1, 3, 2))",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPHUyJywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoNCwgMSwgMywgMiksIH0g" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAYADAASAAIACAAOABQABAAKABAA" +
      "FgABAAcADQATAAMACQAPABUABQALABEAFwA=",
    holds: { dtype: "uint16", shape: [4, 1, 3, 2], values: "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23" },
  },
  {
    made: "np.asfortranarray(np.arange(6, dtype='<i8').reshape(3, 2))",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPGk4JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMywgMiksIH0gICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAAIAAAAAAAAABAAAAAAA" +
      "AAABAAAAAAAAAAMAAAAAAAAABQAAAAAAAAA=",
    holds: { dtype: "int64", shape: [3, 2], values: "0 1 2 3 4 5" },
  },
  {
    made: "np.arange(4, dtype='u1').reshape(1, 4, 1)",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnfHUxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsIDQsIDEpLCB9ICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAQID",
    holds: { dtype: "uint8", shape: [1, 4, 1], values: "0 1 2 3" },
  },
  {
    made: "np.float64(2.5)",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKCksIH0gICAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAEQA==",
    holds: { dtype: "float64", shape: [], values: "2.5" },
  },
  {
    made: "np.array(7, '>i8')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPmk4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKCksIH0gICAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAABw==",
    holds: { dtype: "int64", shape: [], values: "7" },
  },
  {
    made: "np.zeros((0,), '<f4')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDAsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAo=",
    holds: { dtype: "float32", shape: [0], values: "" },
  },
  {
    made: "np.zeros((3, 0, 2), '<f4')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsIDAsIDIpLCB9ICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAo=",
    holds: { dtype: "float32", shape: [3, 0, 2], values: "" },
  },
  {
    made: "np.asfortranarray(np.zeros((3, 0, 2), '<f4'))",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsIDAsIDIpLCB9ICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAo=",
    holds: { dtype: "float32", shape: [3, 0, 2], values: "" },
  },
  {
    made: "np.arange(3, dtype='<i4'), version=(1, 0)",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPGk0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAQAAAAIAAAA=",
    holds: { dtype: "int32", shape: [3], values: "0 1 2" },
  },
  {
    made: "np.arange(3, dtype='<i4'), version=(2, 0)",
    file: "k05VTVBZAgB0AAAAeydkZXNjcic6ICc8aTQnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMywpLCB9ICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAQAAAAIAAAA=",
    holds: { dtype: "int32", shape: [3], values: "0 1 2" },
  },
  {
    made: "np.arange(3, dtype='<i4'), version=(3, 0)",
    file: "k05VTVBZAwB0AAAAeydkZXNjcic6ICc8aTQnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMywpLCB9ICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAQAAAAIAAAA=",
    holds: { dtype: "int32", shape: [3], values: "0 1 2" },
  },
  {
    made: "np.arange(100, dtype='<u1').reshape(100)[::7]",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnfHUxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDE1LCksIH0gICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoABw4VHCMqMTg/Rk1UW2I=",
    holds: { dtype: "uint8", shape: [15], values: "0 7 14 21 28 35 42 49 56 63 70 77 84 91 98" },
  },
];

/** Arrays that no typed array can hold. */
export const REFUSED_FIXTURES: readonly RefusedFixture[] = [
  {
    made: "np.array([1+2j], '<c16')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPGMxNicsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgxLCksIH0gICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAADwPwAAAAAAAABA",
    refused: "complex numbers",
  },
  {
    made: "np.array([1+2j], '<c8')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPGM4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAIA/AAAAQA==",
    refused: "complex numbers",
  },
  {
    made: "np.array(['ab'], '<U2')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPFUyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAphAAAAYgAAAA==",
    refused: "strings",
  },
  {
    made: "np.array([b'ab'], '|S2')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnfFMyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAphYg==",
    refused: "strings",
  },
  {
    made: "np.array(['2026-11-22'], '<M8[D]')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPE04W0RdJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsKSwgfSAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAorUQAAAAAAAA==",
    refused: "dates or durations",
  },
  {
    made: "np.array([5], '<m8[ns]')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPG04W25zXScsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgxLCksIH0gICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoFAAAAAAAAAA==",
    refused: "dates or durations",
  },
  {
    made: "np.array([(1, 2.0)], [('a', '<i4'), ('b', '<f8')])",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiBbKCdhJywgJzxpNCcpLCAoJ2InLCAnPGY4JyldLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAn" +
      "c2hhcGUnOiAoMSwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAAAAAAAAAAAAAEA=",
    refused: "structured array",
  },
  {
    made: "np.array([(1, 2.0)], [('ä', '<i4'), ('b', '<f8', (2, 3))]), version=(3, 0)",
    file: "k05VTVBZAwB0AAAAeydkZXNjcic6IFsoJ8OkJywgJzxpNCcpLCAoJ2InLCAnPGY4JywgKDIsIDMpKV0sICdmb3J0cmFuX29yZGVy" +
      "JzogRmFsc2UsICdzaGFwZSc6ICgxLCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgIAoBAAAAAAAAAAAAAEAAAAAAAAAAQAAA" +
      "AAAAAABAAAAAAAAAAEAAAAAAAAAAQAAAAAAAAABA",
    refused: "structured array",
  },
  {
    made: "np.array([b'ab'], '|V2')",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnfFYyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsKSwgfSAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAphYg==",
    refused: "raw or structured data",
  },
  {
    made: "np.array([{'a': 1}], object)",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnfE8nLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMSwpLCB9ICAgICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqABJWSAAAAAAAAAIwWbnVtcHkuX2Nv" +
      "cmUubXVsdGlhcnJheZSMDF9yZWNvbnN0cnVjdJSTlIwFbnVtcHmUjAduZGFycmF5lJOUSwCFlEMBYpSHlFKUKEsBSwGFlGgDjAVk" +
      "dHlwZZSTlIwCTziUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LP3SUYoldlH2UjAFhlEsBc2F0lGIu",
    refused: "pickled objects",
  },
  {
    made: "np.array([1], np.longdouble)",
    file: "k05VTVBZAQB2AHsnZGVzY3InOiAnPGYxNicsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgxLCksIH0gICAgICAg" +
      "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAgP8/9+3TfwAA",
    refused: "long floats",
  },
];
