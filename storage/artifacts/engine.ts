/**
 * What artifact stores do, loaded with the first thing that one of them is asked to do.
 *
 * @module
 */
export { entryAt, findEntries } from "./catalog.ts";
export { probe } from "./probe.ts";
export { newPathOf, pathOf, prefixOf } from "./layout.ts";
export { materializedPath } from "./materialized_path.ts";
export { lineageOf, parentsAt } from "./lineage.ts";
export { hasAnyBelow, listPaths, removeAll } from "./listing.ts";
export { locate } from "./locate.ts";
export { metadataAt, sizeAt } from "./facts.ts";
export { givenOrigin } from "./origin.ts";
export { prepareForFolder, prepareForPath, prepareStream } from "./prepare.ts";
export { loadArtifact, streamArtifact } from "./reading.ts";
export { namedFailure } from "./save_failure.ts";
export { saveArtifact } from "./saving.ts";
