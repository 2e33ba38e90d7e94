/**
 * The definition of the run of a map's items. It is stored once, as that of a list of one item; how many there are is told by the size of the
 * run.
 *
 * @module
 */
import type { DefinitionRecord, NewRun } from "./records.ts";

/** How many items the run of a map has. */
export function itemCount(size: number, itemSteps: number): number {
  return (size - 1) / itemSteps;
}

/** The name of the step that gathers the items, which is the last one. */
function gatherName({ steps }: DefinitionRecord): string {
  return steps.at(-1) ?? "";
}

/**
 * The definition of one run: the names and edges of all its steps. They are the same for all runs of it, but for those of items: their run
 * tells how many they are, and the name of their map, which is another for each item of a map around it.
 */
export function definitionOfRun(
  record: DefinitionRecord,
  { size, parent }: Pick<NewRun, "size" | "parent">,
): DefinitionRecord {
  const { itemSteps, steps, parents } = record;
  if (itemSteps === undefined) return record;
  const map = parent?.node ?? gatherName(record);
  if (size === steps.length && map === gatherName(record)) return record;
  const count = itemCount(size, itemSteps);
  const prefix = `${gatherName(record)}[0]`;
  const last = parents.at(-1) ?? [];
  const names: string[] = [];
  const edges: number[][] = [];
  const gathered: number[] = [];
  for (let item = 0; item < count; item++) {
    for (let step = 0; step < itemSteps; step++) {
      names.push(`${map}[${item}]${steps[step]!.slice(prefix.length)}`);
      edges.push(parents[step]!.map((parent) => parent + item * itemSteps));
    }
    for (const parent of last) if (parent < itemSteps) gathered.push(parent + item * itemSteps);
  }
  names.push(map);
  edges.push(gathered);
  const children = record.children?.filter(({ place }) => place < itemSteps).flatMap(({ place, of }) =>
    Array.from({ length: count }, (_, item) => ({ place: place + item * itemSteps, of }))
  );
  return {
    ...record,
    steps: names,
    parents: edges,
    targets: [{ place: size - 1, path: [] }],
    ...(children === undefined ? {} : { children }),
  };
}
