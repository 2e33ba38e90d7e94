import type { KvLike } from "../storage/kv/kv_like.ts";
import { FaultyKv } from "./faulty_kv.ts";

/** The environment variable that {@linkcode crashAtEnv} reads, such as `12:before`. */
export const CRASH_AT_VARIABLE = "FUSEWIRE_CRASH_AT";

/** One moment of a process: just before or just after one of its commits. */
export interface CrashPoint {
  /** Which commit, from 1. Every `set`, `delete` and `atomic().commit()` is one, also one whose conditions do not hold. */
  readonly at: number;
  /** Before it is sent, or when it has taken effect and nobody knows of that. */
  readonly when: "before" | "after";
}

/** A handle on a KV that ends its process at one commit, made by {@linkcode crashingKv}. */
export class CrashingKv extends FaultyKv {
  readonly #count: { commits: number };

  /** See {@linkcode crashingKv}. */
  constructor(kv: KvLike, point: CrashPoint | undefined, kill: () => void) {
    const count = { commits: 0 };
    super(kv, {
      plan({ kind }) {
        if (kind !== "commit" && kind !== "set" && kind !== "delete") return undefined;
        return ++count.commits === point?.at ? { kind: "crash", when: point.when } : undefined;
      },
      onKill: kill,
    });
    this.#count = count;
  }

  /** How many commits there have been. */
  get commits(): number {
    return this.#count.commits;
  }
}

/**
 * A handle on a KV that kills its own process at one commit, as `kill -9` does: nothing is cleaned up, no `finally` runs. Give it to
 * `openRuntime({ kv })` in a process of its own, start that process again without the point, and see that the run goes on.
 * `docs/testing.md` shows a whole test.
 *
 * What is wrapped stays open when the handle is closed. To end the process takes `--allow-run`.
 *
 * @example
 * ```ts ignore
 * import { crashingKv } from "@fusewire/fusewire/testing";
 *
 * const kv = crashingKv(await Deno.openKv("runs.db"), { at: 12, when: "after" });
 * ```
 *
 * @param kv Where everything is kept.
 * @param point Where to end; without it the handle only counts.
 * @param kill Ends the process. Default: SIGKILL.
 */
export function crashingKv(kv: KvLike, point?: CrashPoint, kill: () => void = killThisProcess): CrashingKv {
  return new CrashingKv(kv, point, kill);
}

/**
 * A handle on a KV that kills its own process where the environment variable `FUSEWIRE_CRASH_AT` says: `12:before` or `12:after` the
 * twelfth commit. Without the variable it only counts, so that a program can have it always. It takes
 * `--allow-env=FUSEWIRE_CRASH_AT`.
 *
 * @example
 * ```ts ignore
 * import { crashAtEnv } from "@fusewire/fusewire/testing";
 *
 * const kv = crashAtEnv(await Deno.openKv("runs.db"));
 * ```
 *
 * @throws {RangeError} If the variable is set to something else.
 */
export function crashAtEnv(kv: KvLike): CrashingKv {
  const text = Deno.env.get(CRASH_AT_VARIABLE);
  return crashingKv(kv, text === undefined || text === "" ? undefined : crashPointOf(text));
}

/** The text that `FUSEWIRE_CRASH_AT` is set to for a point. */
export function crashPointText({ at, when }: CrashPoint): string {
  return `${at}:${when}`;
}

function crashPointOf(text: string): CrashPoint {
  const [, at, when] = /^([1-9]\d*):(before|after)$/.exec(text) ?? [];
  if (at === undefined || when === undefined) {
    throw new RangeError(
      `The environment variable ${CRASH_AT_VARIABLE} is ${
        JSON.stringify(text)
      }; it must be the number of a commit and ` +
        '"before" or "after", such as "12:before".',
    );
  }
  return { at: Number(at), when: when === "before" ? "before" : "after" };
}

function killThisProcess(): void {
  Deno.kill(Deno.pid, "SIGKILL");
}
