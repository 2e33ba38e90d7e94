import type { KvAtomicLike, KvEntryMaybe, KvKey, KvLike, KvListIteratorLike, MemoryKv } from "../../testing/mod.ts";
import { typeOf } from "../types/type_of.ts";

Deno.test("Deno.Kv is a KvLike, and so is MemoryKv", () => {
  const likes = (kv: Deno.Kv, atomic: Deno.AtomicOperation, list: Deno.KvListIterator<string>, memory: MemoryKv) => {
    const all: readonly KvLike[] = [kv, memory];
    const commit: KvAtomicLike = atomic;
    const entries: KvListIteratorLike<string> = list;
    return { all, commit, entries };
  };
  typeOf(likes).is<
    (kv: Deno.Kv, atomic: Deno.AtomicOperation, list: Deno.KvListIterator<string>, memory: MemoryKv) => {
      all: readonly KvLike[];
      commit: KvAtomicLike;
      entries: KvListIteratorLike<string>;
    }
  >();
});

Deno.test("KvLike has the keys and entries of Deno.Kv", () => {
  typeOf<KvKey>().is<Deno.KvKey>();
  typeOf<KvEntryMaybe<number>>().is<Deno.KvEntryMaybe<number>>();
  const read = async (kv: KvLike) => ({
    one: await kv.get<number>(["a"]),
    many: await kv.getMany<[string, boolean]>([["a"], ["b"]]),
  });
  typeOf<Awaited<ReturnType<typeof read>>>().is<{
    one: KvEntryMaybe<number>;
    many: [KvEntryMaybe<string>, KvEntryMaybe<boolean>];
  }>();
});
