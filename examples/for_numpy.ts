/**
 * Artifacts that a Python user reads: arrays as `.npy` and Zarr, facts as JSON, each a file or a folder under a readable path.
 *
 *     deno run --allow-read=.fusewire --allow-write=.fusewire examples/for_numpy.ts
 *     python3 examples/read_with_numpy.py .fusewire/for_numpy     # needs numpy and zarr
 */
import { ChunkedArray, LocalArtifactStore, NdArray } from "@fusewire/fusewire";
import "npm:vega-datasets@3.2.1";

const file = new URL("../data/volcano.json", import.meta.resolve("npm:vega-datasets@3.2.1"));
const { width, height, values } = (await import(file.href, { with: { type: "json" } })).default;
const elevation = new NdArray(Int16Array.from(values), [height, width]);

/** Distances from the highest point to every point, which are made a chunk at a time. */
const highest = elevation.data.indexOf(Math.max(...elevation.data));
const distances = ChunkedArray.create(
  { shape: [height, width], chunks: [32, 32], dtype: "float64" },
  ({ offset: [top = 0, left = 0], shape: [rows = 0, columns = 0] }) =>
    Float64Array.from({ length: rows * columns }, (_, i) => {
      const [row, column] = [top + Math.floor(i / columns), left + i % columns];
      return 10 * Math.hypot(row - Math.floor(highest / width), column - highest % width);
    }),
);

const artifacts = new LocalArtifactStore({ path: ".fusewire/for_numpy" });
const measured = await artifacts.save(elevation, "volcano/elevation.npy", { unit: "m" });
await artifacts.save(distances, "volcano/distances.zarr", { unit: "m" }, { parents: [measured] });
await artifacts.save({ name: "Maunga Whau", highest: elevation.data[highest] }, "volcano/facts.json");

for (const path of await artifacts.listArtifacts()) console.log(`${path}: ${await artifacts.size(path)} bytes`);
const [parent] = await artifacts.lineage("volcano/distances.zarr");
console.log(`volcano/distances.zarr was made from ${parent?.path}`);
