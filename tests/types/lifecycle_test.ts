import {
  type BatchResult,
  context,
  defineHooks,
  defineWorkflow,
  type HookOutcome,
  type Hooks,
  type Input,
  runBatch,
  type Runtime,
  task,
  type TaskHooks,
} from "@fusewire/fusewire";
import { refused, typeOf } from "./type_of.ts";

Deno.test("The function of a task has what setup made, with its type", () => {
  const hooks = defineHooks({
    setup: ({ attempt }) => Promise.resolve({ attempt }),
    teardown: (resource, outcome, { nodeName }) => {
      typeOf(resource).is<{ attempt: number }>();
      typeOf(outcome).is<HookOutcome>();
      typeOf(nodeName).is<string>();
    },
  });
  typeOf(hooks).is<Hooks<{ attempt: number }>>();
  refused(() => {
    typeOf(hooks.resource()).is<{ attempt: number }>();
    // @ts-expect-error: it has no such property
    hooks.resource().path;
    // @ts-expect-error: teardown takes what setup makes
    defineHooks<string>({ setup: () => "text", teardown: (resource: number) => void resource });
  });
  task(() => 1, { hooks });
  const any: TaskHooks = hooks;
  task(() => 1, { hooks: any });
});

Deno.test("What is shared has the type of what makes it", () => {
  refused(() => {
    typeOf(context().shared.getOrCreate("key", () => 1)).is<Promise<number>>();
    typeOf(context().shared.getOrCreate("key", () => Promise.resolve("x"), (value) => typeOf(value).is<string>()))
      .is<Promise<string>>();
  });
});

Deno.test("A batch takes the inputs of its definition, and its results have the type of its targets", () => {
  const length = task((text: string) => text.length);
  const lengths = defineWorkflow("lengths", { version: "1" }, (input: Input<{ text: string }>) => length(input.text));
  refused((runtime?: Runtime) => {
    typeOf(runBatch(lengths, [{ text: "x" }])).is<
      AsyncGenerator<BatchResult<{ text: string }, number>, void, undefined>
    >();
    typeOf(runtime!.runBatch(lengths, [{ text: "x" }])).is<
      AsyncGenerator<BatchResult<{ text: string }, number>, void, undefined>
    >();
    // @ts-expect-error: an input that is none of this definition
    runBatch(lengths, [{ text: 1 }]);
    // @ts-expect-error: an input that is none of this definition
    runtime!.runBatch(lengths, [{ word: "x" }]);
  });
});
