/**
 * What the mutations of durable runs cost by themselves: those that the engine makes are noted, and made again on a new file, as full as
 * atomics may be, by nobody but Deno KV.
 *
 * @module
 */
import { openRuntime, type Runtime } from "../mod.ts";
import { timed } from "./measure.ts";

/** One commit, as it was made. */
interface Noted {
  readonly checks: Deno.KvKey[];
  readonly sets: [Deno.KvKey, unknown][];
  readonly deletes: Deno.KvKey[];
}

/** A KV in memory that notes every commit. */
function notingKv(kv: Deno.Kv, noted: Noted[]): Deno.Kv {
  return new Proxy(kv, {
    get(target, name) {
      if (name !== "atomic") {
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      }
      return () => notingAtomic(target.atomic(), noted);
    },
  });
}

function notingAtomic(atomic: Deno.AtomicOperation, noted: Noted[]): unknown {
  const commit: Noted = { checks: [], sets: [], deletes: [] };
  const noting = {
    check(...checks: Deno.AtomicCheck[]) {
      commit.checks.push(...checks.map(({ key }) => key));
      atomic.check(...checks);
      return noting;
    },
    set(key: Deno.KvKey, value: unknown) {
      commit.sets.push([key, value]);
      atomic.set(key, value);
      return noting;
    },
    delete(key: Deno.KvKey) {
      commit.deletes.push(key);
      atomic.delete(key);
      return noting;
    },
    async commit() {
      const result = await atomic.commit();
      if (result.ok) noted.push(commit);
      return result;
    },
  };
  return noting;
}

/** Milliseconds that the commits of this work take on a new file, one after another, with the same checks. */
export async function bareMutations(path: string, work: (runtime: Runtime) => Promise<void>): Promise<number> {
  const noted: Noted[] = [];
  using memory = await Deno.openKv(":memory:");
  {
    await using runtime = await openRuntime({ kv: notingKv(memory, noted) });
    await work(runtime);
  }
  using kv = await Deno.openKv(path);
  const versions = new Map<string, string | null>();
  const commits = noted.map(({ checks, sets, deletes }) => ({
    checks: checks.map((key) => ({ key, text: JSON.stringify(key) })),
    sets: sets.map(([key, value]) => ({ key, value, text: JSON.stringify(key) })),
    deletes: deletes.map((key) => ({ key, text: JSON.stringify(key) })),
  }));
  return await timed(async () => {
    for (const { checks, sets, deletes } of commits) {
      const atomic = kv.atomic();
      for (const { key, text } of checks) atomic.check({ key, versionstamp: versions.get(text) ?? null });
      for (const { key, value } of sets) atomic.set(key, value);
      for (const { key } of deletes) atomic.delete(key);
      const result = await atomic.commit();
      if (!result.ok) throw new Error("A check failed.");
      for (const { text } of sets) versions.set(text, result.versionstamp);
      for (const { text } of deletes) versions.set(text, null);
    }
  });
}
