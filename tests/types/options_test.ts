import { type Node, type Policy, task, type TaskContext, type TaskOptions } from "@fusewire/fusewire";
import { refused, typeOf } from "./type_of.ts";

Deno.test("A function as onFailure widens the type of the node", () => {
  typeOf(task(() => 1, { onFailure: () => "none" })()).is<Node<string | number>>();
  typeOf(task((x: number) => `${x}`, { onFailure: () => null })(1)).is<Node<string | null>>();
  typeOf(task(() => 1, { onFailure: () => Promise.resolve(false) })()).is<Node<number | boolean>>();
  typeOf(task(() => 1, { onFailure: () => 0 })()).is<Node<number>>();
  typeOf(task(() => Promise.resolve([1]), { onFailure: () => undefined })()).is<Node<number[] | undefined>>();
  const guarded = task((): { rate: number } => ({ rate: 1 }), {
    onFailure: (error) => {
      typeOf(error).is<unknown>();
      return { rate: 0, reason: String(error) };
    },
  });
  typeOf(guarded()).is<Node<{ rate: number } | { rate: number; reason: string }>>();
  refused(() => {
    // @ts-expect-error: the node may be a string
    task((x: number) => x)(task(() => 1, { onFailure: () => "none" })());
  });
});

Deno.test("fail and skip leave the type of the node as it is", () => {
  typeOf(task(() => 1, { onFailure: "skip" })()).is<Node<number>>();
  typeOf(task(() => 1, { onFailure: "fail" })()).is<Node<number>>();
  typeOf(task(() => 1, { retry: { maxAttempts: 3 }, timeout: 10, cache: "content" })()).is<Node<number>>();
});

Deno.test("with() on one node takes a fallback of the node's own type", () => {
  const node = task(() => 1)();
  typeOf(node.with({ onFailure: () => 0 })).is<Node<number>>();
  typeOf(node.with({ onFailure: () => Promise.resolve(0), concurrency: { key: "api", limit: 2 } })).is<Node<number>>();
  refused(() => {
    // @ts-expect-error: the node is one of a number
    node.with({ onFailure: () => "none" });
    // @ts-expect-error: no such option
    node.with({ retries: 3 });
    // @ts-expect-error: a limit needs a key
    node.with({ concurrency: { limit: 1 } });
  });
});

Deno.test("Options are of known names and values", () => {
  const shared: TaskOptions = { version: "2", seed: 7, pure: true, policies: [] };
  typeOf(task(() => 1, shared)()).is<Node<number>>();
  refused(() => {
    // @ts-expect-error: no such option
    task(() => 1, { retries: 3 });
    // @ts-expect-error: no such way to cache
    task(() => 1, { cache: "always" });
    // @ts-expect-error: cache is switched off with false
    task(() => 1, { cache: true });
    // @ts-expect-error: milliseconds are a number
    task(() => 1, { timeout: "1s" });
    // @ts-expect-error: neither a word that is known nor a function
    task(() => 1, { onFailure: "ignore" });
    // @ts-expect-error: no such option of retry
    task(() => 1, { retry: { attempts: 3 } });
  });
});

Deno.test("A policy sees the attempt's context", () => {
  const policy: Policy = {
    execute: (call, context) => {
      typeOf(call).is<() => Promise<unknown>>();
      typeOf(context).is<TaskContext>();
      typeOf(context.fence).is<bigint>();
      typeOf(context.signal).is<AbortSignal>();
      typeOf(context.attempt).is<number>();
      return call();
    },
    onFailure: () => ({ action: "retry", delay: 5 }),
  };
  typeOf(task(() => 1, { policies: [policy] })()).is<Node<number>>();
  refused(() => {
    // @ts-expect-error: no such action
    const wrong: Policy = { onFailure: () => ({ action: "again" }) };
    typeOf(wrong);
  });
});
