import { expect } from "@std/expect";
import { ChunkedArray, LocalArtifactStore, NdArray } from "@fusewire/fusewire";
import { runPython, withoutPython } from "../../integration/servers/python.ts";
import { temporaryFolder } from "../folders.ts";

/** As docs/artifacts.md says. */
const SCRIPT = `
import json, sys, numpy as np, zarr
store, folder = sys.argv[1:]
w = np.load(f"{store}/model/w.npy")
about = json.load(open(f"{store}/{folder}/metadata.json"))
v = np.load(f"{store}/{folder}/version~{about['id']}/{about['files'][0]['name']}")
s = about["statistics"]
same = [s["min"] == v.min(), s["max"] == v.max(), np.isclose(s["mean"], v.mean()), np.isclose(s["std"], v.std())]
cube = zarr.open(f"{store}/cube/version~{json.load(open(f'{store}/cube/metadata.json'))['id']}/data.zarr")
plain = json.load(open(f"{store}/plain"))
print(json.dumps([w.tolist(), str(v.dtype), all(same), about["metadata"], cube[:].tolist(), plain]))
`;

Deno.test({
  name: "NumPy, zarr-python and json read what artifact stores write",
  ignore: withoutPython,
  fn: async () => {
    await using folder = await temporaryFolder();
    const artifacts = new LocalArtifactStore({ path: folder.path });
    await artifacts.save(new NdArray(Int16Array.of(1, 2, 3, 4), [2, 2]), "model/w.npy", { k: 1 });
    const path = await artifacts.materialize(
      Float32Array.from({ length: 10_000 }, (_, i) => Math.sin(i) * 1000),
      "w",
      "run-1",
      "train",
      "sales",
      { metadata: { k: 2 } },
    );
    await artifacts.save(
      ChunkedArray.create(
        { shape: [3], chunks: [2], dtype: "int32" },
        ({ shape: [length = 0] }) => new Int32Array(length).fill(7),
      ),
      "cube",
    );
    await artifacts.save({ a: [1, "é"] }, "plain");
    expect(JSON.parse(await runPython(SCRIPT, [folder.path, path]))).toEqual([
      [[1, 2], [3, 4]],
      "float32",
      true,
      { k: 2 },
      [7, 7, 7],
      { a: [1, "é"] },
    ]);
  },
});
