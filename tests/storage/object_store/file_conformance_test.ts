import { FileObjectStore } from "../../../storage/object_store/file.ts";
import { objectStoreConformance } from "../../../testing/object_store_conformance.ts";
import { temporaryFolder, tree } from "../folders.ts";

for (
  const [name, options] of [["FileObjectStore", {}], ["FileObjectStore on a slow disk", {
    slowMicroseconds: 0,
  }]] as const
) {
  objectStoreConformance(name, async () => {
    const folder = await temporaryFolder();
    const path = `${folder.path}/store`;
    await Deno.writeTextFile(`${folder.path}/beside`, "never touched");
    return {
      store: new FileObjectStore({ path, ...options }),
      beside: () => Promise.resolve(new FileObjectStore({ path, ...options })),
      around: async () => (await tree(folder.path)).filter((file) => !`${file}/`.startsWith(`${path}/`)),
      close: async () => await folder[Symbol.asyncDispose](),
    };
  });
}
