import { InvalidKeyError } from "../../src/errors.ts";
import type { ArtifactOrigin } from "./entry.ts";

/** What was said of where an artifact was made. Throws `InvalidKeyError` if a part of it is empty. */
export function givenOrigin({ project, run, step, name }: ArtifactOrigin): ArtifactOrigin {
  for (const [what, value] of Object.entries({ project, run, step, name })) {
    if (value === "") {
      throw new InvalidKeyError(`The \`${what}\` of an artifact is refused: it is empty; leave it out.`);
    }
  }
  return {
    ...(project === undefined ? {} : { project }),
    ...(run === undefined ? {} : { run }),
    ...(step === undefined ? {} : { step }),
    ...(name === undefined ? {} : { name }),
  };
}
