import { expect } from "@std/expect";
import {
  branch,
  ConfigError,
  defineWorkflow,
  LocalWorkflow,
  MemoryRuntimeStorage,
  type NodeItem,
  openRuntime,
  type StandardSchema,
  task,
} from "@fusewire/fusewire";
import { fromFileUrl } from "@std/path";
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";
import { refused, typeOf } from "../types/type_of.ts";
import { list, twice } from "./orders.ts";

Deno.test("zod and valibot: a check that waits is waited for", async () => {
  const known = async (name: string): Promise<boolean> => {
    await Promise.resolve();
    return name === "Ada";
  };
  const schemas: readonly StandardSchema<{ name: string }>[] = [
    z.object({ name: z.string().refine(known, "nobody of that name") }),
    v.objectAsync({ name: v.pipeAsync(v.string(), v.checkAsync(known, "nobody of that name")) }),
  ];
  for (const input of schemas) {
    const definition = defineWorkflow("known", { version: "1", input }, (input) => list(input.name));
    expect(await new LocalWorkflow(definition, { input: { name: "Ada" } }).run()).toEqual(["Ada"]);
    await expect(new LocalWorkflow(definition, { input: { name: "Bob" } }).run()).rejects.toThrow(
      "The input of workflow `known` is not what its schema asks for: name: nobody of that name.",
    );
  }
});

Deno.test("an input that may be left out may be left out, and one that is no object is passed whole", async () => {
  const limit = { version: "1", input: z.object({ limit: z.number() }).default({ limit: 3 }) };
  const defaulted = defineWorkflow("defaulted", limit, (input) => twice(input.limit));
  const port = v.pipe(v.string(), v.transform(Number), v.integer());
  const whole = defineWorkflow("whole", { version: "1", input: port }, (input) => twice(input));
  const many = defineWorkflow("many", { version: "1", input: type("string[]") }, (input) => list(input, input[1]!));
  await using runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage() });
  expect(await runtime.run(defaulted)).toBe(6);
  expect(await runtime.run(defaulted, { limit: 4 })).toBe(8);
  expect(await new LocalWorkflow(defaulted, {}).run()).toBe(6);
  expect(await runtime.run(whole, "21")).toBe(42);
  expect(await runtime.run(many, ["a", "b"])).toEqual([["a", "b"], "b"]);
  refused(() => {
    // @ts-expect-error a text goes into the schema
    runtime.run(whole, 21);
    // @ts-expect-error the input is missing
    runtime.run(whole);
  });
});

Deno.test("a union's tag selects the case of a branch", async () => {
  const input = z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("square"), side: z.number() }),
    z.object({ kind: z.literal("circle"), radius: z.number() }),
  ]);
  const area = task((shape: z.output<typeof input>) => shape.kind === "square" ? shape.side ** 2 : shape.radius);
  const definition = defineWorkflow("shapes", { version: "1", input }, (input) => {
    typeOf(input.kind).is<NodeItem<"square" | "circle">>();
    return branch(input.kind, { square: () => area(input), circle: () => list("circle", input) });
  });
  expect(await new LocalWorkflow(definition, { input: { kind: "square", side: 3 } }).run()).toBe(9);
  expect(await new LocalWorkflow(definition, { input: { kind: "circle", radius: 3 } }).run()).toEqual([
    "circle",
    { kind: "circle", radius: 3 },
  ]);
});

Deno.test("what is no schema is refused where the definition is made", () => {
  for (const input of [{}, null, z.object, { "~standard": { version: 1, vendor: "none" } }]) {
    const define = () => defineWorkflow("x", { version: "1", input: input as never }, () => []);
    expect(define).toThrow(ConfigError);
    expect(define).toThrow(/Option `input` of definition `x` is .*, which is no Standard Schema; give it/);
  }
});

Deno.test("the libraries and what they check need no permission", async () => {
  const program = `
    import { defineWorkflow, LocalWorkflow, task } from "@fusewire/fusewire";
    import { type } from "arktype";
    import * as v from "valibot";
    import { z } from "zod";
    const twice = task((n) => n * 2, { name: "twice" });
    for (const input of [z.object({ n: z.number() }), v.object({ n: v.number() }), type({ n: "number" })]) {
      const definition = defineWorkflow("twice", { version: "1", input }, (input) => twice(input.n));
      console.log(await new LocalWorkflow(definition, { input: { n: 2 } }).run());
    }`;
  const config = fromFileUrl(import.meta.resolve("../../deno.json"));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", "--config", config, "-"],
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdin = child.stdin.getWriter();
  await stdin.write(new TextEncoder().encode(program));
  await stdin.close();
  const { stdout, stderr } = await child.output();
  expect(new TextDecoder().decode(stderr)).toBe("");
  expect(new TextDecoder().decode(stdout)).toBe("4\n4\n4\n");
});
