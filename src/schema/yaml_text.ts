/**
 * Schemas as YAML.
 *
 * @module
 */
import { parse, stringify } from "@std/yaml";
import { ConfigError } from "../errors.ts";
import { checkedSchema } from "./checked_schema.ts";
import type { WorkflowSchema } from "./workflow_schema.ts";

/** How long the YAML of a schema may be, in UTF-16 units: some 100,000 steps. */
export const MAX_YAML = 16 * 1024 * 1024;

/**
 * A schema as YAML.
 *
 * @throws {ConfigError} If it would be longer than {@linkcode MAX_YAML}.
 */
export function yamlOf(schema: WorkflowSchema): string {
  const text = stringify(schema, { lineWidth: -1, useAnchors: false, flowLevel: 4 });
  if (text.length > MAX_YAML) throw tooLong(`The schema of workflow \`${schema.workflow}\` takes`, text.length);
  return text;
}

/**
 * The schema in a YAML document. Only what YAML calls its core schema is read: no tag makes anything but plain data.
 *
 * @throws {ConfigError} If it is no YAML, or not that of a schema; the message has the line, or the path of what is wrong.
 */
export function schemaOfYaml(text: string): WorkflowSchema {
  if (typeof text !== "string") {
    throw new ConfigError(`fromYaml() was given ${typeof text}, and takes the text of a YAML document.`);
  }
  if (text.length > MAX_YAML) throw tooLong("The schema takes", text.length);
  let data: unknown;
  try {
    data = parse(text, { schema: "core" });
  } catch (error) {
    // Its message has the line and the column. Data that is nested too deep ends the parser's stack.
    const detail = error instanceof RangeError
      ? "it is nested too deep"
      : error instanceof Error
      ? error.message
      : String(error);
    throw new ConfigError(`The schema is no valid YAML: ${detail}`, { cause: error });
  }
  return checkedSchema(data);
}

function tooLong(what: string, length: number): ConfigError {
  return new ConfigError(
    `${what} ${length} characters of YAML, and at most ${MAX_YAML} are read; keep large constants in a file or a store.`,
  );
}
