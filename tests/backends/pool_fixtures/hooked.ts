/** Tasks with hooks, and tasks that share something in their thread; what is called is noted in the file that the environment names. */
import { context, defineHooks, type RunHookContext, task } from "@fusewire/fusewire";

/** The variable of the environment that has the path of the file. */
export const LOG = "FUSEWIRE_TEST_HOOKED_LOG";

const isWorker = "WorkerGlobalScope" in globalThis;

function note(text: string): void {
  Deno.writeTextFileSync(Deno.env.get(LOG)!, `${isWorker ? "worker" : "parent"} ${text}\n`, { append: true });
}

export const hooks = defineHooks<number>({
  beforeAll: ({ workflowName }: RunHookContext) => note(`beforeAll ${workflowName}`),
  setup: async ({ attempt }) => {
    await Promise.resolve();
    note(`setup ${attempt}`);
    return 10 * attempt;
  },
  teardown: async (resource, { status }) => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    note(`teardown ${resource} ${status}`);
  },
  afterAll: () => note("afterAll"),
});

export const add = task(function add(n: number): number {
  note(`add ${n}`);
  return hooks.resource() + n;
}, { hooks });

export const fail = task(function fail(): number {
  throw new RangeError(`attempt ${context().attempt}`);
}, { hooks });

export const stay = task(async function stay(): Promise<void> {
  note("stays");
  await new Promise(() => {});
}, { hooks });

export const spin = task(function spin(): void {
  note("spins");
  while (true);
}, { hooks });

export const broken = task(function broken(): number {
  return 1;
}, {
  hooks: {
    setup() {
      throw new RangeError("no setup");
    },
  },
});

export const share = task(async function share(name: string): Promise<string> {
  const client = await context().shared.getOrCreate("client", () => {
    note(`made by ${name}`);
    return {
      name,
      async [Symbol.asyncDispose]() {
        await new Promise((resolve) => setTimeout(resolve, 20));
        note(`disposed of ${name}`);
      },
    };
  });
  return client.name;
});

export const shareBadly = task(async function shareBadly(): Promise<number> {
  return await context().shared.getOrCreate("odd", () => 1, () => Promise.reject(new Error("stuck")));
});
