/**
 * Pictures as artifacts.
 *
 * @module
 */
import { ConfigError } from "../../src/errors.ts";

/** Media types of pictures that are known by their beginning. */
export type ImageType = "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "image/svg+xml";

/**
 * A picture: PNG, JPEG, GIF, WebP or SVG. It is stored as the file that it is; width and height, in pixels, are read from its beginning.
 *
 * @example
 * ```ts
 * import { ImageArtifact, MemoryArtifactStore } from "@fusewire/fusewire";
 *
 * const artifacts = new MemoryArtifactStore();
 * const chart = new ImageArtifact('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"/>');
 * await artifacts.save(chart, "charts/loss.svg");
 * console.log(chart.mediaType, chart.width, chart.height); // image/svg+xml 40 20
 * ```
 */
export class ImageArtifact {
  /** The file. */
  readonly bytes: Uint8Array;
  /** What it is. */
  readonly mediaType: ImageType;
  /** Width in pixels; `undefined` if its beginning does not tell. */
  readonly width: number | undefined;
  /** Height in pixels; `undefined` if its beginning does not tell. */
  readonly height: number | undefined;

  /**
   * Takes a whole file, or the text of an SVG.
   *
   * @throws {ConfigError} If it does not begin as one of these.
   */
  constructor(file: Uint8Array | string) {
    this.bytes = typeof file === "string" ? new TextEncoder().encode(file) : file;
    const mediaType = imageTypeOf(this.bytes) ?? (isSvg(this.bytes) ? "image/svg+xml" : undefined);
    if (mediaType === undefined) {
      throw new ConfigError(
        "An ImageArtifact needs a whole PNG, JPEG, GIF, WebP or SVG file; this begins as none of them.",
      );
    }
    this.mediaType = mediaType;
    const [width, height] = SIZES[mediaType](this.bytes, viewOf(this.bytes)) ?? [];
    this.width = width;
    this.height = height;
  }

  /** The text of an SVG, or whatever the bytes are as UTF-8. */
  text(): string {
    return new TextDecoder().decode(this.bytes);
  }
}

/** What a file that is no text is, by its first bytes. */
export function imageTypeOf(bytes: Uint8Array): Exclude<ImageType, "image/svg+xml"> | undefined {
  const begins = (at: number, ...expected: readonly number[]): boolean =>
    expected.every((byte, i) => bytes[at + i] === byte);
  if (begins(0, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return "image/png";
  if (begins(0, 0xff, 0xd8, 0xff)) return "image/jpeg";
  if (begins(0, 0x47, 0x49, 0x46, 0x38) && (bytes[4] === 0x37 || bytes[4] === 0x39) && bytes[5] === 0x61) {
    return "image/gif";
  }
  if (begins(0, 0x52, 0x49, 0x46, 0x46) && begins(8, 0x57, 0x45, 0x42, 0x50)) return "image/webp";
  return undefined;
}

/** How much of an SVG is looked at, in bytes. */
const SVG_HEAD = 4096;

/** Whether it is an SVG: its first element is `svg`. */
export function isSvg(bytes: Uint8Array): boolean {
  const head = new TextDecoder().decode(bytes.subarray(0, SVG_HEAD));
  return /^\s*(?:<\?[^>]*>\s*|<!--(?:[^-]|-(?!->))*-->\s*|<![a-z][^>]*>\s*)*<(?:\w+:)?svg[\s>/]/i.test(head);
}

type Size = readonly [width: number, height: number];

const SIZES: Readonly<Record<ImageType, (bytes: Uint8Array, view: DataView) => Size | undefined>> = {
  "image/png": (bytes, view) => bytes.length < 24 ? undefined : [view.getUint32(16), view.getUint32(20)],
  "image/gif": (bytes, view) => bytes.length < 10 ? undefined : [view.getUint16(6, true), view.getUint16(8, true)],
  "image/jpeg": jpegSize,
  "image/webp": webpSize,
  "image/svg+xml": svgSize,
};

function jpegSize(bytes: Uint8Array, view: DataView): Size | undefined {
  for (let at = 2; at + 9 <= bytes.length;) {
    const marker = view.getUint16(at);
    if (marker < 0xff01) return undefined;
    const kind = marker & 0xff;
    if (kind === 0xff) {
      // A marker may be filled up with any number of these.
      at += 1;
      continue;
    }
    // The frame: every kind of it but tables and restarts that lie between.
    if (kind >= 0xc0 && kind <= 0xcf && kind !== 0xc4 && kind !== 0xc8 && kind !== 0xcc) {
      return [view.getUint16(at + 7), view.getUint16(at + 5)];
    }
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

function webpSize(bytes: Uint8Array, view: DataView): Size | undefined {
  if (bytes.length < 30) return undefined;
  const threeBytes = (at: number): number => view.getUint16(at, true) | view.getUint8(at + 2) << 16;
  switch (String.fromCharCode(...bytes.subarray(12, 16))) {
    case "VP8 ":
      return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
    case "VP8L": {
      const bits = view.getUint32(21, true);
      return [(bits & 0x3fff) + 1, (bits >>> 14 & 0x3fff) + 1];
    }
    case "VP8X":
      return [threeBytes(24) + 1, threeBytes(27) + 1];
    default:
      return undefined;
  }
}

function svgSize(bytes: Uint8Array): Size | undefined {
  const head = new TextDecoder().decode(bytes.subarray(0, SVG_HEAD));
  const tag = /<(?:\w+:)?svg\b[^>]*/i.exec(head)?.[0] ?? "";
  const lengthOf = (name: string): number | undefined => {
    const length = new RegExp(`\\s${name}\\s*=\\s*["']\\s*(\\d+(?:\\.\\d+)?)(?:px)?\\s*["']`).exec(tag)?.[1];
    return length === undefined ? undefined : Number(length);
  };
  const box = /\sviewBox\s*=\s*["']\s*[^\s,"']+[\s,]+[^\s,"']+[\s,]+(\d[\d.]*)[\s,]+(\d[\d.]*)/.exec(tag);
  const width = lengthOf("width") ?? Number(box?.[1]);
  const height = lengthOf("height") ?? Number(box?.[2]);
  return Number.isFinite(width) && Number.isFinite(height) ? [width, height] : undefined;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
