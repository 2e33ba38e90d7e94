/**
 * What differs between two definitions of one version, in words.
 *
 * @module
 */
import { ConfigError } from "../../src/errors.ts";
import type { DefinitionRecord } from "./records.ts";

/** How many differences a message names. */
const MOST_NAMED = 5;

/**
 * The refusal of a definition whose version is known with another graph.
 *
 * @param known The definition that is known; `undefined` if it can not be read any more.
 */
export function redefined(known: DefinitionRecord | undefined, given: DefinitionRecord): ConfigError {
  const { workflow, version } = given;
  const found = known === undefined ? [] : changesOf(known, given);
  const named = found.slice(0, MOST_NAMED);
  if (found.length > named.length) named.push(`and there are ${found.length - named.length} more differences`);
  return new ConfigError(
    `Version ${JSON.stringify(version)} of workflow ${JSON.stringify(workflow)} is known with another graph` +
      `${named.length === 0 ? "" : `: ${named.join("; ")}`}. Give the changed definition another version.`,
    { workflow },
  );
}

/** What `given` has other than `known`: steps, then edges, then targets. */
function changesOf(known: DefinitionRecord, given: DefinitionRecord): string[] {
  const before = edgesOf(known);
  const after = edgesOf(given);
  const changes: string[] = [];
  for (const step of after.keys()) if (!before.has(step)) changes.push(`step ${shown(step)} is new`);
  for (const step of before.keys()) if (!after.has(step)) changes.push(`step ${shown(step)} is gone`);
  for (const [step, parents] of after) {
    const had = before.get(step);
    if (had === undefined) continue;
    for (const parent of parents) if (!had.has(parent)) changes.push(`${shown(step)} now waits for ${shown(parent)}`);
    for (const parent of had) {
      if (!parents.has(parent)) changes.push(`${shown(step)} no longer waits for ${shown(parent)}`);
    }
  }
  const [had, has] = [targetsOf(known), targetsOf(given)];
  if (had !== has) changes.push(`its result is ${has}, and was ${had}`);
  if (changes.length > 0) return changes;
  return known.steps.some((step, place) => step !== given.steps[place])
    ? ["its steps come in another order"]
    : ["its steps have the same names and edges, but some are of another task, or take their values by other rules"];
}

/** The names of the steps that each step waits for. */
function edgesOf({ steps, parents }: DefinitionRecord): Map<string, ReadonlySet<string>> {
  return new Map(steps.map((step, place) => [step, new Set((parents[place] ?? []).map((parent) => steps[parent]!))]));
}

/** Where the result comes from, in words. */
function targetsOf({ steps, targets, single }: DefinitionRecord): string {
  const all = targets.map(({ place, path }) =>
    shown(steps[place]!) + path.map((key) => `[${JSON.stringify(key)}]`).join("")
  );
  const named = all.slice(0, MOST_NAMED).join(", ") +
    (all.length > MOST_NAMED ? `, … ${all.length - MOST_NAMED} more` : "");
  return single ? named : `[${named}]`;
}

function shown(step: string): string {
  return `\`${step}\``;
}
