/**
 * Names of a function's parameters, read from its source, for messages.
 *
 * @module
 */

const cache = new WeakMap<object, readonly string[]>();

/** The parameter names as far as they can be told; a destructured or unreadable parameter is `argument N`. */
export function parameterNames(func: (...args: never[]) => unknown): readonly string[] {
  let names = cache.get(func);
  if (names === undefined) cache.set(func, names = readNames(Function.prototype.toString.call(func)));
  return names;
}

const COMMENTS = /\/\*[^]*?\*\/|\/\/[^\n]*/g;

function readNames(source: string): string[] {
  const text = source.replace(COMMENTS, " ");
  const lone = /^\s*(?:async\s+)?([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*=>/u.exec(text);
  if (lone?.[1] !== undefined) return [lone[1]];
  const open = text.indexOf("(");
  if (open < 0) return [];
  return splitParameters(text, open + 1).map((parameter, i) => {
    const name = /^\s*(?:\.\.\.)?([\p{ID_Start}$_][\p{ID_Continue}$]*)/u.exec(parameter)?.[1];
    return name ?? `argument ${i + 1}`;
  });
}

/** Cuts a parameter list at its own commas, up to the parenthesis that closes it. */
function splitParameters(text: string, start: number): string[] {
  const parameters: string[] = [];
  let depth = 0;
  let from = start;
  let quote = "";
  for (let i = start; i < text.length; i++) {
    const char = text.charAt(i);
    if (quote !== "") {
      if (char === "\\") i++;
      else if (char === quote) quote = "";
    } else if (char === '"' || char === "'" || char === "`") quote = char;
    else if ("([{".includes(char)) depth++;
    else if (depth > 0 && ")]}".includes(char)) depth--;
    else if (depth === 0 && (char === "," || char === ")")) {
      if (text.slice(from, i).trim() !== "") parameters.push(text.slice(from, i));
      if (char === ")") return parameters;
      from = i + 1;
    }
  }
  return parameters;
}
