/**
 * What `import "./mod.ts"` costs over importing an empty module: whole processes, in turn. Prints one JSON line.
 *
 *     deno task bench:import
 */
const goal = 60;
const rounds = Deno.args.includes("--quick") ? 3 : 11;
const folder = await Deno.makeTempDir();
const empty = `${folder}/empty.ts`;
const whole = `${folder}/whole.ts`;
await Deno.writeTextFile(empty, "export {};\n");
await Deno.writeTextFile(whole, `import ${JSON.stringify(new URL("../mod.ts", import.meta.url).href)};\n`);
const config = new URL("../deno.json", import.meta.url).pathname;

async function time(module: string): Promise<number> {
  const started = performance.now();
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--no-prompt", "--config", config, module],
    stdout: "null",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return performance.now() - started;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

await time(empty);
await time(whole);
const floors: number[] = [];
const differences: number[] = [];
for (let i = 0; i < rounds; i++) {
  const floor = await time(empty);
  floors.push(floor);
  differences.push(await time(whole) - floor);
}
await Deno.remove(folder, { recursive: true });
const value = median(differences);
console.log(JSON.stringify({
  bench: "import",
  unit: "ms",
  value: Math.round(value * 10) / 10,
  floor: Math.round(median(floors) * 10) / 10,
  goal,
  ok: value <= goal,
}));
