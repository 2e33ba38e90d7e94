/**
 * What shows progress, loaded with the first run that is shown.
 *
 * @module
 */
export { LiveBar } from "./live_bar.ts";
export { standardError } from "./output.ts";
export { PlainLines } from "./plain_lines.ts";
export { RunProgress } from "./run_progress.ts";
export { failure } from "./text.ts";
