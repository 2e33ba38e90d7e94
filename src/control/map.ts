/**
 * `map()`: a step for each item of a list that is known only in the run.
 *
 * @module
 */
import { describe } from "../describe.ts";
import { ConfigError, GraphError } from "../errors.ts";
import type { Node } from "../node.ts";
import type { NodeItem, Ref } from "../ref.ts";
import { controlArg, controlNode, controlTask } from "./control_node.ts";
import type { SettledItem } from "./gather.ts";
import { MapBody, type MapLimits } from "./map_body.ts";

/** Options of a map. */
export interface MapItemsOptions {
  /**
   * How many steps of the items may be at work at a time. On a durable run they then stay with the worker that holds the map. Default: as many
   * as there is room for.
   */
  readonly concurrency?: number;
  /**
   * The share of the items that has to succeed, from 0 to 1; with fewer the map fails. Items that were skipped have not failed.
   *
   * @default {1}
   */
  readonly minSuccessRatio?: number;
}

const info = controlTask("map", map);
const settledInfo = controlTask("mapSettled", mapSettled);

/**
 * A step, or several, for each item of a list that is known only in the run. Each item is tried, retried and stored by itself, and shown by
 * `status()` as `<name of this node>[<index>]`; on a durable run they are steps of a run of their own, whose id is that of this run, `/` and
 * the node's name, and other workers share them.
 *
 * @param list A node, an item of one or a part of the input whose value is an array.
 * @param body A builder of nodes, or a function that makes the nodes of one item and returns the last of them. It is called once for each
 *   item, in every process that works on the map, so it builds the same nodes each time. Nodes made outside can not be used in it.
 * @returns A node whose value is an array in the order of the list, with `undefined` where an item failed or was skipped.
 * @throws {GraphError} If it is given something else.
 * @throws {ConfigError} If an option can not be used.
 *
 * @example
 * ```ts
 * import { LocalWorkflow, map, task } from "@fusewire/fusewire";
 *
 * const words = task((text: string) => text.split(" "), { name: "words" });
 * const length = task((word: string) => word.length, { name: "length" });
 * const square = task((n: number) => n * n, { name: "square" });
 *
 * const squares = map(words("to be or not"), (word) => square(length(word)));
 * console.log(await new LocalWorkflow(squares, { workflowName: "squares" }).run()); // [4, 4, 4, 9]
 * ```
 */
export function map<T, R>(
  list: Ref<readonly T[]>,
  body: (item: NodeItem<T>) => Ref<R>,
  options?: MapItemsOptions,
): Node<(R | undefined)[]>;
export function map(list: unknown, body: unknown, options: MapItemsOptions = {}): Node<unknown> {
  const { concurrency = Infinity, minSuccessRatio = 1 } = options;
  const limits = checkedLimits("map()", { concurrency, minSuccessRatio });
  const items = new MapBody(checkedBody("map()", body), false, limits);
  return controlNode(info, { kind: "map", body: items }, [controlArg(list, "map()")]);
}

/**
 * The same as {@linkcode map}, whose value tells how each item has ended, as `Promise.allSettled` does. It does not fail if items do.
 *
 * @returns A node whose value is an array of records in the order of the list.
 * @throws {GraphError} If it is given something else.
 * @throws {ConfigError} If an option can not be used.
 *
 * @example
 * ```ts
 * import { LocalWorkflow, mapSettled, task } from "@fusewire/fusewire";
 *
 * const texts = task(() => ["1", "?"], { name: "texts" });
 * const parse = task((text: string): unknown => JSON.parse(text), { name: "parse" });
 *
 * const parsed = await new LocalWorkflow(mapSettled(texts(), parse), { workflowName: "parse" }).run();
 * console.log(parsed.map(({ status }) => status)); // ["fulfilled", "rejected"]
 * ```
 */
export function mapSettled<T, R>(
  list: Ref<readonly T[]>,
  body: (item: NodeItem<T>) => Ref<R>,
  options?: Pick<MapItemsOptions, "concurrency">,
): Node<SettledItem<R>[]>;
export function mapSettled(
  list: unknown,
  body: unknown,
  { concurrency = Infinity }: Pick<MapItemsOptions, "concurrency"> = {},
): Node<unknown> {
  const limits = checkedLimits("mapSettled()", { concurrency, minSuccessRatio: 0 });
  const items = new MapBody(checkedBody("mapSettled()", body), true, limits);
  return controlNode(settledInfo, { kind: "map", body: items }, [controlArg(list, "mapSettled()")]);
}

function checkedBody(of: string, body: unknown): (item: NodeItem<unknown>) => unknown {
  if (typeof body !== "function") {
    throw new GraphError(
      `${of} was given ${describe(body)} as its body; it takes a builder, or a function that makes a node of an item.`,
    );
  }
  // What it returns is checked, and what it takes is what every body takes.
  return body as (item: NodeItem<unknown>) => unknown;
}

function checkedLimits(of: string, limits: MapLimits): MapLimits {
  const { concurrency, minSuccessRatio } = limits;
  if (!(concurrency === Infinity || Number.isInteger(concurrency) && concurrency >= 1)) {
    throw new ConfigError(
      `Option \`concurrency\` of ${of} is ${String(concurrency)}; it must be a whole number of at least 1.`,
    );
  }
  if (!(minSuccessRatio >= 0 && minSuccessRatio <= 1)) {
    throw new ConfigError(
      `Option \`minSuccessRatio\` of ${of} is ${String(minSuccessRatio)}; it must be a number from 0 to 1.`,
    );
  }
  return limits;
}
