/**
 * Elements whose bytes, or bits, of the same significance were put side by side.
 *
 * @module
 */

/** Puts the bytes of each element together again. Bytes after the last element stay where they are. */
export function unshuffleBytes(input: Uint8Array, output: Uint8Array, elementSize: number): void {
  const count = Math.floor(input.length / elementSize);
  for (let byte = 0; byte < elementSize; byte++) {
    for (let from = byte * count, to = byte; to < count * elementSize; from++, to += elementSize) {
      output[to] = input[from] ?? 0;
    }
  }
  output.set(input.subarray(count * elementSize), count * elementSize);
}

/** Puts the bits of each element together again. Blosc leaves blocks alone whose elements are not a multiple of eight. */
export function unshuffleBits(input: Uint8Array, output: Uint8Array, elementSize: number): void {
  const count = Math.floor(input.length / elementSize);
  if (count % 8 !== 0) return output.set(input);
  const row = count / 8;
  for (let byte = 0; byte < elementSize; byte++) {
    const plane = byte * 8 * row;
    for (let group = 0; group < row; group++) {
      let low = 0;
      let high = 0;
      for (let bit = 0; bit < 4; bit++) {
        low |= (input[plane + bit * row + group] ?? 0) << (8 * bit);
        high |= (input[plane + (bit + 4) * row + group] ?? 0) << (8 * bit);
      }
      // Eight rows of eight bits, turned over: blocks of one, two and four bits change places across the diagonal.
      let swap = (low ^ (low >>> 7)) & 0x00aa00aa;
      low ^= swap ^ (swap << 7);
      swap = (high ^ (high >>> 7)) & 0x00aa00aa;
      high ^= swap ^ (swap << 7);
      swap = (low ^ (low >>> 14)) & 0x0000cccc;
      low ^= swap ^ (swap << 14);
      swap = (high ^ (high >>> 14)) & 0x0000cccc;
      high ^= swap ^ (swap << 14);
      swap = ((low >>> 4) ^ high) & 0x0f0f0f0f;
      low ^= swap << 4;
      high ^= swap;
      for (let element = 0; element < 4; element++) {
        const to = (8 * group + element) * elementSize + byte;
        output[to] = (low >>> (8 * element)) & 0xff;
        output[to + 4 * elementSize] = (high >>> (8 * element)) & 0xff;
      }
    }
  }
  output.set(input.subarray(count * elementSize), count * elementSize);
}
