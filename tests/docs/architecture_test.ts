import { expect } from "@std/expect";
import { walk } from "@std/fs";
import { dirname, fromFileUrl, join, relative } from "@std/path";

const root = fromFileUrl(import.meta.resolve("../../"));

/** The files of a folder, each with the files of this package that it imports, dynamically too; `import type` counts. */
async function importsOf(folder: string): Promise<[file: string, imported: string[]][]> {
  const files: [string, string[]][] = [];
  for await (const { path } of walk(join(root, folder), { exts: [".ts"] })) {
    const source = await Deno.readTextFile(path);
    const imported = source.matchAll(/(?:^(?:import|export)\b[^;]*?from |^import |\bimport\()"(\.[^"]+)"/gm);
    files.push([relative(root, path), [...imported].map(([, to = ""]) => relative(root, join(dirname(path), to)))]);
  }
  expect(files.length).toBeGreaterThan(0);
  return files;
}

/** Imports that are not allowed, as `file -> imported`. */
async function trespasses(folder: string, allowed: (imported: string, file: string) => boolean): Promise<string[]> {
  return (await importsOf(folder)).flatMap(([file, imported]) =>
    imported.filter((to) => !allowed(to, file)).map((to) => `${file} -> ${to}`)
  );
}

Deno.test("storage/ imports nothing of src/ but errors.ts, status.ts, clock.ts and retry_after.ts", async () => {
  const known = ["src/errors.ts", "src/status.ts", "src/clock.ts", "src/retry_after.ts"];
  expect(await trespasses("storage", (to) => to.startsWith("storage/") || known.includes(to))).toEqual([]);
});

Deno.test("storage/object_store/ and storage/kv/ know neither runs, tasks nor artifacts", async () => {
  const known = ["storage/keys.ts", "storage/key_locks.ts", "storage/digest.ts", "storage/in_parallel.ts"];
  const allowed = (to: string): boolean => /^(src|storage\/(object_store|kv))\//.test(to) || known.includes(to);
  expect([...await trespasses("storage/object_store", allowed), ...await trespasses("storage/kv", allowed)]).toEqual(
    [],
  );
});

Deno.test("plugins/ know the interfaces of plugins and tracers, errors, the clock and the log", async () => {
  const known = [
    "src/plugin.ts",
    "src/plugin_origin.ts",
    "src/tracer.ts",
    "src/attempt.ts",
    "src/errors.ts",
    "src/clock.ts",
    "src/warning.ts",
  ];
  expect(await trespasses("plugins", (to) => to.startsWith("plugins/") || known.includes(to))).toEqual([]);
});

Deno.test("the rules of joins know states and the edges of graphs, and nothing that runs", async () => {
  const files = new Map(await importsOf("src"));
  expect(files.get("src/join.ts")).toEqual(["src/status.ts"]);
  expect(files.get("src/handled.ts")).toEqual(["src/graph.ts", "src/join.ts", "src/status.ts"]);
});

Deno.test("src/control/ knows nodes, definitions, programs and the rules, and neither workflows, runs nor the engine", async () => {
  const strangers = /^src\/(engine|backends|execution|pool|results)\/|^src\/(workflow|in_process|attempt)\.ts$/;
  expect(await trespasses("src/control", (to) => !strangers.test(to))).toEqual([]);
});

const workflowSimulation = [
  "testing/call_log.ts",
  "testing/check_outcomes.ts",
  "testing/droppable.ts",
  "testing/simulate_workflows.ts",
  "testing/stored_run.ts",
  "testing/stored_runs.ts",
  "testing/undisturbed_run.ts",
  "testing/workflow_cluster.ts",
  "testing/workflow_process.ts",
  "testing/workflow_simulation.ts",
];

Deno.test("testing/ stands on storage/, errors, states, the clock and chance, and only tests stand on it", async () => {
  const known = ["src/errors.ts", "src/status.ts", "src/clock.ts", "src/random.ts"];
  // What simulates workflows has to know the engine, and what its runs are made of.
  const simulated = [
    "src/definition.ts",
    "src/program.ts",
    "src/context.ts",
    "src/run.ts",
    "src/join.ts",
    "src/handled.ts",
  ];
  const simulates = (file: string): boolean => workflowSimulation.includes(file);
  const allowed = (to: string, file: string): boolean =>
    to.startsWith("testing/") || to.startsWith("storage/") || known.includes(to) ||
    simulates(file) && (to.startsWith("src/engine/") || simulated.includes(to));
  expect(await trespasses("testing", allowed)).toEqual([]);
  expect(await Deno.readTextFile(join(root, "mod.ts"))).not.toContain("testing/");
});

