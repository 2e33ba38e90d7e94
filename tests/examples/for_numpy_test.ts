import { expect } from "@std/expect";
import { join } from "@std/path";
import { runPython, withoutPython } from "../integration/servers/python.ts";
import { root, run, withCopy } from "./copied_examples.ts";

Deno.test({
  name: "for_numpy writes what NumPy, zarr-python and json read as it is",
  ignore: withoutPython,
  fn: () =>
    withCopy(async (folder) => {
      const printed = await run(folder, "for_numpy.ts");
      expect(printed).toMatch(/^volcano\/distances.zarr: \d+ bytes\nvolcano\/elevation.npy: 10742 bytes\n/);
      expect(printed).toContain("volcano/distances.zarr was made from volcano/elevation.npy");
      const script = await Deno.readTextFile(join(root, "examples/read_with_numpy.py"));
      expect((await runPython(script, [join(folder, ".fusewire/for_numpy")])).trimEnd().split("\n")).toEqual([
        "elevation: int16 (61, 87), 94 to 195 m",
        "distances: float64 (61, 87) in chunks of (32, 32)",
        "distance of the highest point from itself: 0.0 m",
        "greatest distance: 734.1 m",
        "{'name': 'Maunga Whau', 'highest': 195}",
      ]);
    }),
});
