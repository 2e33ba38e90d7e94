import type { Protocols } from "../protocols.ts";

/** A class, also one with a private or abstract constructor. */
export type ClassOf<T extends object> = { readonly prototype: T; readonly name: string };

export interface Serializer<T extends object = object, P = unknown> {
  readonly name: string;
  readonly serializerClass: ClassOf<T> | readonly ClassOf<T>[];
  pickle(value: T, protocols: Protocols): Promise<[name: string, pid: P]>;
  unpickle(pid: P, protocols: Protocols): Promise<T>;
  remove(pid: P, protocols: Protocols): Promise<void>;
}

export class SerializerRegistry {
  register(..._serializers: Serializer[]): void {
    throw new Error("not written yet");
  }
  findByValue(_value: object): Serializer | undefined {
    throw new Error("not written yet");
  }
  findByName(_name: string): Serializer | undefined {
    throw new Error("not written yet");
  }
}

export function findSerializable(_value: unknown, _registry: SerializerRegistry): object[] {
  throw new Error("not written yet");
}
