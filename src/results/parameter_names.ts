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

function readNames(source: string): string[] {
  const lone = /^\s*(?:async\s+)?([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*=>/u.exec(source);
  if (lone?.[1] !== undefined) return [lone[1]];
  const open = source.indexOf("(");
  if (open < 0) return [];
  return splitParameters(source, open + 1).map((parameter, i) => {
    const name = /^\s*(?:\.\.\.)?([\p{ID_Start}$_][\p{ID_Continue}$]*)/u.exec(parameter)?.[1];
    return name ?? `argument ${i + 1}`;
  });
}

/** Cuts a parameter list, without its comments, at its own commas, up to the parenthesis that closes it. */
function splitParameters(text: string, start: number): string[] {
  const parameters: string[] = [];
  let depth = 0;
  let parameter = "";
  for (let i = start; i < text.length; i++) {
    const end = endOfComment(text, i) ?? endOfString(text, i);
    if (end !== undefined) {
      i = end - 1;
      continue;
    }
    const char = text.charAt(i);
    if ("([{".includes(char)) depth++;
    else if (depth > 0 && ")]}".includes(char)) depth--;
    else if (depth === 0 && (char === "," || char === ")")) {
      if (parameter.trim() !== "") parameters.push(parameter);
      if (char === ")") return parameters;
      parameter = "";
      continue;
    }
    parameter += char;
  }
  return parameters;
}

/** Index after the comment that begins at `at`, if one does. */
function endOfComment(text: string, at: number): number | undefined {
  if (text.startsWith("//", at)) return indexAfter(text, "\n", at);
  return text.startsWith("/*", at) ? indexAfter(text, "*/", at) : undefined;
}

/** Index after the string that begins at `at`, if one does. A template is taken to end at its next backtick. */
function endOfString(text: string, at: number): number | undefined {
  const quote = text.charAt(at);
  if (quote !== '"' && quote !== "'" && quote !== "`") return undefined;
  let end = at + 1;
  while (end < text.length && text.charAt(end) !== quote) end += text.charAt(end) === "\\" ? 2 : 1;
  return end + 1;
}

function indexAfter(text: string, mark: string, at: number): number {
  const found = text.indexOf(mark, at);
  return found < 0 ? text.length : found + mark.length;
}
