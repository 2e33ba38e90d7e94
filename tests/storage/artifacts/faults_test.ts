import { expect } from "@std/expect";
import { ArtifactStore, ChunkedArray, MemoryObjectStore, UnavailableError } from "@fusewire/fusewire";
import { FailingStore, FAILURES } from "./failing_store.ts";

/** A value of one file, and one of several, each made new. */
const FORMS = {
  file: (text: string): unknown => text,
  folder: (text: string): unknown => {
    const code = (text.codePointAt(0) ?? 0) % 100;
    return ChunkedArray.create({ shape: [4], chunks: [2], dtype: "int8" }, () => Int8Array.of(code, code));
  },
} as const;
type Form = keyof typeof FORMS;
const forms: readonly Form[] = ["file", "folder"];

/** What a reader sees at a path: the value as text, with its metadata. */
async function seen(artifacts: ArtifactStore, path: string): Promise<string> {
  if (!await artifacts.exists(path)) return "nothing";
  const value = await artifacts.load(path);
  const text = value instanceof ChunkedArray ? (await value.slice()).data.join() : String(value);
  const entry = await artifacts.describe(path);
  const found = await artifacts.find();
  expect(found.map((each) => each.path)).toEqual(await artifacts.listArtifacts());
  expect(found.find((each) => each.path === path)).toEqual(entry);
  return `${text} ${JSON.stringify(await artifacts.getMetadata(path))}`;
}

async function filled(before: Form | undefined): Promise<MemoryObjectStore> {
  const objects = new MemoryObjectStore();
  const artifacts = new ArtifactStore(objects);
  await artifacts.save("other", "other", { other: true });
  if (before !== undefined) await artifacts.save(FORMS[before]("a"), "d/x", { is: "old" });
  return objects;
}

type Outcome = "done" | "failed" | "unknown";

/** Does something on a store that fails at each of its calls in turn, in each way. */
async function everyFailure(
  before: Form | undefined,
  act: (artifacts: ArtifactStore) => Promise<unknown>,
  check: (artifacts: ArtifactStore, outcome: Outcome, objects: MemoryObjectStore) => Promise<void>,
): Promise<void> {
  for (const failure of FAILURES) {
    for (let at = 1;; at++) {
      const objects = await filled(before);
      const failing = new FailingStore(objects, at, failure);
      let outcome: Outcome = "done";
      try {
        await act(new ArtifactStore(failing));
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        // A process that ends does not tell what came of it.
        outcome = failure.startsWith("ends") ? "unknown" : "failed";
      }
      try {
        await check(new ArtifactStore(objects), outcome, objects);
      } catch (error) {
        throw new Error(`Call ${at} ${failure}: ${error instanceof Error ? error.message : error}`, { cause: error });
      }
      if (failing.calls < at) break;
    }
  }
}

for (const before of [undefined, ...forms]) {
  for (const after of forms) {
    Deno.test(`a save of a ${after} over ${before ?? "nothing"} that fails anywhere leaves the old or the new, whole`, async () => {
      const fresh = new ArtifactStore(await filled(before));
      const old = await seen(fresh, "d/x");
      await fresh.save(FORMS[after]("b"), "d/x", { is: "new" });
      const fine = await seen(fresh, "d/x");
      let wasOld = 0;
      let wasNew = 0;
      await everyFailure(
        before,
        (artifacts) => artifacts.save(FORMS[after]("b"), "d/x", { is: "new" }),
        async (artifacts, outcome, objects) => {
          const now = await seen(artifacts, "d/x");
          expect([old, fine]).toContain(now);
          if (now === old) wasOld++;
          else wasNew++;
          if (outcome !== "unknown") expect(now).toBe(outcome === "done" ? fine : old);
          expect(await artifacts.listArtifacts()).toEqual(now === "nothing" ? ["other"] : ["d/x", "other"]);
          // And the next save finds its way, whatever was left.
          await artifacts.save(FORMS[before ?? "file"]("c"), "d/x");
          expect(await seen(artifacts, "d/x")).toMatch(/^(?:c|99,99,99,99) null$/);
          await artifacts.delete("d/x");
          expect(await seen(artifacts, "d/x")).toBe("nothing");
          const keys = await Array.fromAsync(objects.list(), ({ key }) => key);
          expect(keys.filter((key) => !key.startsWith(".artifacts/records/"))).toEqual(["other"]);
          expect(keys.length).toBe(2);
        },
      );
      expect(wasOld > 0 && wasNew > 0).toBe(true);
    });
  }
}

for (const form of forms) {
  Deno.test(`a removal of a ${form} that fails anywhere leaves it whole or not at all`, async () => {
    const old = await seen(new ArtifactStore(await filled(form)), "d/x");
    await everyFailure(form, (artifacts) => artifacts.delete("d"), async (artifacts, outcome) => {
      const now = await seen(artifacts, "d/x");
      expect(outcome === "done" ? ["nothing"] : [old, "nothing"]).toContain(now);
      expect(await artifacts.listArtifacts()).toEqual(now === "nothing" ? ["other"] : ["d/x", "other"]);
      await artifacts.delete("d");
      expect(await seen(artifacts, "d/x")).toBe("nothing");
    });
  });
}

Deno.test("a stream that fails leaves the old, whole, and nothing else", async () => {
  for (const chunks of [0, 1, 8]) {
    const objects = await filled("file");
    const artifacts = new ArtifactStore(objects);
    const keys = await Array.fromAsync(objects.list());
    const stream = async function* () {
      for (let i = 0; i < chunks; i++) yield await Promise.resolve(new Uint8Array(1024 * 1024));
      throw new Error("The source has failed.");
    };
    await expect(artifacts.saveStream(stream(), "d/x", { is: "new" })).rejects.toThrow("The source has failed.");
    expect(await seen(artifacts, "d/x")).toBe('a {"is":"old"}');
    expect(await Array.fromAsync(objects.list())).toEqual(keys);
  }
});

Deno.test("a large stream that fails anywhere leaves the old or the new, whole", async () => {
  const stream = () => new Blob([new Uint8Array(5 * 1024 * 1024).fill(66)]).stream();
  await everyFailure(
    "file",
    (artifacts) => artifacts.saveStream(stream(), "d/x", { is: "new" }),
    async (artifacts, outcome) => {
      const { metadata, size, sha256 } = await artifacts.describe("d/x") ?? {};
      expect([{ is: "old" }, { is: "new" }]).toContainEqual(metadata);
      if (outcome !== "unknown") expect(metadata).toEqual({ is: outcome === "done" ? "new" : "old" });
      expect(size).toBe(metadata?.["is"] === "new" ? 5 * 1024 * 1024 : 1);
      expect((await artifacts.find({ sha256: sha256 ?? "" })).length).toBe(1);
      const loaded = await new Response(await artifacts.loadStream("d/x")).bytes();
      expect(loaded.length).toBe(size ?? NaN);
    },
  );
});
