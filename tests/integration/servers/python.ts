/**
 * Python with NumPy and zarr-python, to read and write in tests what Fusewire's codecs do.
 *
 * @module
 */
import { reasonNotToRun } from "../../../scripts/servers/not_run.ts";
import { programOf } from "../../../scripts/servers/server.ts";
import { numpyZarr } from "../../../scripts/servers/table.ts";

/** For `ignore` of tests: there is no such Python here and no way to install it. `deno task test` lists their files as not run. */
export const withoutPython: boolean = await reasonNotToRun(numpyZarr) !== undefined;

const TIMEOUT = 60_000;

/**
 * Runs a script, and gives what it prints.
 *
 * @param script The text of the script. It finds the arguments in `sys.argv[1:]`.
 * @throws {Error} If it ends with another code than 0, or has not ended after a minute. The message has what it printed.
 *
 * @example
 * ```ts ignore
 * const kind = await runPython("import numpy, sys; print(numpy.load(sys.argv[1]).dtype)", ["prices.npy"]);
 * ```
 */
export async function runPython(script: string, args: readonly string[] = []): Promise<string> {
  const late = AbortSignal.timeout(TIMEOUT);
  const { success, code, signal, stdout, stderr } = await output(script, args, late);
  const [printed, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (success) return printed ?? "";
  const end = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
  const how = late.aborted ? `has not ended after ${TIMEOUT} ms` : end;
  throw new Error(`The Python script ${how}. It printed: ${printed}${errors}`);
}

async function output(script: string, args: readonly string[], signal: AbortSignal): Promise<Deno.CommandOutput> {
  const program = programOf(numpyZarr);
  try {
    return await new Deno.Command(program, {
      args: ["-I", "-c", script, ...args],
      // More threads than one only make it start later.
      env: { OPENBLAS_NUM_THREADS: "1", PYTHONIOENCODING: "utf-8" },
      stdin: "null",
      signal,
    }).output();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Error(`${program} is not there. \`deno task servers\` installs it.`, { cause });
  }
}
