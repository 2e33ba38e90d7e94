/** The last part of a path, without `suffix` where it ends with it. */
export declare function basename(path: string | URL, suffix?: string): string;

/** The path without its last part. */
export declare function dirname(path: string | URL): string;

/** The extension of the last part with its dot, or the empty string. */
export declare function extname(path: string | URL): string;

/** The path a `file:` URL stands for. Throws a `TypeError` for another protocol. */
export declare function fromFileUrl(url: string | URL): string;

/** Whether the path starts at the root. */
export declare function isAbsolute(path: string): boolean;

/** The parts joined by the separator of the platform, and normalized. */
export declare function join(path: string | URL, ...paths: string[]): string;

/** The path with `.`, `..` and repeated separators resolved. */
export declare function normalize(path: string | URL): string;

/** The way from one path to another. */
export declare function relative(from: string, to: string): string;

/** The absolute path that the segments make, read from right to left, below the working directory. */
export declare function resolve(...pathSegments: string[]): string;

/** The separator of the platform. */
export declare const SEPARATOR: "/" | "\\";

/** One or more separators of the platform. */
export declare const SEPARATOR_PATTERN: RegExp;

/** The `file:` URL of an absolute path. Throws a `TypeError` for a relative one. */
export declare function toFileUrl(path: string): URL;
