/**
 * Values of durable runs with objects that serializers keep: the objects as files in the attached object store, the rest as one record
 * beside them.
 *
 * @module
 */
import {
  encodeInspecting,
  type Inspected,
  type Serializer,
  SerializerRegistry,
} from "../../storage/codec/serializers.ts";
import { ChunkedArraySerializer } from "../../storage/codec/chunked_array_serializer.ts";
import { ExternalValues, hasFiles } from "../../storage/external_values.ts";
import type { ObjectStore } from "../../storage/object_store/object_store.ts";
import { buildRecord, damageOf, parseHead } from "../../storage/result_record.ts";
import { decodePids, decodeValue, encodePids, encodeValue } from "../../storage/result_value.ts";
import { damagedResult, type ResultPlace } from "../../storage/value_files.ts";

/** What a run's folder has its records in, and its files. */
const [RECORDS, FILES] = ["records/", "files/"];

/** Where records lie below the folder of a run. */
export const recordFolder: string = RECORDS;
/** Where files lie below the folder of a run. */
export const fileFolder: string = FILES;

/** Keeps what the default encoding can not, by serializers. */
export class SerializedValues {
  readonly #registry = new SerializerRegistry();

  /** Chunked arrays have a serializer of their own, unless one is given. */
  constructor(serializers: readonly Serializer[]) {
    this.#registry.register(new ChunkedArraySerializer(), ...serializers);
  }

  /**
   * Encodes a value, and lists the objects in it that serializers keep.
   *
   * @throws {SerializationError} If a part can neither be encoded nor has a serializer.
   */
  inspect(value: unknown): Inspected {
    return encodeInspecting(value, this.#registry);
  }

  /**
   * Writes the files of the objects of a value; gives the record that stands for the value.
   *
   * @param folder The folder of the run, ending in "/".
   */
  async pickle(
    objects: ObjectStore,
    folder: string,
    place: ResultPlace,
    value: unknown,
    found: readonly object[],
  ): Promise<Uint8Array<ArrayBuffer>> {
    const externals = this.#externals(objects, folder);
    const { save, externals: kept, pids } = await externals.pickle(place, found);
    const places = found.map((object, pid) => [object, { serializer: kept[pid]?.serializer ?? "", pid }] as const);
    const body = encodeValue(place, value, new Map(places));
    return buildRecord({ ...place, meta: {}, files: { save, externals: kept } }, encodePids(place, pids), body);
  }

  /**
   * Brings back the value of a record.
   *
   * @throws {IntegrityError} If the record or a file of it is damaged.
   * @throws {SerializationError} If a serializer is missing; the message names it.
   */
  async unpickle(objects: ObjectStore, key: string, record: Uint8Array): Promise<unknown> {
    const head = parseHead(record, record.length, { workflow: "", task: undefined });
    const unknown = { workflow: "", task: key };
    if ("need" in head) throw damagedResult(unknown, "its header is cut off");
    const damage = "damaged" in head ? head : damageOf(record, head);
    if ("damaged" in head || damage !== undefined) throw damagedResult(unknown, damage?.damaged ?? "");
    const { header, pidsAt, bodyAt, bodyEnd } = head;
    let values: readonly unknown[] = [];
    if (hasFiles(header)) {
      const externals = this.#externals(objects, key.slice(0, key.indexOf(RECORDS)));
      values = await externals.unpickle(header, decodePids(header, record.subarray(pidsAt, bodyAt)));
    }
    return decodeValue(header, record.subarray(bodyAt, bodyEnd), values);
  }

  #externals(objects: ObjectStore, folder: string): ExternalValues {
    return new ExternalValues(objects, this.#registry, () => folder + FILES);
  }
}

/** The key of a record in the folder of a run. */
export function recordKeyIn(folder: string, sha256: string): string {
  return folder + RECORDS + sha256;
}

/** Whether a key of a run's folder is that of a record, and not of a plainly encoded value. */
export function isRecordKey(key: string): boolean {
  return key.includes(`/${RECORDS}`);
}
