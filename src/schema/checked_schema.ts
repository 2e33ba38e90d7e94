/**
 * Data that claims to be a schema, checked.
 *
 * @module
 */
import { ConfigError } from "../errors.ts";
import { readControl } from "./control_form.ts";
import {
  anything,
  type Fields,
  fieldsOf,
  flag,
  key,
  listOf,
  number,
  oneOf,
  type Reader,
  text,
  wrong,
} from "./fields.ts";
import { frozen } from "./frozen.ts";
import { isObject, isRefusedKey, MAX_DEPTH, tagOf } from "./value_form.ts";
import {
  type CodeSchema,
  type ConditionSchema,
  type InputSchema,
  type InstanceSchema,
  type NodeSchema,
  type NumberSchema,
  type OptionsSchema,
  type RetrySchema,
  SCHEMA_FORMAT,
  type SchemaValue,
  type StepSchema,
  type WorkflowSchema,
} from "./workflow_schema.ts";

/** How many parts a schema may have, each object, list and plain value counted. */
export const MAX_PARTS = 5_000_000;

/** A value takes up to three levels for each of its own, as in `{ $map: [[key, value]] }`; the others are of the schema around it. */
const DEEPEST = 3 * MAX_DEPTH + 8;

const items = listOf(key);
const texts = listOf(text);
const cache = oneOf("name", "content", false);
const node: Reader<NodeSchema> = fieldsOf<NodeSchema>({ $node: text, item: items }, ["$node"]);
const instance: Reader<InstanceSchema> = fieldsOf<InstanceSchema>({ $instance: text, after: text }, ["$instance"]);
const input: Reader<InputSchema> = fieldsOf<InputSchema>({ $input: items }, ["$input"]);
const numbers: Reader<NumberSchema> = (form, path) => {
  if (typeof form === "number") return form;
  return fieldsOf<Exclude<NumberSchema, number>>({ $number: text }, ["$number"])(form, path);
};
const fromTask = fieldsOf<{ readonly from: "task" }>({ from: oneOf("task") }, ["from"]);
const code: Reader<CodeSchema> = (form, path) =>
  isObject(form) && Object.hasOwn(form, "from")
    ? fromTask(form, path)
    : fieldsOf<{ readonly function: string }>({ function: text }, ["function"])(form, path);
const retry = fieldsOf<RetrySchema>({
  maxAttempts: numbers,
  initialDelay: numbers,
  maxDelay: numbers,
  factor: numbers,
  jitter: numbers,
  retryIf: code,
}, []);
const options = fieldsOf<OptionsSchema>({
  version: text,
  retry,
  timeout: numbers,
  cache,
  seed: (form, path) => typeof form === "string" ? form : numbers(form, path),
  onFailure: (form, path) => typeof form === "string" ? oneOf("fail", "skip")(form, path) : code(form, path),
  concurrency: fieldsOf({ key: text, limit: number }, ["key", "limit"]),
  policies: (form, path) => Array.isArray(form) ? texts(form, path) : fromTask(form, path),
  pure: flag,
  transfer: flag,
}, []);
const condition = fieldsOf<ConditionSchema>({
  of: (form, path) => {
    switch (tagOf(form)) {
      case "$node":
        return node(form, path);
      case "$input":
        return input(form, path);
      default:
        throw wrong(form, path, "{ $node: … } or { $input: … }");
    }
  },
  predicate: text,
  case: text,
  cases: texts,
}, ["of"]);
const step = fieldsOf<StepSchema>({
  name: text,
  task: text,
  method: text,
  instance: text,
  control: readControl,
  args: listOf(anything),
  after: texts,
  when: listOf(condition),
  options,
}, ["name", "args"]);
const workflow: Fields<WorkflowSchema> = {
  format: oneOf(SCHEMA_FORMAT),
  workflow: text,
  version: text,
  input: text,
  cache,
  queue: text,
  scope: oneOf("descendants"),
  policies: texts,
  plugins: texts,
  steps: listOf((form, path) => checkedStep(step(form, path), path)),
  targets: listOf<NodeSchema | InstanceSchema>((form, path) => {
    switch (tagOf(form)) {
      case "$node":
        return node(form, path);
      case "$instance":
        return instance(form, path);
      default:
        throw wrong(form, path, "{ $node: … } or { $instance: … }");
    }
  }),
  single: flag,
};
const schema = fieldsOf(workflow, ["format", "workflow", "version", "steps", "targets", "single"]);

