import { expect } from "@std/expect";
import type { ListedObject } from "../../../../storage/object_store/object_store.ts";
import { bytesOf } from "../../../../testing/object_store_fixture.ts";
import { storeOnFake } from "./stores.ts";

const KEYS = Array.from({ length: 25 }, (_, i) => `o/${String(i).padStart(2, "0")}`);

async function filled(pageSize: number, emptyPages = false) {
  const made = storeOnFake({
    pageSize,
    fault: ({ method, url }) => {
      // The service may give a page without objects before the next one.
      const isFirst = emptyPages && method === "GET" && url.pathname.endsWith("/o") &&
        !url.searchParams.has("pageToken");
      return isFirst ? { answer: Response.json({ nextPageToken: "fusewire/" }) } : undefined;
    },
  });
  for (const [i, key] of KEYS.entries()) await made.store.put(key, bytesOf(i), { apart: true });
  made.api.requests.length = 0;
  return made;
}

Deno.test("25 objects come in pages of 10, each once, with sizes", async () => {
  const { store, api } = await filled(10);
  const pages: (readonly ListedObject[])[] = await Array.fromAsync(store.pages("o/"));
  expect(pages.map(({ length }) => length)).toEqual([10, 10, 5]);
  expect(pages.flat()).toEqual(KEYS.map((key, size) => ({ key, size })));
  expect(api.requests.length).toBe(3);
  const heads = await Array.fromAsync(store.list("o/", { headBytes: 3 }));
  expect(heads).toEqual(KEYS.map((key, size) => ({ key, size, head: bytesOf(size).slice(0, 3) })));
});

Deno.test("a page without objects is not the end of the list", async () => {
  const { store } = await filled(10, true);
  expect((await Array.fromAsync(store.pages("o/"))).map(({ length }) => length)).toEqual([10, 10, 5]);
  await expect(store.put("o", bytesOf(1))).rejects.toThrow("can not be a folder too");
});

Deno.test("all that is below a prefix is removed, page by page, so many at once", async () => {
  const { store, api } = await filled(10);
  await store.deletePrefix("o/1");
  expect(api.objects.names.length).toBe(15);
  let most = 0;
  let underWay = 0;
  const counting = storeOnFake({}, {
    concurrency: 3,
    fetch: async (request) => {
      most = Math.max(most, ++underWay);
      const answer = await api.fetch(request);
      await new Promise((resolve) => setTimeout(resolve, 1));
      underWay--;
      return answer;
    },
  });
  await counting.store.deletePrefix("");
  expect([api.objects.names, most]).toEqual([[], 3]);
});

Deno.test("objects that are removed while their beginnings are read are left out", async () => {
  const { store, api } = storeOnFake({
    fault: ({ url }) => {
      if (url.searchParams.get("alt") === "media") api.objects.delete("fusewire/b");
      return undefined;
    },
  }, { concurrency: 1 });
  for (const key of ["a", "b", "c"]) await store.put(key, bytesOf(3));
  const listed = await Array.fromAsync(store.list("", { headBytes: 1 }));
  expect(listed.map(({ key }) => key)).toEqual(["a", "c"]);
});
