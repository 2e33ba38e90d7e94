/**
 * What tests of storages keep and look at.
 *
 * @module
 */
import { FusewireError } from "../../src/errors.ts";
import type { Serializer } from "../../storage/codec/serializers.ts";
import { entryOf, type Protocols } from "../../storage/protocols.ts";
import type { TaskStorage } from "../../storage/task_storage.ts";

/** An object that the default encoding can not keep. */
export class Big {
  /** Keeps a number. */
  constructor(readonly value: number) {}
}

/** Keeps a {@linkcode Big} in one file, always of the same name, and notes what it is asked to do. */
export class BigSerializer implements Serializer<Big, string> {
  readonly name = "big";
  readonly serializerClass = Big;
  readonly calls: string[] = [];

  async pickle(big: Big, protocols: Protocols): Promise<[string, string]> {
    this.calls.push(`pickle ${big.value}`);
    await entryOf(protocols).write("bigdata", new Uint8Array(new Float64Array([big.value]).buffer));
    return [this.name, "bigdata"];
  }

  async unpickle(file: string, protocols: Protocols): Promise<Big> {
    const bytes = await entryOf(protocols).read(file);
    this.calls.push("unpickle");
    return new Big(new Float64Array(bytes.buffer)[0] ?? NaN);
  }

  async remove(file: string, protocols: Protocols): Promise<void> {
    this.calls.push("remove");
    await entryOf(protocols).remove(file);
  }
}

/** The keys of the files that serializers wrote. */
export async function filesOf(storage: TaskStorage): Promise<string[]> {
  const keys = (await Array.fromAsync(storage.objects.list())).map(({ key }) => key);
  return keys.filter((key) => key.includes("/files/"));
}

/** The key of the one record of a workflow. */
export async function onlyRecord(storage: TaskStorage, workflow: string): Promise<string> {
  const keys = (await Array.fromAsync(storage.objects.list(`${workflow}/results/`))).map(({ key }) => key);
  const [key, ...more] = keys;
  if (key === undefined || more.length > 0) throw new Error(`There are ${keys.length} records.`);
  return key;
}

/** The error that a promise is rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<FusewireError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof FusewireError) return error;
    throw error;
  }
  throw new Error("The promise was not rejected.");
}
