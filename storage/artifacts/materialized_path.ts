import { InvalidKeyError } from "../../src/errors.ts";
import { encodeName, MAX_NAME_BYTES, nameProblem } from "../names.ts";

/** What the path of a materialized artifact is made of. */
export interface MaterializedPlace {
  /** Name of the project. */
  readonly project: string;
  /** When the run began, in milliseconds since 1970. */
  readonly startedAt: number;
  /** Id of the run. */
  readonly run: string;
  /** Name of the step. */
  readonly step: string;
  /** Name of the artifact. */
  readonly name: string;
}

/** The path of a materialized artifact. No two of different names meet, whatever is in the names. */
export function materializedPath({ project, startedAt, run, step, name }: MaterializedPlace): string {
  const date = new Date(startedAt);
  if (Number.isNaN(date.getTime())) {
    throw new InvalidKeyError("The start of the run is no date; give one to `startedAt`.");
  }
  const segments = [
    segment(project, "name of the project"),
    date.toISOString().slice(0, -"T00:00:00.000Z".length),
    segment(run, "id of the run"),
    "data",
    segment(step, "name of the step"),
    segment(name, "name of the artifact"),
  ];
  return segments.join("/");
}

function segment(name: string, what: string): string {
  const problem = nameProblem(name);
  if (problem === undefined) return encodeName(name);
  throw new InvalidKeyError(
    `The ${what} ${JSON.stringify(name.slice(0, 200))} is refused: ${problem}; ` +
      `it has 1 to ${MAX_NAME_BYTES} UTF-8 bytes and no control characters.`,
  );
}
