import { expect } from "@std/expect";
import { entryOf, type Protocols, type Serializer, TypedArraySerializer } from "../../../mod.ts";
import { ConfigError, SerializationError } from "../../../src/errors.ts";
import { encodeInspecting, findSerializable, SerializerRegistry } from "../../../storage/codec/serializers.ts";
import { concatChunks, decode } from "../../../storage/codec/structured.ts";

class Big {
  protected constructor(readonly id: number, readonly inner: unknown = undefined) {}
  static of(id: number, inner?: unknown): Big {
    return new Big(id, inner);
  }
}

class Bigger extends Big {}

class BigSerializer implements Serializer<Big, { file: string }> {
  readonly name: string = "big";
  readonly serializerClass = Big;
  async pickle(value: Big, protocols: Protocols): Promise<[string, { file: string }]> {
    await entryOf(protocols).write(`${value.id}`, new Uint8Array(value.id));
    return [this.name, { file: `${value.id}` }];
  }
  async unpickle({ file }: { file: string }, protocols: Protocols): Promise<Big> {
    return Big.of((await entryOf(protocols).read(file)).length);
  }
  async remove({ file }: { file: string }, protocols: Protocols): Promise<void> {
    await entryOf(protocols).remove(file);
  }
}

function registryOf(...serializers: Serializer[]): SerializerRegistry {
  const registry = new SerializerRegistry();
  registry.register(...serializers);
  return registry;
}

Deno.test("SerializerRegistry finds a serializer by the exact class of a value, and by name", () => {
  const serializer = new BigSerializer();
  const registry = registryOf(serializer);
  expect(registry.findByValue(Big.of(1))).toBe(serializer);
  expect(registry.findByName("big")).toBe(serializer);
  for (const other of [Object.create(Bigger.prototype), {}, [], Object.create(null), new Map()]) {
    expect(registry.findByValue(other)).toBeUndefined();
  }
  expect(registry.findByName("bigger")).toBeUndefined();
});

Deno.test("SerializerRegistry takes the same serializer again, and another instance of its class", () => {
  const serializer = new BigSerializer();
  const registry = registryOf(serializer, serializer);
  registry.register(serializer);
  const another = new BigSerializer();
  registry.register(another);
  expect(registry.findByValue(Big.of(1))).toBe(another);
  registryOf(new TypedArraySerializer()).register(new TypedArraySerializer());
});

Deno.test("SerializerRegistry refuses another serializer with a name that is taken", () => {
  class Impostor extends BigSerializer {}
  const registry = registryOf(new BigSerializer());
  expect(() => registry.register(new Impostor())).toThrow(ConfigError);
  expect(() => registry.register(new Impostor())).toThrow('another serializer with the name "big"');
  const plain = (): Serializer<Big, null> => ({
    name: "plain",
    serializerClass: Big,
    pickle: () => Promise.resolve(["plain", null]),
    unpickle: () => Promise.resolve(Big.of(1)),
    remove: () => Promise.resolve(),
  });
  registry.register(plain());
  expect(() => registry.register(plain())).toThrow(ConfigError);
});

Deno.test("SerializerRegistry gives a class to the serializer that came last", () => {
  class Mine extends BigSerializer {
    override readonly name = "mine";
  }
  const mine = new Mine();
  const registry = registryOf(new BigSerializer(), mine);
  expect(registry.findByValue(Big.of(1))).toBe(mine);
  expect(registry.findByName("big")).toBeInstanceOf(BigSerializer);
});

Deno.test("SerializerRegistry says what a serializer lacks", () => {
  const broken = (change: object): Serializer => Object.assign(new BigSerializer(), change);
  expect(() => registryOf(broken({ name: "" }))).toThrow("needs a `name`");
  expect(() => registryOf(broken({ name: 5 }))).toThrow("needs a `name`");
  expect(() => registryOf(broken({ unpickle: undefined }))).toThrow('The serializer "big" needs a method `unpickle`');
  expect(() => registryOf(broken({ serializerClass: "Big" }))).toThrow("needs a `serializerClass`");
  expect(() => registryOf(broken({ serializerClass: [] }))).toThrow("needs a `serializerClass`");
});

Deno.test("findSerializable() lists each object of a registered class once, in order, at any depth", () => {
  const [a, b, c, d, e, f, g] = [1, 2, 3, 4, 5, 6, 7].map((id) => Big.of(id, Big.of(id * 100)));
  const value: Record<string, unknown> = {
    array: [a, [b, a]],
    map: new Map<unknown, unknown>([[c, { d }]]),
    set: new Set([e, b]),
    error: Object.assign(new Error("x", { cause: f }), { extra: g }),
    text: "Big",
  };
  value["self"] = value;
  expect(findSerializable(value, registryOf(new BigSerializer()))).toEqual([a, b, c, d, e, f, g]);
  expect(findSerializable(a, registryOf(new BigSerializer()))).toEqual([a]);
  expect(findSerializable({ a: [1, "x"] }, registryOf(new BigSerializer()))).toEqual([]);
});

Deno.test("findSerializable() finds an object below 100,000 others", () => {
  const big = Big.of(1);
  let value: unknown = big;
  for (let depth = 0; depth < 100_000; depth++) value = { value };
  expect(findSerializable(value, registryOf(new BigSerializer()))).toEqual([big]);
});

Deno.test("findSerializable() says where something is that nothing can keep", () => {
  const value = { list: [Big.of(1), Object.create(Bigger.prototype)] };
  expect(() => findSerializable(value, registryOf(new BigSerializer()))).toThrow(SerializationError);
  expect(() => findSerializable(value, registryOf(new BigSerializer()))).toThrow(
    "$.list[1] is an instance of the class Bigger",
  );
});

Deno.test("encodeInspecting() gives the complete value where no serializer is needed", () => {
  const { objects, chunks } = encodeInspecting({ a: [1] }, registryOf(new BigSerializer()));
  expect(objects).toEqual([]);
  expect(decode(concatChunks(chunks))).toEqual({ a: [1] });
});
