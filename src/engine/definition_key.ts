/**
 * Definitions by name, version and graph, as keys of maps.
 *
 * @module
 */
import type { DefinitionKey } from "../../storage/runtime/records.ts";

/** One text a definition. */
export function definitionKeyText({ workflow, version, schema }: DefinitionKey): string {
  return JSON.stringify([workflow, version, schema]);
}
