/**
 * The most frequent words of a text. Run it twice: the second run reads what the first one stored.
 *
 *     deno run --allow-read=LICENSE,.fusewire --allow-write=.fusewire examples/quickstart.ts
 */
import { FileStorage, LocalWorkflow, task } from "@fusewire/fusewire";

const read = task(async function read(path: string) {
  return await Deno.readTextFile(path);
});
const count = task(function count(text: string) {
  const counts = new Map<string, number>();
  for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
});
const most = task(function most(counts: Map<string, number>, places: number) {
  return [...counts].sort(([, a], [, b]) => b - a).slice(0, places);
});

const workflow = new LocalWorkflow(most(count(read("LICENSE")), 5), { workflowName: "quickstart" });
workflow.setStorage(new FileStorage({ path: ".fusewire/results" }));
for (const { message } of (await workflow.plan()).steps) console.log(message);
console.log(await workflow.run());
