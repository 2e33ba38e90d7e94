/**
 * Elements of a `.npy` file brought into native C order, byte by byte of their representation.
 *
 * @module
 */

/** Reverses the bytes of each element, in place. */
export function swapBytes(buffer: ArrayBuffer, elementSize: number): void {
  switch (elementSize) {
    case 2: {
      const items = new Uint16Array(buffer);
      for (let index = 0; index < items.length; index++) items[index] = swap16(items[index] ?? 0);
      break;
    }
    case 4: {
      const items = new Uint32Array(buffer);
      for (let index = 0; index < items.length; index++) items[index] = swap32(items[index] ?? 0);
      break;
    }
    case 8: {
      const halves = new Uint32Array(buffer);
      for (let index = 0; index < halves.length; index += 2) {
        const low = halves[index] ?? 0;
        halves[index] = swap32(halves[index + 1] ?? 0);
        halves[index + 1] = swap32(low);
      }
      break;
    }
  }
}

function swap16(item: number): number {
  return (item << 8) | (item >>> 8);
}

function swap32(item: number): number {
  return (item << 24) | ((item & 0xff00) << 8) | ((item >>> 8) & 0xff00) | (item >>> 24);
}

/** A copy in C order of elements in Fortran order. */
export function toCOrder(buffer: ArrayBuffer, elementSize: number, shape: readonly number[]): ArrayBuffer {
  // In steps of at most four bytes, so that no bit pattern is ever taken for a number that has several.
  const unit = Math.min(elementSize, 4);
  const source = unit === 1 ? new Uint8Array(buffer) : unit === 2 ? new Uint16Array(buffer) : new Uint32Array(buffer);
  const target = source.slice();
  const width = elementSize / unit;

  const strides: number[] = [];
  shape.reduce((stride, length) => (strides.push(stride), stride * length), width);
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < target.length; to += width) {
    for (let part = 0; part < width; part++) target[to + part] = source[from + part] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] ?? 0;
      const next = (index[axis] ?? 0) + 1;
      from += stride;
      if (next < (shape[axis] ?? 0)) {
        index[axis] = next;
        break;
      }
      from -= stride * next;
      index[axis] = 0;
    }
  }
  return target.buffer;
}
