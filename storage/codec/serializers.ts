/**
 * Serializers: how objects that the default encoding can not keep, or that are better kept apart, are stored.
 *
 * @module
 */
import { ConfigError } from "../../src/errors.ts";
import type { Protocols } from "../protocols.ts";
import type { External } from "./external.ts";
import { encode } from "./structured.ts";

/** A class, also one with an abstract or private constructor. */
export interface ClassOf<T extends object> {
  /** What instances inherit from. */
  readonly prototype: T;
  /** Name of the class. */
  readonly name: string;
}

/**
 * Keeps the objects of one class in files of its own. The same serializer works on every store.
 *
 * @typeParam T What it keeps.
 * @typeParam P What it needs to find an object again: any value that the default encoding keeps.
 *
 * @example A serializer for a class
 * ```ts
 * import { entryOf, MemoryStorage, type Protocols, type Serializer } from "@fusewire/fusewire";
 *
 * class Model {
 *   constructor(readonly weights: Uint8Array) {}
 * }
 *
 * class ModelSerializer implements Serializer<Model, string> {
 *   readonly name = "model";
 *   readonly serializerClass = Model;
 *   async pickle(model: Model, protocols: Protocols): Promise<[string, string]> {
 *     const file = `${crypto.randomUUID()}.bin`;
 *     await entryOf(protocols).write(file, model.weights);
 *     return [this.name, file];
 *   }
 *   async unpickle(file: string, protocols: Protocols): Promise<Model> {
 *     return new Model(await entryOf(protocols).read(file));
 *   }
 *   async remove(file: string, protocols: Protocols): Promise<void> {
 *     await entryOf(protocols).remove(file);
 *   }
 * }
 *
 * const storage = new MemoryStorage();
 * storage.registerPersistentSerializers(new ModelSerializer());
 * await storage.save("train", "fit", { best: new Model(Uint8Array.of(1, 2, 3)) });
 * ```
 */
export interface Serializer<T extends object = object, P = unknown> {
  /** Name that is stored with each object, and finds the serializer again. */
  readonly name: string;
  /** The class, or the classes, whose direct instances it keeps. */
  readonly serializerClass: ClassOf<T> | readonly ClassOf<T>[];
  /** Writes an object. Gives the name of the serializer that reads it, and what that needs to find it. */
  pickle(value: T, protocols: Protocols): Promise<[name: string, pid: P]>;
  /** Reads an object back. */
  unpickle(pid: P, protocols: Protocols): Promise<T>;
  /** Removes what `pickle` wrote. */
  remove(pid: P, protocols: Protocols): Promise<void>;
}

/** The serializers of one store. */
export class SerializerRegistry {
  readonly #byName: Map<string, Serializer> = new Map();
  readonly #byPrototype: Map<object | null, Serializer> = new Map();

  /**
   * Adds serializers. One that is there already, or another instance of its class, may come again. A class that
   * several serializers name belongs to the one that came last.
   *
   * @throws {ConfigError} If another serializer has the same name, or one has no name, class or methods.
   */
  register(...serializers: Serializer[]): void {
    for (const serializer of serializers) {
      const classes = classesOf(serializer);
      const known = this.#byName.get(serializer.name);
      if (known !== undefined && !isAnotherOf(known, serializer)) {
        throw new ConfigError(
          `There is another serializer with the name ${JSON.stringify(serializer.name)} already; ` +
            "give each a name of its own, because it is stored with every object.",
        );
      }
      this.#byName.set(serializer.name, serializer);
      for (const { prototype } of classes) this.#byPrototype.set(prototype, serializer);
    }
  }

  /** The serializer for the direct instances of the class of an object. */
  findByValue(value: object): Serializer | undefined {
    return this.#byPrototype.get(Object.getPrototypeOf(value));
  }

  /** The serializer with this name. */
  findByName(name: string): Serializer | undefined {
    return this.#byName.get(name);
  }
}

function classesOf(serializer: Serializer): readonly ClassOf<object>[] {
  const { name, serializerClass } = serializer;
  if (typeof name !== "string" || name === "") {
    throw new ConfigError("A serializer needs a `name`, a string that is stored with every object.");
  }
  for (const method of ["pickle", "unpickle", "remove"] as const) {
    if (typeof serializer[method] !== "function") {
      throw new ConfigError(`The serializer ${JSON.stringify(name)} needs a method \`${method}\`.`);
    }
  }
  const classes = isList(serializerClass) ? serializerClass : [serializerClass];
  if (classes.length === 0 || !classes.every((each) => typeof each === "function")) {
    throw new ConfigError(
      `The serializer ${JSON.stringify(name)} needs a \`serializerClass\`: a class, or a list of classes.`,
    );
  }
  return classes;
}

function isList(classes: ClassOf<object> | readonly ClassOf<object>[]): classes is readonly ClassOf<object>[] {
  return Array.isArray(classes);
}

function isAnotherOf(known: Serializer, serializer: Serializer): boolean {
  return known === serializer || (known.constructor !== Object && known.constructor === serializer.constructor);
}

const ELSEWHERE: External = { serializer: "", pid: undefined };

/** A value that was encoded while looking for objects that serializers keep. */
export interface Inspected {
  /** The objects, each once, in the order in which they are met. */
  readonly objects: readonly object[];
  /** The encoded value; it is complete where there are no such objects. */
  readonly chunks: Uint8Array<ArrayBuffer>[];
}

/**
 * Encodes a value and lists the objects in it that serializers keep, at any depth. With none, which is most often so,
 * nothing is left to do; else pickle them and encode again, with what their serializers gave.
 *
 * @throws {SerializationError} If a part can neither be encoded nor is of a registered class.
 */
export function encodeInspecting(value: unknown, registry: SerializerRegistry): Inspected {
  const objects: object[] = [];
  const chunks = encode(value, {
    external(object) {
      if (registry.findByValue(object) === undefined) return undefined;
      objects.push(object);
      return ELSEWHERE;
    },
  });
  return { objects, chunks };
}

/**
 * Lists the objects of registered classes in a value, each once, in the order in which they are met, at any depth: in
 * arrays, plain objects, Maps, Sets and errors. What a listed object holds is not looked at.
 *
 * @throws {SerializationError} If a part can neither be encoded nor is of a registered class.
 */
export function findSerializable(value: unknown, registry: SerializerRegistry): object[] {
  return [...encodeInspecting(value, registry).objects];
}
