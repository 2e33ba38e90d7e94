/**
 * Data that claims to be a schema, checked.
 *
 * @module
 */
import { ConfigError } from "../errors.ts";
import { readControl } from "./control_form.ts";
import { anything, type Fields, fieldsOf, flag, listOf, oneOf, text, wrong } from "./fields.ts";
import { frozen } from "./frozen.ts";
import { cache, numbers, options, texts } from "./option_fields.ts";
import { input, instance, node } from "./reference_fields.ts";
import { isRefusedKey, MAX_DEPTH, tagOf } from "./value_form.ts";
import {
  type ConditionSchema,
  type InstanceSchema,
  type NodeSchema,
  SCHEMA_FORMAT,
  type SchemaValue,
  type StepSchema,
  type WorkflowSchema,
} from "./workflow_schema.ts";

/** How many parts a schema may have, each object, list and plain value counted. */
export const MAX_PARTS = 5_000_000;

/** A value takes up to three levels for each of its own, as in `{ $map: [[key, value]] }`; the others are of the schema around it. */
const DEEPEST = 3 * MAX_DEPTH + 8;

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
  until: text,
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
  timeout: numbers,
  scope: oneOf("descendants"),
  policies: texts,
  hooks: text,
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
  for (const [i, condition] of (checked.when ?? []).entries()) {
    const { case: inCase, cases } = condition;
    if ((inCase === undefined) !== (cases === undefined)) refuse(`only one of \`case\` and \`cases\` in when[${i}]`);
    const [one, other] = (["case", "predicate", "until"] as const).filter((field) => condition[field] !== undefined);
    if (other !== undefined) refuse(`both \`${one}\` and \`${other}\` in when[${i}]`);
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
