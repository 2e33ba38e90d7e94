/**
 * Nodes that make no call, as data and back. A new kind of control has to be told how in {@linkcode controlForm} and in the table of this
 * file, and nowhere else.
 *
 * @module
 */
import type { Control } from "../control/control.ts";
import { SerializationError } from "../errors.ts";
import type { Ref } from "../ref.ts";
import type { ControlKind, ControlPlace, ControlRow, ControlRows } from "./control_row.ts";
import { type Reader, wrong } from "./fields.ts";
import { joinRows } from "./join_rows.ts";
import { loopRows } from "./loop_rows.ts";
import { mapForm, mapRows } from "./map_rows.ts";
import { nameOf, type SchemaNames } from "./named_code.ts";
import { isObject } from "./value_form.ts";
import { waitRows } from "./wait_rows.ts";
import type { ControlSchema } from "./control_schema.ts";
import type { WrittenNames } from "./written_names.ts";

const rows: ControlRows<ControlKind> = { ...joinRows, ...mapRows, ...loopRows, ...waitRows };

/**
 * What the schema of a step says of what it does in place of a call.
 *
 * @param base What the names of such nodes begin with.
 * @param node The step, for messages.
 * @throws {SerializationError} If code in it has no name.
 */
export function controlForm(
  control: Control,
  base: string,
  names: SchemaNames,
  written: WrittenNames,
  node: string,
): ControlSchema {
  switch (control.kind) {
    case "optional":
    case "anyOf":
    case "initial":
    case "sleep":
      return { kind: control.kind };
    case "branch":
      return { kind: "branch", cases: [...control.cases] };
    case "map":
      return mapForm(control.body, names, written, node);
    case "repeatUntil": {
      const { kind, until, onLimit } = control;
      const where = `Option \`until\` of node \`${node}\``;
      return {
        kind,
        until: nameOf("functions", until, names.functions ?? {}, where),
        ...onLimit === "fail" ? {} : { onLimit },
      };
    }
    case "waitForSignal": {
      const { kind, schema } = control;
      const timeout = control.timeout === undefined ? {} : { timeout: control.timeout };
      // The schema of a decision is its own, and has no name.
      if (base === rows.approval.base) return { kind: "approval", ...timeout };
      if (schema === undefined) return { kind, ...timeout };
      const where = `Option \`schema\` of node \`${node}\``;
      return { kind, ...timeout, schema: nameOf("inputs", schema, names.inputs ?? {}, where) };
    }
    case "subWorkflow": {
      const { kind, definition } = control;
      written.definition(definition, node);
      return { kind, workflow: definition.name, version: definition.version };
    }
    case "gather":
      throw new SerializationError(
        `Node \`${node}\` gathers the items of a map, whose graph is made in a run and has no schema; write that of the workflow with the map.`,
        { node },
      );
  }
}

/** Takes what a schema says of control. */
export const readControl: Reader<ControlSchema> = (form, path) => {
  const kind = isObject(form) ? form["kind"] : undefined;
  if (typeof kind === "string" && isKind(kind)) return rowOf(kind).read(form, path);
  const kinds = Object.keys(rows).map((known) => JSON.stringify(known)).join(", ");
  throw wrong(
    isObject(form) ? kind ?? null : form,
    isObject(form) ? `${path}.kind` : path,
    `{ kind: … } with one of ${kinds}`,
  );
};

/** What the names of such nodes begin with. */
export function controlBase({ kind }: ControlSchema): string {
  return rowOf(kind).base;
}

/** Makes the node of a step that makes no call. */
export function makeControl(schema: ControlSchema, args: readonly unknown[], place: ControlPlace): Ref<unknown> {
  return rowOf(schema.kind).make(args, schema, place);
}

function isKind(kind: string): kind is ControlKind {
  return Object.hasOwn(rows, kind);
}

/** The table says that each kind has the row that is its own. */
function rowOf(kind: ControlKind): ControlRow<ControlSchema> {
  return rows[kind] as ControlRow<ControlSchema>;
}
