/**
 * Where the results of a workflow are: one record a task, and a folder of files for each save that has some.
 *
 * ```text
 * <workflow>/results/<task>
 * <workflow>/files/<task>/<save>/<number of the value>/<name that its serializer gave the file>
 * ```
 *
 * @module
 */
import { checkName, encodeName } from "./names.ts";

/** What every key of a workflow begins with. Throws `InvalidKeyError` for a name that can not be one. */
export function workflowPrefix(workflow: string): string {
  checkName(workflow, "workflow");
  return `${encodeName(workflow)}/`;
}

/** What the keys of a workflow's records begin with. */
export function resultsPrefix(workflow: string): string {
  return `${workflowPrefix(workflow)}results/`;
}

/** What the keys of a workflow's files begin with. */
export function filesPrefix(workflow: string): string {
  return `${workflowPrefix(workflow)}files/`;
}

/** Key of a task's record. Throws `InvalidKeyError` for a name that can not be one. */
export function recordKey(workflow: string, task: string): string {
  checkName(task, "task");
  return resultsPrefix(workflow) + encodeName(task);
}

/** What the keys of all files of a task begin with. */
export function taskFilesPrefix(workflow: string, task: string): string {
  checkName(task, "task");
  return `${filesPrefix(workflow)}${encodeName(task)}/`;
}

/** How long a folder of files that no record names is left alone, in ms: its save may be under way in another process. */
const UNCLAIMED_FOR = 60 * 60 * 1000;

/** A name for the folder of one save: the time in base 36, then chance. */
export function newSaveName(now = Date.now()): string {
  return `${now.toString(36)}-${crypto.getRandomValues(new Uint8Array(8)).toHex()}`;
}

/** Whether a folder that no record names can be removed. */
export function isUnclaimed(save: string, now = Date.now()): boolean {
  const began = parseInt(save.slice(0, save.indexOf("-")), 36);
  return !(now - began < UNCLAIMED_FOR);
}
