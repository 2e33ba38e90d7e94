/**
 * The files of values that serializers keep, as far as who moves such a value has to know: where they lie beside the record.
 *
 * @module
 */
import { damageOf, parseHead } from "../../storage/result_record.ts";
import { IntegrityError } from "../errors.ts";
import { fileFolder, recordFolder } from "./serialized_values.ts";

/** One file of a record. */
export interface RecordFile {
  /** Its key below the folder of the run. */
  readonly path: string;
  /** Length in bytes. */
  readonly size: number;
  /** SHA-256 in hexadecimal. */
  readonly sha256: string;
}

/**
 * The files that a record names.
 *
 * @throws {IntegrityError} If it is no whole record.
 */
export function filesOf(record: Uint8Array): RecordFile[] {
  const head = parseHead(record, record.length, { workflow: "", task: undefined });
  const damage = "need" in head ? "its header is cut off" : "damaged" in head ? head.damaged : undefined;
  if (damage !== undefined || !("header" in head)) throw damaged(damage ?? "it can not be read");
  const later = damageOf(record, head);
  if (later !== undefined) throw damaged(later.damaged);
  const { files } = head.header;
  if (files === undefined) return [];
  return files.externals.flatMap((external, i) =>
    external.files.map(({ name, size, sha256 }) => ({ path: `${fileFolder}${files.save}/${i}/${name}`, size, sha256 }))
  );
}

/** The key of a record below the folder of a run. */
export function recordPath(sha256: string): string {
  return recordFolder + sha256;
}

function damaged(why: string): IntegrityError {
  return new IntegrityError(`The record of a value with files is damaged: ${why}.`);
}
