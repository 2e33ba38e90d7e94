/**
 * How much of a processor a process takes.
 *
 * @module
 */

/** Seconds of processor time that a process has taken, all threads and the system's part included. Linux only. */
export function processorTime(pid: number): number {
  // By a command, because Deno reads /proc only with all permissions.
  const { stdout } = new Deno.Command("cat", { args: [`/proc/${pid}/stat`] }).outputSync();
  const fields = new TextDecoder().decode(stdout).replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
