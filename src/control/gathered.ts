/**
 * What a map makes of its items, once all of them have ended.
 *
 * @module
 */
import { StepFailedError } from "../errors.ts";
import { End } from "../join.ts";
import type { Program } from "../program.ts";
import type { SettledItem } from "./gather.ts";
import type { MapBody } from "./map_body.ts";
import type { Above } from "./outcome.ts";

/**
 * The value of a map, once all of its items have ended.
 *
 * @throws {StepFailedError} If too few of them succeeded. Its cause is what the first failed with.
 */
export function gathered(program: Program, place: number, body: MapBody, above: Above): unknown[] {
  const count = program.graph.members[place]!.argumentCount;
  const settled: SettledItem<unknown>[] = new Array(count);
  let failed = 0;
  let first = -1;
  let firstPlace = 0;
  for (let i = 0; i < count; i++) {
    const source = program.sourceAt(place, i);
    switch (above.endOf(source)) {
      case End.Value:
        settled[i] = { status: "fulfilled", value: program.argumentAt(place, i, above.values) };
        break;
      case End.Skipped:
        settled[i] = { status: "skipped" };
        break;
      case End.Failed:
      case End.Open:
        settled[i] = { status: "rejected", reason: reasonOf(firstPlace, source, above) };
        if (failed++ === 0) first = i;
        break;
    }
    firstPlace = source + 1;
  }
  if (body.settled) return settled;
  const node = program.graph.names.at(place);
  const { minSuccessRatio } = body.limits;
  const worst = settled[first];
  if (worst?.status === "rejected" && (count - failed) / count < minSuccessRatio) {
    const { reason } = worst;
    throw new StepFailedError(
      `${failed} of the ${count} items of \`${node}\` failed, and ${
        minSuccessRatio === 1 ? "all" : `a share of ${minSuccessRatio}`
      } had to succeed; the first is \`${node}[${first}]\`: ${
        reason instanceof Error ? reason.message : String(reason)
      }`,
      { node, cause: reason },
    );
  }
  return settled.map((item) => item.status === "fulfilled" ? item.value : undefined);
}

/** What an item failed with: its nodes lie between those of the item before and its last one. */
function reasonOf(from: number, last: number, { errorOf }: Above): unknown {
  for (let place = last; place >= from; place--) {
    const error = errorOf?.(place);
    if (error !== undefined) return error;
  }
  return new Error("The error was not kept.");
}
