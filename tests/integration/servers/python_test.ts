import { expect } from "@std/expect";
import { runPython, withoutPython } from "./python.ts";

const ignore = withoutPython;

Deno.test({
  name: "Python has the versions of NumPy and zarr-python that are pinned, and gets arguments as they are",
  ignore,
  async fn() {
    const script = `
import numpy, sys, zarr
print(numpy.__version__, zarr.__version__, sys.argv[1:])
`;
    expect(await runPython(script, ["a b", "ø"])).toBe("2.4.6 3.1.6 ['a b', 'ø']\n");
  },
});

Deno.test({
  name: "Python reads back Zarr arrays in chunks, with every compressor and a checksum",
  ignore,
  async fn() {
    const script = `
import numpy, zarr
from zarr.codecs import BloscCodec, Crc32cCodec, GzipCodec, ZstdCodec
data = numpy.arange(1000, dtype="<i4").reshape(20, 50)
for codec in (BloscCodec(), GzipCodec(), ZstdCodec(), Crc32cCodec()):
    array = zarr.create_array({}, shape=data.shape, chunks=(7, 11), dtype=data.dtype, compressors=[codec])
    array[:] = data
    assert (array[:] == data).all()
    print(codec.to_dict()["name"])
`;
    expect(await runPython(script)).toBe("blosc\ngzip\nzstd\ncrc32c\n");
  },
});

Deno.test({
  name: "a Python script that fails says how, and what it printed",
  ignore,
  async fn() {
    await expect(runPython(`print("one"); raise ValueError("two")`)).rejects.toThrow(
      /^The Python script ended with code 1\. It printed: one\nTraceback .*ValueError: two/s,
    );
    await expect(runPython(`import os; os.abort()`)).rejects.toThrow(/^The Python script was ended by SIGABRT\./);
  },
});
