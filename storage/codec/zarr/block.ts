/**
 * Blocks of arrays, copied byte by byte: no element is ever taken for a number, so that every bit stays what it is.
 *
 * @module
 */

/** A block within an array. */
export interface Block {
  /** All bytes of the array. */
  readonly bytes: Uint8Array;
  /** For each dimension, how many elements lie from one index to the next. */
  readonly strides: readonly number[];
  /** Where the block begins, in each dimension. */
  readonly offset: readonly number[];
}

/** The strides of an array in C order. */
export function cStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] ?? 1;
  }
  return strides;
}

/** The bytes of a view. */
export function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

interface Axis {
  readonly length: number;
  readonly from: number;
  readonly to: number;
}

/** Copies a block of some shape from one array into another. */
export function copyBlock(source: Block, target: Block, shape: readonly number[], elementSize: number): void {
  if (shape.includes(0)) return;
  const axes = mergedAxes(shape, source.strides, target.strides);
  const from = start(source) * elementSize;
  const to = start(target) * elementSize;
  const last = axes.at(-1);
  if (last === undefined || (last.from === 1 && last.to === 1)) {
    const run = (last?.length ?? 1) * elementSize;
    walk(axes.slice(0, -1), from, to, elementSize, (at, into) => {
      target.bytes.set(source.bytes.subarray(at, at + run), into);
    });
    return;
  }
  copyApart(source.bytes.subarray(from), target.bytes.subarray(to), axes, elementSize);
}

/** Copies elements that do not lie side by side. */
function copyApart(source: Uint8Array, target: Uint8Array, axes: readonly Axis[], elementSize: number): void {
  const aligned = (source.byteOffset | target.byteOffset) % Math.min(elementSize, 4) === 0;
  const unit = aligned ? Math.min(elementSize, 4) : 1;
  const width = elementSize / unit;
  const from = inUnits(source, unit);
  const to = inUnits(target, unit);
  const last = axes.at(-1) ?? { length: 1, from: 0, to: 0 };
  const [fromStep, toStep] = [last.from * width, last.to * width];
  walk(axes.slice(0, -1), 0, 0, width, (at, into) => {
    for (let i = 0; i < last.length; i++) {
      for (let part = 0; part < width; part++) to[into + part] = from[at + part] ?? 0;
      at += fromStep;
      into += toStep;
    }
  });
}

function inUnits(bytes: Uint8Array, unit: number): Uint8Array | Uint16Array | Uint32Array {
  const length = Math.floor(bytes.byteLength / unit);
  if (unit === 4) return new Uint32Array(bytes.buffer, bytes.byteOffset, length);
  return unit === 2 ? new Uint16Array(bytes.buffer, bytes.byteOffset, length) : bytes;
}

/** Calls for every index of the axes, with where it is in both arrays. */
function walk(
  axes: readonly Axis[],
  from: number,
  to: number,
  scale: number,
  visit: (from: number, to: number) => void,
): void {
  const index = axes.map(() => 0);
  for (;;) {
    visit(from, to);
    let at = axes.length - 1;
    for (; at >= 0; at--) {
      const axis = axes[at];
      if (axis === undefined) return;
      const next = (index[at] ?? 0) + 1;
      from += axis.from * scale;
      to += axis.to * scale;
      index[at] = next;
      if (next < axis.length) break;
      from -= axis.from * scale * next;
      to -= axis.to * scale * next;
      index[at] = 0;
    }
    if (at < 0) return;
  }
}

/** The dimensions of a block, those of length 1 left out and those that lie side by side in both arrays made one. */
function mergedAxes(shape: readonly number[], from: readonly number[], to: readonly number[]): Axis[] {
  const axes: Axis[] = [];
  for (const [at, length] of shape.entries()) {
    if (length === 1) continue;
    const axis = { length, from: from[at] ?? 0, to: to[at] ?? 0 };
    const above = axes.at(-1);
    if (above !== undefined && above.from === axis.from * length && above.to === axis.to * length) {
      axes[axes.length - 1] = { ...axis, length: above.length * length };
    } else axes.push(axis);
  }
  return axes;
}

function start({ strides, offset }: Block): number {
  return offset.reduce((at, index, axis) => at + index * (strides[axis] ?? 0), 0);
}
