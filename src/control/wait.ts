/**
 * What a control node waits for, once its arguments have values: the same on every backend.
 *
 * @module
 */
import { nameProblem } from "../../storage/names.ts";
import type { WorkflowDefinition } from "../definition.ts";
import { describe } from "../describe.ts";
import { GraphError, SerializationError } from "../errors.ts";
import type { Program } from "../program.ts";
import { type AnySchema, issueText } from "../standard_schema.ts";
import type { WaitingControl } from "./control.ts";
import type { MapBody } from "./map_body.ts";

/** What is waited for. Times are in milliseconds since 1970. */
export type Wait =
  | { readonly kind: "time"; readonly until: number }
  | {
    readonly kind: "signal";
    readonly name: string;
    /** When it fails; `undefined` never. */
    readonly until: number | undefined;
    readonly schema: AnySchema | undefined;
  }
  /** A run of a definition, with an input that was not checked. */
  | { readonly kind: "child"; readonly definition: WorkflowDefinition; readonly input: unknown }
  /** A run with a step for each item. */
  | { readonly kind: "items"; readonly body: MapBody; readonly list: readonly unknown[] };

/**
 * What the control node at `place` waits for from `now` on. All that it takes values of has ended well.
 *
 * @throws {GraphError} If a value is not what it takes.
 */
export function waitOf(
  program: Program,
  place: number,
  control: WaitingControl,
  values: readonly unknown[],
  now: number,
): Wait {
  const node = program.graph.names.at(place);
  const [given] = program.argumentsAt(place, values);
  switch (control.kind) {
    case "sleep":
      return { kind: "time", until: sleepEnd(given, now, node) };
    case "waitForSignal": {
      const { timeout, schema } = control;
      const until = timeout === undefined ? undefined : now + Math.ceil(timeout);
      return { kind: "signal", name: signalName(given, node), until, schema };
    }
    case "subWorkflow":
      return { kind: "child", definition: control.definition, input: given };
    case "map":
      if (Array.isArray(given)) return { kind: "items", body: control.body, list: given };
      throw new GraphError(`Map \`${node}\` was given ${describe(given)}; it takes an array.`, { node });
  }
}

/** When a sleep ends, in whole milliseconds since 1970. */
function sleepEnd(given: unknown, now: number, node: string): number {
  const until = given instanceof Date ? given.getTime() : typeof given === "number" ? now + given : NaN;
  // Dates end with the year 275760.
  if (!Number.isNaN(new Date(until).getTime())) return Math.max(now, Math.ceil(until));
  throw new GraphError(
    `Sleep \`${node}\` was given ${describe(given)}; it takes a number of milliseconds, or a Date.`,
    { node },
  );
}

function signalName(given: unknown, node: string): string {
  const problem = typeof given === "string" ? nameProblem(given) : `it is ${describe(given)}`;
  if (problem === undefined) return String(given);
  throw new GraphError(`Node \`${node}\` can not wait for a signal of this name: ${problem}.`, { node });
}

/** The payload of a signal as the schema gives it back, or why it is refused. */
export async function checkedPayload(
  schema: AnySchema | undefined,
  payload: unknown,
): Promise<{ readonly value: unknown } | { readonly refused: string }> {
  if (schema === undefined) return { value: payload };
  try {
    const result = await schema["~standard"].validate(payload);
    return result.issues === undefined ? { value: result.value } : { refused: result.issues.map(issueText).join("; ") };
  } catch (error) {
    return { refused: String(new SerializationError("Its schema failed.", { cause: error }).cause) };
  }
}
