/**
 * What an error of the store means for the commit that met it.
 *
 * @module
 */

/**
 * - `locked`: another connection was writing. It is raised before anything is written.
 * - `refused`: the commit can never succeed as it is; nothing was written.
 * - `closed`: the store was closed.
 * - `doubt`: the reply was lost; it may have happened or not.
 */
export type FailureKind = "locked" | "refused" | "closed" | "doubt";

/** What an error that a commit was rejected with means. */
export function failureKind(error: unknown): FailureKind {
  if (!(error instanceof Error)) return "doubt";
  const { name, message } = error;
  if (/database is (?:table )?locked|database is busy/i.test(message)) return "locked";
  if (name === "BadResource" || name === "Interrupted" || /bad resource id|already closed|is closed/i.test(message)) {
    return "closed";
  }
  if (name === "DataCloneError" || /too (?:large|many)|exceed|could not be cloned|out of range/i.test(message)) {
    return "refused";
  }
  return "doubt";
}
