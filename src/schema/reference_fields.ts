/**
 * Fields of references.
 *
 * @module
 */
import { fieldsOf, key, listOf, type Reader, text } from "./fields.ts";
import type { InputSchema, InstanceSchema, NodeSchema } from "./workflow_schema.ts";

const items = listOf(key);
/** Takes the result of a step, or a part of it. */
export const node: Reader<NodeSchema> = fieldsOf<NodeSchema>({ $node: text, item: items }, ["$node"]);
/** Takes a live object. */
export const instance: Reader<InstanceSchema> = fieldsOf<InstanceSchema>({ $instance: text, after: text }, [
  "$instance",
]);
/** Takes the input of a run, or a part of it. */
export const input: Reader<InputSchema> = fieldsOf<InputSchema>({ $input: items }, ["$input"]);
