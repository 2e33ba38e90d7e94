/**
 * Schemas of the libraries that follow Standard Schema: what goes in, what comes out, and how they refuse.
 *
 * @module
 */
import { expect } from "@std/expect";
import {
  ConfigError,
  defineWorkflow,
  type Definition,
  KvWorkflow,
  LocalWorkflow,
  MemoryRuntimeStorage,
  openRuntime,
  task,
} from "@fusewire/fusewire";
import { refused } from "../types/type_of.ts";
import {
  arktypeOrder,
  faulty,
  list,
  made,
  order,
  valibotOrder,
  withArktype,
  withValibot,
  withZod,
  zodOrder,
} from "./orders.ts";

interface Library {
  /** The definition, as a caller sees it. */
  readonly definition: Definition<typeof order & { readonly amount?: number; readonly note?: string }, unknown[]>;
  /** How the library names the three faults of an order. */
  readonly faults: readonly RegExp[];
}

const libraries: Readonly<Record<string, Library>> = {
  zod: {
    definition: withZod,
    faults: [
      /; amount: Too small|is not what its schema asks for: amount: Too small/,
      /customer\.tags\.1: Invalid input/,
      /lines\.0\.sku: Invalid/,
    ],
  },
  valibot: {
    definition: withValibot,
    faults: [/amount: Invalid value/, /customer\.tags\.1: Invalid type/, /lines\.0\.sku: Invalid key/],
  },
  arktype: {
    definition: withArktype,
    faults: [/amount: amount must be at least 1/, /customer\.tags\.1: .*must be a string/, /lines\.0\.sku: .*missing/],
  },
};

for (const [name, { definition, faults }] of Object.entries(libraries)) {
  Deno.test(`${name}: nodes get what the schema gives back, here and in a durable run that another process makes`, async () => {
    expect(await new LocalWorkflow(definition, { input: order }).run()).toEqual(made);
    const given = { ...order, amount: 2, note: "soon" };
    const expected = made.with(1, 4).with(6, "soon");
    expect(await new LocalWorkflow(definition, { input: given }).run()).toEqual(expected);

    const storage = new MemoryRuntimeStorage();
    await using starter = await openRuntime({ runtimeStorage: storage });
    const { id } = await starter.start(definition, given);
    await using other = await openRuntime({ runtimeStorage: storage });
    await other.worker([definition]).tick({ budgetMs: 10_000 });
    expect(await starter.get(id).result()).toEqual(expected);
    expect(await new KvWorkflow(definition, { runtime: other, input: order }).run()).toEqual(made);
  });

  Deno.test(`${name}: a refused input is one ConfigError with all that is wrong and where, before anything is stored`, async () => {
    const calls: string[] = [];
    const storage = new Proxy(new MemoryRuntimeStorage(), {
      get(target, key) {
        const own: unknown = Reflect.get(target, key, target);
        if (typeof own !== "function") return own;
        return (...args: unknown[]): unknown => {
          calls.push(String(key));
          return Reflect.apply(own, target, args);
        };
      },
    });
    await using runtime = await openRuntime({ runtimeStorage: storage });
    const opened = calls.length;
    const input = faulty as unknown as typeof order; // what a mistaken program would give
    const local = new LocalWorkflow(definition, { input });
    const ways: readonly (() => Promise<unknown>)[] = [
      () => local.run(),
      () => local.start(),
      () => local.plan(),
      () => runtime.start(definition, input),
      () => runtime.run(definition, input),
      () => new KvWorkflow(definition, { runtime, input }).start(),
    ];
    for (const way of ways) {
      const error = await way().then(() => undefined, (error: unknown) => error);
      expect(error).toBeInstanceOf(ConfigError);
      expect(error).toMatchObject({ workflow: definition.name });
      const { message } = error as ConfigError; // as was just seen
      for (const fault of faults) expect(message).toMatch(fault);
      expect(message.split("; ").length).toBe(faults.length);
    }
    expect(calls.slice(opened)).toEqual([]);
    await runtime.start(definition, order);
    expect(calls.length).toBeGreaterThan(opened);
  });
}

Deno.test("callers give what goes into a schema, and nodes take what comes out", () => {
  const take = async (): Promise<void> => {
    await using runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage() });
    await runtime.start(withZod, order);
    await runtime.start(withValibot, { ...order, amount: 1 });
    await runtime.start(withArktype, { ...order, note: "soon" });
    // @ts-expect-error the day goes in as a text
    await runtime.start(withZod, { ...order, day: new Date() });
    // @ts-expect-error the day goes in as a text
    await runtime.start(withValibot, { ...order, day: new Date() });
    // @ts-expect-error the day goes in as a text
    await runtime.start(withArktype, { ...order, day: new Date() });
    // @ts-expect-error the customer is missing
    await runtime.run(withZod, { day: "2026-05-04", lines: [] });
    // @ts-expect-error the amount is a number
    new LocalWorkflow(withZod, { input: { ...order, amount: "1" } });
    // @ts-expect-error the amount is a number
    new LocalWorkflow(withValibot, { input: { ...order, amount: "1" } });
    // @ts-expect-error the amount is a number
    new KvWorkflow(withArktype, { runtime, input: { ...order, amount: "1" } });
    // @ts-expect-error the day comes out as a date
    defineWorkflow("x", { version: "1", input: zodOrder }, (input) => task((day: string) => day)(input.day));
    // @ts-expect-error there is no such part
    defineWorkflow("x", { version: "1", input: arktypeOrder }, (input) => list(input.night));
    // @ts-expect-error a line has no such part
    defineWorkflow("x", { version: "1", input: valibotOrder }, (input) => list(input.lines.item(0).item("price")));
  };
  refused(() => void take());
});
