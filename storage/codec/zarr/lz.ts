/**
 * The two formats of the LZ77 family that Blosc has of its own: LZ4 blocks and BloscLZ.
 *
 * Both decoders fill `output` and give whether `input` was exactly what fills it. They read and write nothing else, whatever the bytes.
 *
 * @module
 */

/** Decodes an LZ4 block. */
export function decodeLz4(input: Uint8Array, output: Uint8Array): boolean {
  let at = 0;
  let out = 0;
  const extended = (length: number): number => {
    if (length < 15) return length;
    for (;;) {
      const byte = input[at++];
      if (byte === undefined) return Infinity;
      length += byte;
      if (byte < 255) return length;
    }
  };
  while (at < input.length) {
    const token = input[at++] ?? 0;
    const literals = extended(token >>> 4);
    if (at + literals > input.length || out + literals > output.length) return false;
    copyBytes(input, at, output, out, literals);
    at += literals;
    out += literals;
    // The last sequence has literals only.
    if (at === input.length) break;
    const distance = (input[at] ?? 0) | ((input[at + 1] ?? 0) << 8);
    at += 2;
    const length = extended(token & 15) + 4;
    if (at > input.length || distance === 0 || distance > out || out + length > output.length) return false;
    repeat(output, out, distance, length);
    out += length;
  }
  return out === output.length;
}

/** The distance from which BloscLZ writes one in two bytes more. */
const FAR = 8191;

/** Decodes BloscLZ. */
export function decodeBloscLz(input: Uint8Array, output: Uint8Array): boolean {
  let at = 0;
  let out = 0;
  let control = (input[at++] ?? 0) & 31;
  for (;;) {
    if (control < 32) {
      const literals = control + 1;
      if (at + literals > input.length || out + literals > output.length) return false;
      copyBytes(input, at, output, out, literals);
      at += literals;
      out += literals;
    } else {
      let length = (control >>> 5) - 1;
      const high = (control & 31) << 8;
      if (length === 6) {
        let byte: number;
        do {
          byte = input[at++] ?? 0;
          length += byte;
        } while (byte === 255);
      }
      const low = input[at++] ?? 0;
      let distance = high + low + 1;
      if (low === 255 && high === 31 << 8) {
        distance = ((input[at] ?? 0) << 8) + (input[at + 1] ?? 0) + FAR + 1;
        at += 2;
      }
      length += 3;
      if (at > input.length || distance > out || out + length > output.length) return false;
      repeat(output, out, distance, length);
      out += length;
    }
    const next = input[at++];
    if (next === undefined) return out === output.length;
    control = next;
  }
}

/** Few bytes are quicker by hand. */
function copyBytes(input: Uint8Array, at: number, output: Uint8Array, out: number, length: number): void {
  if (length > 32) output.set(input.subarray(at, at + length), out);
  else for (let i = 0; i < length; i++) output[out + i] = input[at + i] ?? 0;
}

/** Repeats what was written `distance` bytes before, which may overlap what it becomes. */
function repeat(output: Uint8Array, out: number, distance: number, length: number): void {
  if (length > 32 && distance >= length) output.copyWithin(out, out - distance, out - distance + length);
  else if (distance === 1) output.fill(output[out - 1] ?? 0, out, out + length);
  else for (let i = out; i < out + length; i++) output[i] = output[i - distance] ?? 0;
}
