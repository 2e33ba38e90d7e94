/**
 * When a cron is due: its expression, checked and made such that Deno.cron and we read the same in it.
 *
 * Deno.cron counts the weekdays from 1 for Sunday to 7 for Saturday and refuses 0; everybody else, croner too, from 0 for Sunday, or 7. It
 * takes `10-5` for something, and an expression that never comes due, such as February 30, ends the process. So an expression is one of
 * numbers, names, lists, ranges and steps, its weekdays go to Deno by name, and it has to come due.
 *
 * @module
 */
import { Cron } from "croner";
import { ConfigError } from "../errors.ts";

/** How early a tick may be fired and still count for the time that is about to come, in milliseconds: what clocks differ by. */
const MOST_EARLY = 5_000;

const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
/** A part of a field: `*`, a number, a name, or a range of them, and a step. */
const PART = /^(\*|(\d{1,2}|[a-z]{3})(-(\d{1,2}|[a-z]{3}))?)(\/\d{1,2})?$/i;
/** A Sunday. */
const SUNDAY = Date.UTC(2026, 0, 4);
const DAY = 86_400_000;

/** The due times of one cron, in UTC. */
export class CronSchedule {
  /** The expression as it goes to Deno.cron. */
  readonly text: string;
  readonly #cron: Cron;

  /**
   * Checks an expression.
   *
   * @param name Name of the cron, for messages.
   * @param seconds Whether it may have a sixth field, the first, for seconds.
   * @throws {ConfigError} If it can not be used.
   */
  constructor(name: string, expression: string, seconds: boolean) {
    const refuse = (why: string, cause?: unknown): never => {
      throw new ConfigError(
        `The expression ${JSON.stringify(expression)} of cron ${JSON.stringify(name)} can not be used: ${why}. ` +
          'It has five fields in UTC, minute, hour, day of month, month and day of week, as in "*/5 8-18 * * MON-FRI".',
        { cause },
      );
    };
    if (typeof expression !== "string") refuse(`it is ${typeof expression}, and not a string`);
    const fields = expression.split(/[ \t]+/).filter((field) => field !== "");
    if (fields.length !== 5 && !(seconds && fields.length === 6)) refuse(`it has ${fields.length} fields`);
    const odd = fields.find((field) => field.split(",").some((part) => !PART.test(part)));
    if (odd !== undefined) {
      refuse(`${JSON.stringify(odd)} is not made of numbers, names, \`*\`, \`,\`, \`-\` and \`/\``);
    }
    try {
      const days = fields.pop() ?? "*";
      this.#cron = cronOf([...fields, days].join(" "));
      this.text = [...fields, weekdays(days)].join(" ");
    } catch (error) {
      throw refuse(error instanceof Error ? error.message.replace(/^CronPattern: |\.$/g, "") : String(error), error);
    }
    if (this.next(SUNDAY) === undefined) refuse("it never comes due");
  }

  /** The first due time after a time, in milliseconds since 1970; `undefined` if there is none. */
  next(after: number): number | undefined {
    return this.#cron.nextRun(new Date(after))?.getTime();
  }

  /** The last due time that is not after a time. */
  previous(at: number): number | undefined {
    return this.#cron.previousRuns(1, new Date(at + 1))[0]?.getTime();
  }

  /** The due time that something was fired for at this time: the last one, or one that is about to come, since clocks differ. */
  firedFor(at: number): number | undefined {
    const [previous, next] = [this.previous(at), this.next(at)];
    if (next === undefined || previous === undefined) return previous;
    return next - at <= Math.min(MOST_EARLY, (next - previous) / 2) ? next : previous;
  }

  /** The due times after one time and not after another, the latest `most` of them, the earliest first. */
  between(after: number, until: number, most: number): number[] {
    const times = this.#cron.previousRuns(most, new Date(until + 1)).map((time) => time.getTime());
    return times.filter((time) => time > after).reverse();
  }
}

function cronOf(pattern: string): Cron {
  return new Cron(pattern, { timezone: "UTC", paused: true, mode: "5-or-6-parts" });
}

/** The weekdays of a field by name. A field that restricts nothing stays as it is, since then only the day of month counts. */
function weekdays(field: string): string {
  if (field === "*") return field;
  const cron = cronOf(`0 0 * * ${field}`);
  return WEEKDAYS.filter((_, day) => cron.nextRun(new Date(SUNDAY + day * DAY - 1))?.getTime() === SUNDAY + day * DAY)
    .join();
}
