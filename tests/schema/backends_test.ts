import { expect } from "@std/expect";
import {
  fromYaml,
  GraphWorkflow,
  KvWorkflow,
  LocalWorkflow,
  openRuntime,
  PoolWorkflow,
  type Run,
  toYaml,
} from "@fusewire/fusewire";
import { executableOf } from "../../src/engine/executable.ts";
import { code, mixed, tasks, waiting } from "./fixture.ts";

const input = { texts: ["3", "4"], kind: "square" };
const result = [{ chosen: 49, of: [3, 16] }, new Map([["constant", 1n]])];

const settled = [{ status: "fulfilled", value: 2 }, { status: "fulfilled", value: 3 }];

Deno.test("A definition from YAML runs in this thread, on a pool and durably, and is drawn, as the one it came from", async () => {
  const yaml = await toYaml(mixed);
  const read = await fromYaml(yaml, { tasks });
  expect(await new LocalWorkflow(read, { input }).run()).toEqual(result);
  expect(await new PoolWorkflow(read, { input, workers: 2 }).run()).toEqual(result);
  await using runtime = await openRuntime({ kv: ":memory:" });
  expect(await runtime.run(read, input)).toEqual(result);
  expect(await new KvWorkflow(read, { input, runtime }).run()).toEqual(result);
  const drawn = (source: typeof read) => new GraphWorkflow(source, { path: "unused.svg", input });
  expect(drawn(read).toMermaid()).toBe(
    new GraphWorkflow(mixed, { path: "unused.svg", input: { texts: ["3", "4"], kind: "" } }).toMermaid(),
  );
  for (const workflow of [new LocalWorkflow(read, { input }), drawn(read), new KvWorkflow(read, { input, runtime })]) {
    expect(await workflow.toYaml()).toBe(yaml);
  }
});

Deno.test("A run that a definition began goes on with the one from its YAML, in the same runtime", async () => {
  const read = await fromYaml(await toYaml(mixed), { tasks });
  await using runtime = await openRuntime({ kv: ":memory:" });
  const run = await runtime.start(mixed, { texts: ["1", "2"], kind: "other" });
  await runtime.worker([read]).tick({ budgetMs: 30_000 });
  expect(await run.result()).toEqual([{ chosen: 3, of: [1, 4] }, new Map([["constant", 1n]])]);
});

Deno.test("Maps, loops, sleeps, signals and runs within runs from YAML do as those they came from, here and durably", async () => {
  const yaml = await toYaml(waiting, code);
  const read = await fromYaml(yaml, code);
  expect(await toYaml(read, code)).toBe(yaml);
  expect(executableOf(read).definition).toEqual(executableOf(waiting).definition);
  const input = { texts: ["2", "3"], ms: 5 };
  const result = [[2, 3], [4, 9], settled, 12, "Ada", 2, 256, 6561];
  const ended = async (run: Run<unknown>): Promise<unknown> => {
    await run.signal("paid", "not a number");
    await run.signal("paid", 12);
    await run.signal("ship", { approved: true, by: "Ada" });
    return await run.result();
  };
  await using runtime = await openRuntime({ kv: ":memory:" });
  const statuses = [];
  for (const definition of [waiting, read]) {
    const local = await new LocalWorkflow(definition, { input }).start();
    expect(await ended(local)).toEqual(result);
    const durable = await new KvWorkflow(definition, { input, runtime }).start();
    expect(await ended(durable)).toEqual(result);
    for (const run of [local, durable]) {
      statuses.push((await run.status()).steps.map(({ name, status }) => [name, status]));
    }
  }
  expect(statuses[2]).toEqual(statuses[0]);
  expect(statuses[3]).toEqual(statuses[1]);
});

Deno.test("A run that waits for a signal, a loop and its items goes on with the definition from YAML", async () => {
  const read = await fromYaml(await toYaml(waiting, code), code);
  await using runtime = await openRuntime({ kv: ":memory:" });
  const run = await runtime.start(waiting, { texts: ["2", "3"], ms: 1 });
  await runtime.worker([waiting]).tick({ budgetMs: 200 });
  expect((await run.status()).status).toBe("RUNNING");
  await run.signal("paid", 12);
  await run.signal("ship", { approved: true, by: "Ada" });
  await runtime.worker([read]).tick({ budgetMs: 30_000 });
  expect(await run.result()).toEqual([[2, 3], [4, 9], settled, 12, "Ada", 2, 256, 6561]);
});

Deno.test("A definition from the YAML of nodes has no version, and is run durably like the nodes", async () => {
  const nodes = new LocalWorkflow(tasks.square(tasks.parse("3")), { workflowName: "nodes" });
  const read = await fromYaml(await nodes.toYaml(), { tasks });
  expect(read.version).toBe("");
  await using runtime = await openRuntime({ kv: ":memory:" });
  expect(await runtime.run(read, undefined)).toBe(9);
  const run = await runtime.start(read, undefined);
  await runtime.worker([read]).tick({ budgetMs: 30_000 });
  expect(await run.result()).toBe(9);
});

Deno.test("Schemas and YAML are loaded with the first of them, and need no permission", async () => {
  const script = `
    import { toYaml, fromYaml, defineWorkflow, task } from ${JSON.stringify(import.meta.resolve("../../mod.ts"))};
    const add = task((a, b) => a + b, { name: "add" });
    const yaml = await toYaml(defineWorkflow("w", { version: "1" }, () => add(1, 2)));
    console.log((await fromYaml(yaml, { tasks: { add } })).name);`;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", "--ext=js", "-"],
    cwd: new URL("../..", import.meta.url),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await ReadableStream.from([new TextEncoder().encode(script)]).pipeTo(process.stdin);
  const { code, stdout, stderr } = await process.output();
  expect(new TextDecoder().decode(code === 0 ? stdout : stderr)).toBe("w\n");
  const info = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "mod.ts"],
    cwd: new URL("../..", import.meta.url),
  }).output();
  interface Module {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly isDynamic?: boolean;
      readonly code?: { readonly specifier: string };
    }[];
  }
  const { modules, roots }: { modules: Module[]; roots: string[] } = JSON.parse(new TextDecoder().decode(info.stdout));
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const atOnce = new Set(roots);
  for (const specifier of atOnce) {
    for (const { isDynamic, code } of bySpecifier.get(specifier)?.dependencies ?? []) {
      if (isDynamic !== true && code !== undefined) atOnce.add(code.specifier);
    }
  }
  const ofSchemas = [...atOnce].filter((specifier) => /\/src\/schema\/|yaml/.test(specifier)).map((specifier) =>
    specifier.replace(/.*\//, "")
  );
  expect(ofSchemas).toEqual(["schema.ts"]);
});