Deno.test("src/ imports neither mod.ts nor plugins/, and only backends import backends", async () => {
  const allowed = (to: string, file: string): boolean =>
    to.startsWith("src/backends/")
      ? file.startsWith("src/backends/")
      : to.startsWith("src/") || to.startsWith("storage/");
  expect(await trespasses("src", allowed)).toEqual([]);
});

Deno.test("src/pool/ knows neither workflows, backends nor the engine, and its clients load it on first use", async () => {
  const strangers = ["src/workflow.ts", "src/workflow_options.ts", "src/in_process.ts", "src/definition.ts"];
  const known = (to: string): boolean => !/^src\/(engine|backends)\//.test(to) && !strangers.includes(to);
  expect(await trespasses("src/pool", known)).toEqual([]);
  for (
    const [client, loads] of [["backends/pool.ts", "../pool/pool_run.ts"], [
      "engine/worker_handle.ts",
      "./step_pool.ts",
    ]]
  ) {
    expect(await Deno.readTextFile(join(root, "src", client!))).toContain(`import("${loads}")`);
  }
});

Deno.test("src/schema/ knows workflows and what they are made of, and neither runs, backends nor the engine", async () => {
  const strangers =
    /^src\/(engine|backends|execution|pool|results)\/|^src\/(in_process|attempt)\.ts$|^storage\/(?!codec\/)/;
  expect(await trespasses("src/schema", (to) => !strangers.test(to))).toEqual([]);
});

Deno.test("nodes know no graphs, graphs no workflows, workflows no runs", async () => {
  const layers = [
    [
      "src/node.ts",
      "src/component.ts",
      "src/stand_in.ts",
      "src/task_info.ts",
      "src/task.ts",
      "src/instance.ts",
      "src/arguments.ts",
      "src/input.ts",
      "src/naming.ts",
      "src/control/case_scope.ts",
      "src/control/control.ts",
      "src/control/control_node.ts",
      "src/control/optional.ts",
      "src/control/any_of.ts",
      "src/control/branch.ts",
      "src/control/gather.ts",
      "src/control/map.ts",
      "src/control/map_body.ts",
      "src/control/sub_workflow.ts",
      "src/definition.ts",
      "src/control/repeat_until.ts",
    ],
    ["src/graph.ts", "src/graph_order.ts", "src/node_names.ts", "src/control/joins_of.ts"],
    [
      "src/program.ts",
      "src/slots.ts",
      "src/query.ts",
      "src/results/decisions.ts",
      "src/results/storage_results.ts",
      "src/workflow.ts",
      "src/workflow_options.ts",
    ],
    [
      "src/execution/execution.ts",
      "src/execution/fast_path.ts",
      "src/execution/step.ts",
      "src/in_process.ts",
      "src/attempt.ts",
    ],
  ];
  const layerOf = (file: string): number => layers.findIndex((layer) => layer.includes(file));
  const files = new Map(await importsOf("src"));
  for (const file of layers.flat()) expect([...files.keys()]).toContain(file);
  const upwards = await trespasses("src", (to, file) => layerOf(file) < 0 || layerOf(to) <= layerOf(file));
  expect(upwards).toEqual([]);
});

Deno.test("forks and bundles are loaded with the first of them", async () => {
  const loaded = /^src\/engine\/(fork|fork_plan|near_names|copied_values|record_files)\.ts$|^src\/engine\/bundle\//;
  const lazy = new Map<string, number>();
  for (const folder of ["src", "storage"]) {
    for await (const { path } of walk(join(root, folder), { exts: [".ts"] })) {
      const file = relative(root, path);
      if (loaded.test(file)) continue;
      const source = await Deno.readTextFile(path);
      for (const [, to = ""] of source.matchAll(/^(?:import|export) (?!type\b)[^;]*?from "(\.[^"]+)"/gm)) {
        expect(relative(root, join(dirname(path), to))).not.toMatch(loaded);
      }
      lazy.set(file, [...source.matchAll(/import\("\.\/(?:fork|bundle\/\w+)\.ts"\)/g)].length);
    }
  }
  expect(lazy.get("src/engine/runtime.ts")).toBe(3);
});
