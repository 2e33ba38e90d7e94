import { expect } from "@std/expect";
import { CRASH_AT_VARIABLE, crashingKv, crashPointText, MemoryKv } from "../../testing/mod.ts";

for (const when of ["before", "after"] as const) {
  Deno.test(`crashingKv() kills ${when} the commit, and counts no reads`, async () => {
    using store = new MemoryKv();
    const killed = Promise.withResolvers<void>();
    using kv = crashingKv(store, { at: 3, when }, killed.resolve);
    await kv.set(["n"], 1);
    await kv.get(["n"]);
    await kv.atomic().check({ key: ["n"], versionstamp: null }).set(["n"], 2).commit();
    expect(kv.commits).toBe(2);
    kv.delete(["n"]);
    await killed.promise;
    expect(kv.commits).toBe(3);
    expect((await store.get(["n"])).value).toBe(when === "before" ? 1 : null);
  });
}

Deno.test("crashingKv() without a point only counts", async () => {
  using store = new MemoryKv();
  using kv = crashingKv(store);
  for (let n = 0; n < 5; n++) await kv.set(["n"], n);
  expect(kv.commits).toBe(5);
});

Deno.test("crashAtEnv() ends its process where the variable says, and refuses nonsense", async () => {
  const module = import.meta.resolve("../../testing/crashing_kv.ts");
  const program = `
    import { crashAtEnv } from ${JSON.stringify(module)};
    const kv = crashAtEnv(await Deno.openKv(":memory:"));
    for (let n = 0; n < 5; n++) {
      await kv.set(["n"], n);
      console.log(n);
    }
  `;
  const end = async (point: string) => {
    const { signal, code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--unstable-kv", program],
      env: { [CRASH_AT_VARIABLE]: point },
    }).output();
    const text = new TextDecoder();
    return { signal, code, printed: text.decode(stdout), error: text.decode(stderr) };
  };
  expect(await end(crashPointText({ at: 3, when: "after" }))).toMatchObject({ signal: "SIGKILL", printed: "0\n1\n" });
  expect(await end("")).toMatchObject({ code: 0, printed: "0\n1\n2\n3\n4\n" });
  expect((await end("3")).error).toContain('FUSEWIRE_CRASH_AT is "3"; it must be the number of a commit');
});
