/**
 * Options of steps as data, and back. What is code in them is named, or is that of the step's task.
 *
 * @module
 */
import { ConfigError, SerializationError } from "../errors.ts";
import { type AnyTaskOptions, checkOptions, type RetryOptions } from "../options.ts";
import { codeOf, nameOf, type SchemaNames } from "./named_code.ts";
import { numberForm } from "./value_form.ts";
import type { CodeSchema, NumberSchema, OptionsSchema, RetrySchema } from "./workflow_schema.ts";

type Written<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Options as data; `undefined` if there are none.
 *
 * @param ofTask The options of the task that the schema names, whose code need not be named.
 * @param node The step, for messages.
 * @throws {SerializationError} If code in them has no name, or an option is none of ours.
 */
export function optionsForm(
  options: AnyTaskOptions | undefined,
  ofTask: AnyTaskOptions | undefined,
  names: SchemaNames,
  node: string,
): OptionsSchema | undefined {
  const {
    name: _,
    version,
    retry,
    timeout,
    cache,
    seed,
    onFailure,
    concurrency,
    rateLimit,
    policies,
    hooks,
    pure,
    transfer,
    ...others
  } = options ?? {};
  // A new option has to be dealt with here.
  const none: Record<never, never> = others satisfies Record<string, never>;
  const [unknown] = Object.keys(none);
  if (unknown !== undefined) {
    throw new SerializationError(
      `Option \`${unknown}\` of node \`${node}\` is not known, so it has no place in a schema.`,
      {
        node,
      },
    );
  }
  const where = (option: string): string => `Option \`${option}\` of node \`${node}\``;
  const functions = names.functions ?? {};
  const form: Written<OptionsSchema> = {};
  if (version !== undefined) form.version = version;
  if (retry !== undefined) {
    const { retryIf, ...numbers } = retry;
    const retryForm: Written<RetrySchema> = {};
    for (const key of RETRY_NUMBERS) {
      const number = numbers[key];
      if (number !== undefined) retryForm[key] = numberForm(number);
    }
    if (retryIf !== undefined) {
      retryForm.retryIf = retryIf === ofTask?.retry?.retryIf
        ? { from: "task" }
        : { function: nameOf("functions", retryIf, functions, where("retry.retryIf")) };
    }
    form.retry = retryForm;
  }
  if (timeout !== undefined) form.timeout = numberForm(timeout);
  if (cache !== undefined) form.cache = cache;
  if (seed !== undefined) form.seed = typeof seed === "number" ? numberForm(seed) : seed;
  if (onFailure !== undefined) {
    form.onFailure = typeof onFailure !== "function"
      ? onFailure
      : onFailure === ofTask?.onFailure
      ? { from: "task" }
      : { function: nameOf("functions", onFailure, functions, where("onFailure")) };
  }
  if (concurrency !== undefined) form.concurrency = { key: concurrency.key, limit: concurrency.limit };
  if (rateLimit !== undefined) {
    form.rateLimit = { key: rateLimit.key, limit: rateLimit.limit, interval: rateLimit.interval };
  }
  if (policies !== undefined && policies.length > 0) {
    form.policies = policies === ofTask?.policies
      ? { from: "task" }
      : policies.map((policy) => nameOf("policies", policy, names.policies ?? {}, where("policies")));
  }
  if (hooks !== undefined) {
    form.hooks = hooks === ofTask?.hooks ? { from: "task" } : nameOf("hooks", hooks, names.hooks ?? {}, where("hooks"));
  }
  if (pure !== undefined) form.pure = pure;
  if (transfer !== undefined) form.transfer = transfer;
  return Object.keys(form).length === 0 ? undefined : form;
}

const RETRY_NUMBERS = [
  "maxAttempts",
  "initialDelay",
  "maxDelay",
  "factor",
  "jitter",
] as const satisfies readonly Exclude<
  keyof RetryOptions,
  "retryIf"
>[];

/**
 * Options from data.
 *
 * @param ofTask The options of the task that runs the step.
 * @param path Where they are, for messages.
 * @throws {ConfigError} If one is out of range, or names code that there is not.
 */
