/**
 * Where in a value something is, as an expression a reader could type: `$.rows[3].fn`.
 *
 * @module
 */

/** One step down into a value. */
export type PathStep =
  | { readonly kind: "property"; readonly key: string | number }
  | { readonly kind: "mapKey"; readonly index: number }
  | { readonly kind: "mapValue"; readonly key: unknown; readonly index: number }
  | { readonly kind: "setItem"; readonly index: number };

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
const LONGEST_KEY = 60;
const LONGEST_PATH = 40;

/** The expression of a path; the middle of a very long one is left out. */
export function formatPath(steps: readonly PathStep[]): string {
  const skipped = steps.length - LONGEST_PATH;
  let expression = "$";
  for (const [index, step] of steps.entries()) {
    if (skipped > 0 && index >= LONGEST_PATH / 2 && index < LONGEST_PATH / 2 + skipped) continue;
    if (skipped > 0 && index === LONGEST_PATH / 2 + skipped) expression += `<${skipped} more>`;
    expression = down(expression, step);
  }
  return expression;
}

function down(expression: string, step: PathStep): string {
  switch (step.kind) {
    case "property":
      if (typeof step.key === "number") return `${expression}[${step.key}]`;
      return IDENTIFIER.test(step.key) ? `${expression}.${step.key}` : `${expression}[${quote(step.key)}]`;
    case "mapKey":
      return `[...${expression}.keys()][${step.index}]`;
    case "mapValue": {
      const key = literal(step.key);
      return key === undefined ? `[...${expression}.values()][${step.index}]` : `${expression}.get(${key})`;
    }
    case "setItem":
      return `[...${expression}][${step.index}]`;
  }
}

function literal(key: unknown): string | undefined {
  if (typeof key === "string") return quote(key);
  if (typeof key === "bigint") return `${key}n`;
  return typeof key === "object" || typeof key === "function" || typeof key === "symbol" ? undefined : String(key);
}

/** A text in quotes, cut if it is long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > LONGEST_KEY ? `${text.slice(0, LONGEST_KEY)}…` : text);
}
