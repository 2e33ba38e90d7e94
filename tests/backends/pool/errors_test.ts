import { expect } from "@std/expect";
import {
  ConfigError,
  type Node,
  PoolWorkflow,
  RetryPolicy,
  SerializationError,
  StepFailedError,
} from "@fusewire/fusewire";
import { giveUnfit, raise, raiseLater, take, type Unfit } from "../pool_fixtures/throwers.ts";
import { ManualClock } from "../../manual_clock.ts";
import { poolTest } from "./counted_workers.ts";

const options = { workflowName: "errors", workers: 1 };

async function causeOf(node: Node<unknown>): Promise<unknown> {
  const error: unknown = await new PoolWorkflow(node, options).run().catch((error: unknown) => error);
  if (!(error instanceof StepFailedError)) throw error;
  return error.cause;
}

async function errorOf(node: Node<unknown>): Promise<Error & Record<string, unknown>> {
  const cause = await causeOf(node);
  if (!(cause instanceof Error)) throw new TypeError("an error is expected");
  return Object.assign(cause);
}

poolTest("An error of one's own class arrives with class, message, stack, cause and properties", async () => {
  for (const node of [raise("quota"), raiseLater("quota")]) {
    const error = await errorOf(node);
    expect(error).toBeInstanceOf(RangeError);
    expect([error.constructor.name, error.name, error.message]).toEqual(["QuotaError", "RangeError", "too much"]);
    expect([error["code"], error["limits"]]).toEqual(["E_QUOTA", { most: 3 }]);
    expect(error.stack).toContain("pool_fixtures/throwers.ts");
    expect(Object.keys(error).sort()).toEqual(["code", "limits"]);
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(error.cause).toMatchObject({ message: "inner", cause: "innermost" });
  }
});

poolTest("Errors of built-in classes, of Deno and of this package are of the same class again", async () => {
  expect(await errorOf(raise("missing"))).toBeInstanceOf(Deno.errors.NotFound);
  const config = await errorOf(raise("own"));
  expect(config).toBeInstanceOf(ConfigError);
  expect(config).toMatchObject({ code: "CONFIG", workflow: "w", node: "n", name: "ConfigError" });
  const dom = await errorOf(raise("dom"));
  expect(dom).toBeInstanceOf(DOMException);
  expect([dom.name, dom.message]).toEqual(["AbortError", "given up"]);
  const several = await errorOf(raise("aggregate"));
  expect(several).toBeInstanceOf(AggregateError);
  expect(several).toMatchObject({ message: "several" });
  const [first, second] = several instanceof AggregateError ? several.errors : [];
  expect(first).toBeInstanceOf(RangeError);
  expect(second).toBe("two");
  expect((await errorOf(raise("named"))).name).toBe("NamedError");
});

poolTest("The next attempt on a pool waits as long as the response asks that an error carries", async () => {
  const clock = new ManualClock();
  const node = raise("refused").with({ retry: { maxAttempts: 2, initialDelay: 10 } });
  const run = await new PoolWorkflow(node, { ...options, clock }).start();
  expect(await clock.untilTimers()).toEqual([90_000]);
  clock.advance(90_000);
  await expect(run.result()).rejects.toThrow("after 2 attempts: refused");
});

poolTest("What is thrown and is no error arrives as it is", async () => {
  expect(await causeOf(raise("text"))).toBe("only text");
  expect(await causeOf(raise("record"))).toEqual({ code: 7 });
  expect(await causeOf(raise("nothing"))).toBe(undefined);
});

poolTest("A property that can not travel arrives as text", async () => {
  const error = await errorOf(raise("odd"));
  expect(error["at"]).toEqual(new Date(5));
  expect(String(error["run"]).replaceAll(" ", "")).toBe("()=>1");
});

poolTest("An error that can not be read says so", async () => {
  expect((await errorOf(raise("trap"))).message).toContain("can not be read: Error: caught");
});

poolTest("Retries and fallbacks see the error as it is in process", async () => {
  const seen: string[] = [];
  const retryIf = (error: unknown, attempt: number): boolean => {
    seen.push(`${attempt} ${error instanceof RangeError}`);
    return attempt < 2;
  };
  const node = raise("quota").with({
    retry: { maxAttempts: 5, initialDelay: 0, retryIf },
    onFailure: (error): never => {
      throw new Error(`fallback of ${error instanceof RangeError}`);
    },
  });
  expect(await errorOf(node)).toMatchObject({ message: "fallback of true" });
  expect(seen).toEqual(["1 true", "2 true"]);
  const policed = raise("quota").with({ policies: [new RetryPolicy({ maxAttempts: 3, initialDelay: 0 })] });
  const run = await new PoolWorkflow(policed, options).start();
  await run.result().catch(() => {});
  expect((await run.status()).steps[0]?.attempt).toBe(3);
});

const paths: Record<Unfit, string> = {
  callback: "The value at `.model.predict` in the result of node `NODE` is the function `predict`",
  point: "The value at `[0][0]` in the result of node `NODE` is an object of class Point",
  symbol: 'The value at `.get("key")` in the result of node `NODE` is the symbol Symbol(s)',
  promise: "The value at `.list[1]` in the result of node `NODE` is an object of class Promise",
  url: 'The value at `["the url"]` in the result of node `NODE` is an object of class URL',
  proxy: "In the result of node `NODE` is a part that can not go to another thread",
  weak: "The value at `.values()` in the result of node `NODE` is an object of class WeakMap",
  whole: "The result of node `NODE` is the function `(anonymous)`",
};

poolTest("A result that can not travel fails its node, and the error names the path", async () => {
  for (const [kind, message] of Object.entries(paths)) {
    // The keys of `paths` are those of its type.
    const node = giveUnfit(kind as Unfit);
    const error = await errorOf(node);
    expect(error).toBeInstanceOf(SerializationError);
    expect(error.message).toContain(message.replace("NODE", node.name));
  }
});

poolTest("An argument that can not travel fails its node, and the error names the path", async () => {
  class Model {}
  const cases: [unknown, string][] = [
    [{ options: { onStep: () => 1 } }, "The value at `[0].options.onStep` in the arguments of node"],
    [new Model(), "The value at `[0]` in the arguments of node"],
    [new Proxy({}, {}), "In the arguments of node"],
  ];
  for (const [value, message] of cases) {
    const error = await errorOf(take(value));
    expect(error).toBeInstanceOf(SerializationError);
    expect(error.message).toContain(message);
  }
});
