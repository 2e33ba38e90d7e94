/**
 * Definitions as workflows, to have their graphs built and written down. They make no runs.
 *
 * @module
 */
import { type Definition, WorkflowDefinition } from "../definition.ts";
import { ConfigError } from "../errors.ts";
import { BaseWorkflow } from "../workflow.ts";

/** A definition as a workflow. */
export class SchemaWorkflow extends BaseWorkflow<Definition<unknown, unknown>> {
  /** Builds its graph. */
  constructor(definition: WorkflowDefinition) {
    super(definition, { input: undefined });
  }

  override start(): Promise<never> {
    throw new TypeError("It is there to be looked at.");
  }
}

/**
 * A definition as a workflow.
 *
 * @throws {ConfigError} If it was not made by `defineWorkflow()` or read from a schema.
 */
export function schemaWorkflow(definition: Definition<never, unknown>): SchemaWorkflow {
  if (definition instanceof WorkflowDefinition) return new SchemaWorkflow(definition);
  throw new ConfigError(
    "A schema is made of a definition as defineWorkflow() returns it, or of a workflow, and something else was given.",
  );
}
