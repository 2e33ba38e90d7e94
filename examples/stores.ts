/**
 * Slopes of a volcano, on whatever store one YAML file names: the program is the same for a folder, S3, Google Cloud Storage and Deno KV. Run
 * it twice: the second run reads what the first one stored.
 *
 *     deno run --allow-read --allow-write=.fusewire examples/stores.ts examples/stores/file.yaml
 *     deno run --allow-read --allow-write=.fusewire examples/stores.ts examples/stores/kv.yaml
 *     deno run --allow-read --allow-env --allow-net examples/stores.ts examples/stores/s3.yaml
 *     deno run --allow-read --allow-env --allow-net examples/stores.ts examples/stores/gcs.yaml
 */
import {
  ChunkedArray,
  defineWorkflow,
  LocalWorkflow,
  NdArray,
  openRuntime,
  storageFromYaml,
  task,
} from "@fusewire/fusewire";
import "npm:vega-datasets@3.2.1";

/** Maunga Whau, in metres above the sea, every ten metres. */
const elevation = task(async function elevation(): Promise<NdArray<Float64Array>> {
  const file = new URL("../data/volcano.json", import.meta.resolve("npm:vega-datasets@3.2.1"));
  const { width, height, values } = (await import(file.href, { with: { type: "json" } })).default;
  return new NdArray(Float64Array.from(values), [height, width]);
});

/** The same ground every half metre, between the points that were measured, in chunks that are made when they are read. */
const terrain = task(function terrain(coarse: NdArray<Float64Array>, times: number) {
  const [rows = 0, columns = 0] = coarse.shape;
  const shape = [(rows - 1) * times, (columns - 1) * times];
  const heightAt = (row: number, column: number): number => {
    const [r, c] = [Math.floor(row), Math.floor(column)];
    const [down, right] = [row - r, column - c];
    const above = coarse.get(r, c) * (1 - right) + coarse.get(r, c + 1) * right;
    const below = coarse.get(r + 1, c) * (1 - right) + coarse.get(r + 1, c + 1) * right;
    return above * (1 - down) + below * down;
  };
  return ChunkedArray.create(
    { shape, chunks: [256, 256], dtype: "float32" },
    ({ offset, shape: [height = 0, width = 0] }) => {
      const [top = 0, left = 0] = offset;
      return Float32Array.from({ length: height * width }, (_, i) => {
        return heightAt((top + Math.floor(i / width)) / times, (left + i % width) / times);
      });
    },
  );
});

/** How steep it is on average in each band of 20 metres, in per cent. */
const steepness = task(async function steepness(ground: ChunkedArray<"float32">, metres: number) {
  const bands = new Map<number, { points: number; slope: number }>();
  for await (const { data, shape: [height = 0, width = 0] } of ground) {
    for (let row = 0; row + 1 < height; row++) {
      for (let column = 0; column + 1 < width; column++) {
        const here = data[row * width + column]!;
        const [down, right] = [data[(row + 1) * width + column]! - here, data[row * width + column + 1]! - here];
        const band = Math.floor(here / 20) * 20;
        const { points, slope } = bands.get(band) ?? { points: 0, slope: 0 };
        bands.set(band, { points: points + 1, slope: slope + 100 * Math.hypot(down, right) / metres });
      }
    }
  }
  return new Map([...bands].sort(([a], [b]) => a - b).map(([band, { points, slope }]) => [band, slope / points]));
});

const volcano = defineWorkflow("volcano", { version: "1" }, () => {
  const ground = terrain(elevation(), 20);
  return [ground, steepness(ground, 0.5)];
});

const [config = "examples/stores/file.yaml"] = Deno.args;
const storage = await storageFromYaml(config);
const workflow = new LocalWorkflow(volcano, {});
workflow.setStorage(storage);
for (const { name, action } of (await workflow.plan()).steps) console.log(`${name}: ${action}`);
const [ground, slopes] = await workflow.run();
const top = await ground.slice([400, 401], [640, 641]);
console.log(`${ground.shape.join(" × ")} points, ${top.data[0]?.toFixed(2)} m in the middle`);
for (const [band, slope] of slopes) console.log(`${band}–${band + 20} m: ${slope.toFixed(1)} %`);

// A durable run keeps its state in Deno KV, and what is too large for that in the same store.
await using runtime = await openRuntime({ kv: ":memory:", storage: storage.objects });
const [, durable] = await runtime.run(volcano, undefined, { id: "volcano-1" });
console.log(`a durable run says the same: ${JSON.stringify([...durable]) === JSON.stringify([...slopes])}`);
await runtime.gc({ olderThan: 0 });
