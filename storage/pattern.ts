/**
 * The one rule for patterns of names, of nodes and of stored tasks alike: a glob or a `RegExp`, matching the whole name.
 *
 * Globs are minimatch's, by the two parts that minimatch 11 itself is made of: its matcher, which never backtracks, and its brace
 * expansion, which is bounded. minimatch around them splits paths at `/` and reads the environment when imported; neither has a place here.
 *
 * @module
 */
import { Matcher } from "@isaacs/nonrecursive-glob-match";
import { expand } from "brace-expansion";
import { ConfigError } from "../src/errors.ts";

/** The longest glob, in UTF-16 units. */
const MAX_LENGTH = 65_536;
/** The most alternatives that the braces of a glob may expand to. */
const MAX_ALTERNATIVES = 1_000;
/** The most extended groups `@(…)` of a glob: the matcher compiles them recursively. */
const MAX_GROUPS = 256;
/** Stands for `/`, which is a character like any other in a name but not to the matcher; no name has a control character. */
const SLASH = "\u0001";

/**
 * Compiles a pattern into a test of names.
 *
 * In a glob, `*` matches any characters, `/` and a leading `.` among them, `?` any one, `[a-z]` one of a class, `{a,b}` alternatives,
 * `@(a|b)`, `?(a)`, `*(a)`, `+(a)` and `!(a)` groups, and a backslash takes the next character as it is. There are no comments and no
 * negation. A `RegExp` has to match the whole name too.
 *
 * @throws {ConfigError} If the pattern can not be one: empty, not closed, or of more alternatives than can be meant.
 *
 * @example
 * ```ts ignore
 * const matches = compilePattern("train_{a,b}*");
 * matches("train_a_0001"); // true
 * ```
 */
export function compilePattern(pattern: string | RegExp): (name: string) => boolean {
  if (pattern instanceof RegExp) return wholeRegExp(pattern);
  if (typeof pattern !== "string") {
    throw new ConfigError(`A pattern is a glob or a RegExp, not ${pattern === null ? "null" : typeof pattern}.`);
  }
  const problem = globProblem(pattern);
  if (problem !== undefined) {
    const shown = pattern.length > 100 ? `${pattern.slice(0, 100)}…` : pattern;
    throw new ConfigError(`The pattern ${JSON.stringify(shown)} is not a glob: ${problem}.`);
  }
  const glob = pattern.replaceAll("/", SLASH);
  const literals = new Set<string>();
  const matchers: Matcher[] = [];
  for (const alternative of alternatives(glob, pattern)) {
    if (/^[^\\*?[\]()|!+@]+$/.test(alternative)) literals.add(alternative);
    else matchers.push(new Matcher(alternative, { dot: true }));
  }
  return matcherOf(literals, matchers);
}

function matcherOf(literals: ReadonlySet<string>, matchers: readonly Matcher[]): (name: string) => boolean {
  const [only] = matchers;
  if (only === undefined && literals.size === 1) {
    const [literal = ""] = literals;
    const plain = literal.replaceAll(SLASH, "/");
    return (name) => name === plain;
  }
  // To the matcher, "." and ".." are folders that no wildcard means. A letter before name and pattern makes them names.
  let behindLetter: Matcher[] | undefined;
  return (name) => {
    const text = name.includes("/") ? name.replaceAll("/", SLASH) : name;
    if (literals.has(text)) return true;
    if (text === "." || text === "..") {
      behindLetter ??= matchers.map((matcher) => new Matcher(`x${matcher.pattern}`, { dot: true }));
      return behindLetter.some((matcher) => matcher.testUnchecked(`x${text}`));
    }
    for (const matcher of matchers) if (matcher.testUnchecked(text)) return true;
    return false;
  };
}

function wholeRegExp(pattern: RegExp): (name: string) => boolean {
  // Neither the place that `g` and `y` go on from nor the lines of `m` have a meaning for a whole name.
  const whole = new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gmy]/g, ""));
  return (name) => whole.test(name);
}

/** The glob without its braces. */
function alternatives(glob: string, pattern: string): Iterable<string> {
  if (!glob.includes("{")) return [glob];
  // The expansion makes one backslash of two; doubled, they come out as they went in.
  const expanded = expand(glob.replaceAll("\\\\", "\\\\\\\\"), { max: MAX_ALTERNATIVES + 1 });
  if (expanded.length > MAX_ALTERNATIVES) {
    const shown = pattern.length > 100 ? `${pattern.slice(0, 100)}…` : pattern;
    throw new ConfigError(
      `The pattern ${
        JSON.stringify(shown)
      } has braces for more than ${MAX_ALTERNATIVES} alternatives; use a wildcard or a RegExp.`,
    );
  }
  return new Set(expanded);
}

/** Why a text is no glob; `undefined` if it is one. What minimatch would silently take literally is refused. */
function globProblem(glob: string): string | undefined {
  if (glob === "") return "it is empty";
  if (glob.length > MAX_LENGTH) return `it is longer than ${MAX_LENGTH} characters`;
  if (/\p{Cc}/u.test(glob)) return "it has a control character, which no name has";
  const open: string[] = [];
  let groups = 0;
  for (let i = 0; i < glob.length; i++) {
    const char = glob.charAt(i);
    if (char === "\\") {
      if (++i === glob.length) return "it ends in a lone backslash; write two for one";
    } else if (char === "[") {
      const end = classEnd(glob, i);
      if (end === -1) return 'it has a "[" that is not closed; write "\\[" for the character';
      i = end;
    } else if ("?*+@!".includes(char) && glob.charAt(i + 1) === "(") {
      if (++groups > MAX_GROUPS) return `it has more than ${MAX_GROUPS} groups`;
      open.push(")");
      i++;
    } else if (char === "{") {
      open.push("}");
    } else if (char === open.at(-1)) {
      open.pop();
    }
  }
  const left = open.at(-1);
  if (left === ")") {
    return "it has a group that is not closed; write a backslash before its first character for the text";
  }
  if (left === "}") return 'it has a "{" that is not closed; write "\\{" for the character';
  return undefined;
}

/** Index of the `]` that ends the class beginning at `start`, or −1. */
function classEnd(glob: string, start: number): number {
  let i = start + 1;
  if (glob.charAt(i) === "!" || glob.charAt(i) === "^") i++;
  for (let first = true; i < glob.length; i++, first = false) {
    const char = glob.charAt(i);
    if (char === "]" && !first) return i;
    if (char === "\\") i++;
    else if (char === "[" && glob.charAt(i + 1) === ":") {
      const end = glob.indexOf(":]", i + 2);
      if (end !== -1) i = end + 1;
    }
  }
  return -1;
}
