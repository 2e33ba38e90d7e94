/**
 * Values of durable runs: encoded before anybody reads them, so that what a reader does to a value is not stored; large ones lie in the
 * attached object store, under their hash.
 *
 * @module
 */
import { concatChunks, decode, encode } from "../../storage/codec/structured.ts";
import { sha256Hex } from "../../storage/digest.ts";
import type { ObjectStore } from "../../storage/object_store/object_store.ts";
import type { StoredValue } from "../../storage/runtime/records.ts";
import {
  CancelledError,
  ConfigError,
  ConflictError,
  type ErrorRecord,
  GraphError,
  IntegrityError,
  InvalidKeyError,
  LeaseLostError,
  NotFoundError,
  PermissionError,
  SerializationError,
  StepFailedError,
  TimeoutError,
  UnavailableError,
  WorkerLostError,
} from "../errors.ts";

/** Folder of the object store in which the values of a run lie. */
export function objectFolder(runId: string): string {
  return `runs/${sha256Hex(runId).slice(0, 32)}/`;
}

const NO_INPUT = new Uint8Array(0);

/** Encodes and decodes the values of runs. */
export class StoredValues {
  /** Values of at least `largeBytes` go to `objects`, if there is one. */
  constructor(readonly objects: ObjectStore | undefined, readonly largeBytes: number) {}

  /**
   * A value as it is stored. A large one is in the object store when the promise has resolved; all others need none.
   *
   * @throws {SerializationError} If a part of the value can not be kept; the message has its path.
   */
  encode(runId: string, value: unknown): StoredValue | Promise<StoredValue> {
    const bytes = concatChunks(encode(value));
    const { objects } = this;
    if (objects === undefined || bytes.length < this.largeBytes) return { kind: "bytes", bytes };
    const sha256 = sha256Hex(bytes);
    const key = `${objectFolder(runId)}${sha256}`;
    return objects.put(key, bytes).then(() => ({ kind: "object", key, size: bytes.length, sha256 }));
  }

  /** The input of a run as `startRun` keeps it; no bytes stand for none. */
  encodeInput(runId: string, input: unknown): StoredValue | Promise<StoredValue> {
    return input === undefined ? { kind: "bytes", bytes: NO_INPUT } : this.encode(runId, input);
  }

  /** The inverse of {@linkcode encodeInput}. */
  async decodeInput(input: StoredValue): Promise<unknown> {
    return input.kind === "bytes" && input.bytes.length === 0 ? undefined : await this.decode(input);
  }

  /**
   * The value that was stored.
   *
   * @throws {IntegrityError} If the bytes are not those that were stored.
   * @throws {NotFoundError} If the object store has lost it.
   * @throws {ConfigError} If it lies in an object store and none is attached.
   */
  async decode(stored: StoredValue): Promise<unknown> {
    switch (stored.kind) {
      case "bytes":
        return decode(stored.bytes);
      case "error":
        throw errorFrom(stored.error);
      case "object": {
        if (this.objects === undefined) {
          throw new ConfigError(
            `A result of ${stored.size} bytes lies in an object store; open the runtime with the \`storage\` it was written with.`,
          );
        }
        const bytes = await this.objects.get(stored.key);
        if (bytes.length !== stored.size || sha256Hex(bytes) !== stored.sha256) {
          throw new IntegrityError(
            `The result under \`${stored.key}\` is damaged: its bytes are not those that were written.`,
          );
        }
        return decode(bytes);
      }
    }
  }
}

/** Classes that an error of a record is made an instance of; any other is a plain error under its own name. */
const CLASSES: ReadonlyMap<string, new (message: string, options?: ErrorOptions) => Error> = new Map(
  [
    ...[EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError],
    ...[CancelledError, ConfigError, GraphError, IntegrityError, InvalidKeyError, LeaseLostError, NotFoundError],
    ...[SerializationError, StepFailedError, TimeoutError, WorkerLostError],
    ...[PermissionError, ConflictError, UnavailableError],
  ].map((Class) => [Class.name, Class]),
);

/** An error made of its record, for whoever did not see it thrown. */
export function errorFrom({ name, message, stack, cause }: ErrorRecord): Error {
  const Class = CLASSES.get(name) ?? Error;
  const error = new Class(message, cause === undefined ? undefined : { cause: errorFrom(cause) });
  if (error.name !== name) error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
