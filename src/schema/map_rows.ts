/**
 * Maps as data. Their bodies are code: tasks, or functions.
 *
 * @module
 */
import { capture } from "../arguments.ts";
import { map, mapSettled } from "../control/map.ts";
import type { MapBody } from "../control/map_body.ts";
import { none } from "../node.ts";
import type { NodeItem, Ref } from "../ref.ts";
import { addNode } from "../task.ts";
import { keepTask, taskOfBuilder } from "../task_info.ts";
import { asRef, type ControlOf, type ControlPlace, type ControlRows, made, onlyArgument } from "./control_row.ts";
import { fieldsOf, number, oneOf, type Reader, text } from "./fields.ts";
import { codeOf, nameOf, type SchemaNames } from "./named_code.ts";
import { options } from "./option_fields.ts";
import { optionsOver } from "./options_form.ts";
import { isObject } from "./value_form.ts";
import type { BodySchema } from "./control_schema.ts";
import type { WrittenNames } from "./written_names.ts";

type Build = MapBody["build"];

const taskBody = fieldsOf<Extract<BodySchema, { readonly task: string }>>({ task: text, options }, ["task"]);
const functionBody = fieldsOf<Extract<BodySchema, { readonly function: string }>>({ function: text }, ["function"]);
const body: Reader<BodySchema> = (form, path) =>
  (isObject(form) && Object.hasOwn(form, "function") ? functionBody : taskBody)(form, path);

/** See `map()` and `mapSettled()`. */
export const mapRows: ControlRows<"map" | "mapSettled"> = {
  map: {
    base: "map",
    read: fieldsOf({ kind: oneOf("map"), body, concurrency: number, minSuccessRatio: number }, ["kind", "body"]),
    make: (args, { kind: _, body, ...limits }, place) => {
      const list = onlyArgument(args, place, "map()");
      const build = bodyOf(body, place);
      return made(() => map(asRef(list), build, limits), place);
    },
  },
  mapSettled: {
    base: "mapSettled",
    read: fieldsOf({ kind: oneOf("mapSettled"), body, concurrency: number }, ["kind", "body"]),
    make: (args, { kind: _, body, ...limits }, place) => {
      const list = onlyArgument(args, place, "mapSettled()");
      const build = bodyOf(body, place);
      return made(() => mapSettled(asRef(list), build, limits), place);
    },
  },
};

/** What a schema says of a map. */
export function mapForm(
  { build, settled, limits: { concurrency, minSuccessRatio } }: MapBody,
  names: SchemaNames,
  written: WrittenNames,
  node: string,
): ControlOf<"map" | "mapSettled"> {
  const form = {
    body: bodyForm(build, names, written, node),
    ...concurrency === Infinity ? {} : { concurrency },
  };
  if (settled) return { kind: "mapSettled", ...form };
  // JSON has no −0, which is the same share.
  return { kind: "map", ...form, ...minSuccessRatio === 1 ? {} : { minSuccessRatio: Math.abs(minSuccessRatio) } };
}

function bodyForm(build: Build, names: SchemaNames, written: WrittenNames, node: string): BodySchema {
  const task = taskOfBuilder(build);
  if (task === undefined) {
    return { function: nameOf("functions", build, names.functions ?? {}, `The body of node \`${node}\``) };
  }
  const named = written.task(task, node);
  return { task: named.base, ...written.options(task.options, named, node) };
}

function bodyOf(body: BodySchema, { path, tasks, options }: ControlPlace): (item: NodeItem<unknown>) => Ref<unknown> {
  const at = `${path}.control.body`;
  if ("function" in body) {
    // What it gives is looked at.
    return codeOf("functions", body.function, options.functions, `${at}.function`) as ReturnType<typeof bodyOf>;
  }
  const named = tasks.named(body.task, `${at}.task`);
  const own = optionsOver(named.options, body.options, options, `${at}.options`);
  const task = own === undefined ? named : { ...named, options: own, site: undefined };
  return keepTask((item: NodeItem<unknown>) => addNode(task, capture(item), none), task);
}
