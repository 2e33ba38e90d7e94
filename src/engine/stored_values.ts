/**
 * Values of durable runs: encoded before anybody reads them, so that what a reader does to a value is not stored; large ones lie in the
 * attached object store, under their hash.
 *
 * @module
 */
import { concatChunks, decode } from "../../storage/codec/structured.ts";
import { sha256Hex } from "../../storage/digest.ts";
import type { ObjectStore } from "../../storage/object_store/object_store.ts";
import type { StoredValue } from "../../storage/runtime/records.ts";
import {
  CancelledError,
  ConfigError,
  ConflictError,
  type ErrorRecord,
  GraphError,
  HookError,
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
import { isRecordKey, recordKeyIn, type SerializedValues } from "./serialized_values.ts";

/** Folder of the object store in which the values of a run lie. */
export function objectFolder(runId: string): string {
  return `runs/${sha256Hex(runId).slice(0, 32)}/`;
}

const NO_INPUT = new Uint8Array(0);

/** Whose value it is, for messages: a step, or the input. */
export interface ValueOwner {
  /** Name of the workflow. */
  readonly workflow: string;
  /** Name of the step, or a word for what it is. */
  readonly task: string;
}

/** Encodes and decodes the values of runs. */
export class StoredValues {
  /** Values of at least `largeBytes` go to `objects`, if there is one; and so do those with objects that serializers keep. */
  constructor(
    readonly objects: ObjectStore | undefined,
    readonly largeBytes: number,
    readonly serialized: SerializedValues,
  ) {}

  /**
   * A value as it is stored. A large one, or one that serializers keep a part of, is in the object store when the promise has resolved; all
   * others need none.
   *
   * @throws {SerializationError} If a part of the value can not be kept; the message has its path.
   */
  encode(runId: string, value: unknown, owner: () => ValueOwner): StoredValue | Promise<StoredValue> {
    const { objects: found, chunks } = this.serialized.inspect(value);
    if (found.length > 0) return this.#pickle(runId, value, found, owner());
    return this.keep(runId, concatChunks(chunks));
  }

  /** A value that is encoded already, as it is stored: a large one in the object store. */
  keep(runId: string, bytes: Uint8Array<ArrayBuffer>): StoredValue | Promise<StoredValue> {
    const { objects } = this;
    if (objects === undefined || bytes.length < this.largeBytes) return { kind: "bytes", bytes };
    const sha256 = sha256Hex(bytes);
    const key = `${objectFolder(runId)}${sha256}`;
    return objects.put(key, bytes, { apart: true }).then(() => ({ kind: "object", key, size: bytes.length, sha256 }));
  }

  async #pickle(runId: string, value: unknown, found: readonly object[], owner: ValueOwner): Promise<StoredValue> {
    const { objects } = this;
    if (objects === undefined) {
      throw new SerializationError(
        `The result holds ${
          withArticle(found[0])
        }, which is kept in files: open the runtime with a \`storage\` for them, ` +
          "such as `new FileObjectStore({ path })`.",
        { workflow: owner.workflow, node: owner.task },
      );
    }
    const folder = objectFolder(runId);
    const record = await this.serialized.pickle(objects, folder, owner, value, found);
    const sha256 = sha256Hex(record);
    const key = recordKeyIn(folder, sha256);
    await objects.put(key, record, { apart: true });
    return { kind: "object", key, size: record.length, sha256 };
  }

  /** The input of a run as `startRun` keeps it; no bytes stand for none. */
  encodeInput(runId: string, input: unknown, workflow: string): StoredValue | Promise<StoredValue> {
    return input === undefined
      ? { kind: "bytes", bytes: NO_INPUT }
      : this.encode(runId, input, () => ({ workflow, task: "(input)" }));
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
        return isRecordKey(stored.key)
          ? await this.serialized.unpickle(this.objects, stored.key, bytes)
          : decode(bytes);
      }
    }
  }
}

function withArticle(value: object | undefined): string {
  const name = value?.constructor.name ?? "object";
  return `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`;
}

/** Classes that an error of a record is made an instance of; any other is a plain error under its own name. */
const CLASSES: ReadonlyMap<string, new (message: string, options?: ErrorOptions) => Error> = new Map(
  [
    ...[EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError],
    ...[CancelledError, ConfigError, GraphError, IntegrityError, InvalidKeyError, LeaseLostError, NotFoundError],
    ...[SerializationError, StepFailedError, TimeoutError, WorkerLostError, HookError],
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