/**
 * The schema that data holds, as a frozen copy.
 *
 * @throws {ConfigError} If a field is missing, unknown or of the wrong type; the message has the path to it.
 */
export function checkedSchema(data: unknown): WorkflowSchema {
  const checked = schema(plainCopy(data), "the schema");
  if (checked.single && checked.targets.length !== 1) {
    throw new ConfigError(
      `The schema has ${checked.targets.length} targets, and says with \`single\` that it has one.`,
    );
  }
  return frozen(checked);
}

/** The reference to a step in a form with the tag of one. */
export const references = { node, instance, input };

function checkedStep(checked: StepSchema, path: string): StepSchema {
  const refuse = (what: string): never => {
    throw new ConfigError(`The schema has ${what} at ${path}, step ${JSON.stringify(checked.name)}.`);
  };
  if ((checked.task === undefined) === (checked.control === undefined)) {
    refuse("both `task` and `control`, or neither of them,");
  }
  if ((checked.method === undefined) !== (checked.instance === undefined)) {
    refuse("only one of `method` and `instance`");
  }
  if (checked.method !== undefined && checked.task === undefined) refuse("`method` without `task`");
  if (checked.control !== undefined && checked.options !== undefined) {
    refuse(`\`options\`, which mean nothing to ${checked.control.kind},`);
  }
  for (const [i, { predicate, case: inCase, cases }] of (checked.when ?? []).entries()) {
    if ((inCase === undefined) !== (cases === undefined)) refuse(`only one of \`case\` and \`cases\` in when[${i}]`);
    if (inCase !== undefined && predicate !== undefined) refuse(`both \`case\` and \`predicate\` in when[${i}]`);
    if (inCase !== undefined && cases?.includes(inCase) === false) {
      refuse(`a \`case\` that is not in \`cases\` in when[${i}]`);
    }
  }
  return checked;
}

/** A copy of what JSON keeps, with no part in two places: so nothing in it grows when it is walked, and nothing is shared with anyone. */
function plainCopy(root: unknown): SchemaValue {
  const seen = new Set<object>();
  let parts = 0;
  const refuse = (what: string, path: string): never => {
    throw new ConfigError(`The schema has ${what} at ${path || "its top"}.`);
  };
  const copy = (value: unknown, path: string, depth: number): SchemaValue => {
    if (++parts > MAX_PARTS) refuse(`more than ${MAX_PARTS} parts, the last of which is`, path);
    if (depth > DEEPEST) refuse(`more than ${DEEPEST} levels`, `${path.slice(0, 200)}…`);
    if (value === null || typeof value === "boolean" || typeof value === "string") return value;
    if (typeof value === "number") {
      return Number.isFinite(value) ? value : refuse(`${value}, which is written { $number: "${value}" },`, path);
    }
    if (typeof value !== "object") return refuse(`a ${typeof value}, which is no data,`, path);
    if (seen.has(value)) {
      return refuse("an alias of another part, or the same object twice,", path);
    }
    seen.add(value);
    if (Array.isArray(value)) return Array.from(value, (part: unknown, i) => copy(part, `${path}[${i}]`, depth + 1));
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      return refuse(`an object of class ${String(Reflect.get(value, "constructor")?.name)}, which is no data,`, path);
    }
    return Object.fromEntries(
      Object.entries(value).map(([name, part]) => {
        if (isRefusedKey(name)) refuse(`the key ${JSON.stringify(name)}, which is refused, in an object`, path);
        return [name, copy(part, path === "" ? name : `${path}.${name}`, depth + 1)];
      }),
    );
  };
  return copy(root, "", 0);
}
