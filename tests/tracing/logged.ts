/**
 * What tests see of the log.
 *
 * @module
 */
import { configure, type LogRecord, reset } from "@logtape/logtape";

/** What is logged while something is done, until there are so many messages. */
export async function logged(count: number, act: () => Promise<unknown>): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  const all = Promise.withResolvers<void>();
  await configure({
    sinks: { kept: (record) => void (records.push(record) === count && all.resolve()) },
    loggers: [
      { category: ["fusewire"], sinks: ["kept"], lowestLevel: "debug" },
      { category: ["logtape", "meta"], lowestLevel: "error" },
    ],
  });
  try {
    await act();
    await all.promise;
    return records;
  } finally {
    await reset();
  }
}
