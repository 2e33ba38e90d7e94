/**
 * References of schemas, as nodes keep them.
 *
 * @module
 */
import { ConfigError } from "../errors.ts";
import { InputRef, plainInput } from "../input.ts";
import { CallNode, ItemRef } from "../node.ts";
import { type CapturedRef, LiveArg } from "../stand_in.ts";
import * as references from "./reference_fields.ts";
import type { MakeRef } from "./value_form.ts";

/** Makes references to the steps that were made so far, and to the input. */
export function refFrom(nodes: ReadonlyMap<string, CallNode>, placeholder: unknown): MakeRef {
  return (tag, form, path): CapturedRef | undefined => {
    switch (tag) {
      case "$node": {
        const { $node, item } = references.node(form, path);
        const node = nodes.get($node)!;
        return item === undefined ? node : new ItemRef(node, item);
      }
      case "$instance": {
        const { $instance, after } = references.instance(form, path);
        const maker = makerOf(nodes.get($instance)!, path);
        return new LiveArg({ maker, last: after === undefined ? maker : nodes.get(after)! });
      }
      case "$input": {
        const { $input } = references.input(form, path);
        if (!(placeholder instanceof InputRef)) throw new TypeError("A definition is built around a placeholder.");
        return $input.reduce((part: InputRef, key) => new InputRef([...part.path, key]), plainInput(placeholder));
      }
      default:
        return undefined;
    }
  };
}

/** Whether a captured argument stands for a value that only a run has. */
export function isReference(arg: unknown): boolean {
  return arg instanceof CallNode || arg instanceof ItemRef || arg instanceof InputRef || arg instanceof LiveArg;
}

/**
 * The node that makes an object.
 *
 * @throws {ConfigError} If it makes none.
 */
export function makerOf(node: CallNode, path: string): CallNode {
  if (node.site.task.kind === "class") return node;
  throw new ConfigError(`The schema has \`${node.name}\` at ${path}, which is a call and makes no object.`);
}
