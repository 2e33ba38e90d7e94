/**
 * Files of YAML that say which storage to make.
 *
 * @module
 */
import { ConfigError } from "../src/errors.ts";

/**
 * The data of a YAML file, with environment variables filled into its texts.
 *
 * @param shown The file, as messages show it.
 * @throws {ConfigError} If it can not be read, is no YAML, or names a variable that is not set.
 */
export async function readStorageFile(path: string | URL, shown: string): Promise<unknown> {
  const text = await readText(path, shown);
  const { parse } = await import("@std/yaml");
  let config: unknown;
  try {
    config = parse(text);
  } catch (error) {
    // Its message has the line and the column.
    const detail = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`The storage file ${shown} is no valid YAML: ${detail}`, { cause: error });
  }
  return fillIn(config, shown);
}

async function readText(path: string | URL, shown: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`The storage file ${shown} can not be read: ${detail}`, { cause: error });
  }
}

/**
 * Fills variables into every text of a value, after it was parsed: what is in a variable never becomes structure. What YAML refers to
 * twice, or from within itself, is filled in once.
 */
function fillIn(value: unknown, file: string, filled: Map<unknown, unknown> = new Map()): unknown {
  if (typeof value === "string") {
    return value.replace(/(\$?)\$\{([^}]*)\}/g, (whole, escape: string, name: string) => {
      return escape === "" ? variable(name, file) : whole.slice(1);
    });
  }
  if (filled.has(value)) return filled.get(value);
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    filled.set(value, items);
    for (const item of value) items.push(fillIn(item, file, filled));
    return items;
  }
  if (!isRecord(value)) return value;
  const record: Record<string, unknown> = Object.create(null);
  filled.set(value, record);
  for (const [key, item] of Object.entries(value)) record[key] = fillIn(item, file, filled);
  return record;
}

function variable(name: string, file: string): string {
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw new ConfigError(
      `The storage file ${file} has \${${name}}, which names no variable; write $\${ for the text.`,
    );
  }
  let value: string | undefined;
  try {
    value = Deno.env.get(name);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`The storage file ${file} needs the environment variable ${name}: ${detail}.`, {
      cause: error,
    });
  }
  if (value === undefined) {
    throw new ConfigError(`The storage file ${file} needs the environment variable ${name}, which is not set.`);
  }
  return value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