function optionsOf(
  form: OptionsSchema,
  ofTask: AnyTaskOptions | undefined,
  names: SchemaNames,
  path: string,
): AnyTaskOptions {
  const fromTask = <T>(option: string, code: T | undefined): T => {
    if (code !== undefined) return code;
    throw new ConfigError(`The schema takes ${path}.${option} from the step's task, whose options have none.`);
  };
  // What the function takes is known to who names it.
  const named = <F>(code: CodeSchema, option: string, own: F | undefined): F =>
    "from" in code
      ? fromTask(option, own)
      : codeOf("functions", code.function, names.functions, `${path}.${option}`) as unknown as F;
  const { retry, timeout, seed, onFailure, policies, version, cache, concurrency, rateLimit, hooks, pure, transfer } =
    form;
  const retryOptions: Written<RetryOptions> = {};
  for (const key of RETRY_NUMBERS) {
    const number = retry?.[key];
    if (number !== undefined) retryOptions[key] = numberOf(number, `${path}.retry.${key}`);
  }
  if (retry?.retryIf !== undefined) {
    retryOptions.retryIf = named(retry.retryIf, "retry.retryIf", ofTask?.retry?.retryIf);
  }
  const options: AnyTaskOptions = {
    ...version === undefined ? {} : { version },
    ...retry === undefined ? {} : { retry: retryOptions },
    ...timeout === undefined ? {} : { timeout: numberOf(timeout, `${path}.timeout`) },
    ...cache === undefined ? {} : { cache },
    ...seed === undefined ? {} : { seed: typeof seed === "string" ? seed : numberOf(seed, `${path}.seed`) },
    ...onFailure === undefined ? {} : {
      onFailure: typeof onFailure === "string"
        ? onFailure
        : named(onFailure, "onFailure", typeof ofTask?.onFailure === "function" ? ofTask.onFailure : undefined),
    },
    ...concurrency === undefined ? {} : { concurrency },
    ...rateLimit === undefined ? {} : { rateLimit },
    ...policies === undefined ? {} : {
      policies: "from" in policies
        ? fromTask("policies", ofTask?.policies)
        : policies.map((name, i) => codeOf("policies", name, names.policies, `${path}.policies[${i}]`)),
    },
    ...hooks === undefined ? {} : {
      hooks: typeof hooks === "string"
        ? codeOf("hooks", hooks, names.hooks, `${path}.hooks`)
        : fromTask("hooks", ofTask?.hooks),
    },
    ...pure === undefined ? {} : { pure },
    ...transfer === undefined ? {} : { transfer },
  };
  checkOptions(options, `the schema at ${path}`);
  return options;
}

/**
 * Options of a step from data, over those of its task.
 *
 * @param own The options of the task.
 * @returns `undefined` if those of the task are right.
 * @throws {ConfigError} See {@linkcode optionsOf}.
 */
export function optionsOver(
  own: AnyTaskOptions | undefined,
  form: OptionsSchema | undefined,
  names: SchemaNames,
  path: string,
): AnyTaskOptions | undefined {
  const isTasks = form === undefined ||
    JSON.stringify(sorted(form)) === JSON.stringify(sorted(optionsForm(own, own, {}, path)));
  return isTasks ? undefined : optionsOf(form, own, names, path);
}

/** The same data with its keys in order. */
function sorted(form: unknown): unknown {
  if (typeof form !== "object" || form === null) return form;
  if (Array.isArray(form)) return form.map(sorted);
  return Object.fromEntries(
    Object.entries(form).sort(([a], [b]) => a < b ? -1 : 1).map(([key, part]) => [key, sorted(part)]),
  );
}

/** A number from data. */
export function numberOf(form: NumberSchema, path: string): number {
  if (typeof form === "number") return form;
  if (/^(?:-0|NaN|-?Infinity)$/.test(form.$number)) return Number(form.$number);
  throw new ConfigError(`The schema has no number at ${path}: ${JSON.stringify(form.$number)}.`);
}
