/**
 * Builds the same graph anew in a process of its own, runs it with the storage in the folder that is the first argument, and
 * prints its value and how often its functions were called.
 *
 * @module
 */
import { FileStorage, LocalWorkflow, task } from "@fusewire/fusewire";

let calls = 0;
const one = task(() => {
  calls++;
  return { rows: new Float64Array([1, 2, 3]), at: new Date(0) };
}, { name: "one" });
const two = task((of: { rows: Float64Array }) => {
  calls++;
  return of.rows.reduce((a, b) => a + b);
}, { name: "two" });

const first = one();
const workflow = new LocalWorkflow([two(first), first], { workflowName: "FF3" });
workflow.setStorage(new FileStorage({ path: Deno.args[0] ?? "" }));
const [sum, { rows, at }] = await workflow.run();
console.log(JSON.stringify({ sum, rows: [...rows], at: at.getTime(), calls }));
