/**
 * Files of NumPy.
 *
 * @module
 */
export { readNpy, type ReadNpyOptions } from "./npy_reader.ts";
export { writeNpy } from "./npy_writer.ts";
