/**
 * Who may start workflows. A worker imports the modules of its tasks, and a module that starts a workflow whenever it is imported
 * would start it there again, with workers of its own, and so on.
 *
 * @module
 */

let guard: ((workflowName: string) => void) | undefined;

/** Has `refuse` look at every start of a workflow in this thread; it throws where there must be none. */
export function guardStarts(refuse: (workflowName: string) => void): void {
  guard = refuse;
}

/** Throws if a workflow must not be started here and now. */
export function checkStart(workflowName: string): void {
  guard?.(workflowName);
}
