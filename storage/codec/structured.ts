/** Values <-> bytes: the default encoding. Being filled in; the signatures are settled. */

export interface External {
  readonly serializer: string;
  readonly pid: unknown;
}

export interface EncodeOptions {
  readonly canonical?: boolean;
  readonly external?: (value: object) => External | undefined;
}

export interface DecodeOptions {
  readonly external?: (external: External) => unknown;
}

export function encode(_value: unknown, _options: EncodeOptions = {}): Uint8Array<ArrayBuffer>[] {
  throw new Error("not written yet");
}

export function decode(_bytes: Uint8Array, _options: DecodeOptions = {}): unknown {
  throw new Error("not written yet");
}

export function concatChunks(_chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  throw new Error("not written yet");
}
