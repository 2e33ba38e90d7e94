"""Writes arrays with zarr-python and NumPy into a folder, each beside its elements in C order and little-endian bytes.

Prints a JSON list of {name, format, dtype, shape}: the array is <name>, its elements are <name>.bin.
"""

import json
import sys
import warnings

import numpy as np
import zarr
from zarr.codecs import (
    BloscCodec,
    BytesCodec,
    Crc32cCodec,
    GzipCodec,
    ShardingCodec,
    TransposeCodec,
    ZstdCodec,
)

warnings.simplefilter("ignore")
folder = sys.argv[1]
rng = np.random.default_rng(7)
DTYPES = ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64"]
SHAPES = {"0d": (), "empty": (3, 0), "1d": (23,), "2d": (5, 12), "3d": (4, 3, 5), "4d": (3, 2, 4, 3)}
manifest = []


def elements(dtype, shape):
    dtype = np.dtype(dtype)
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype("bool")
    # Every bit pattern, NaNs of all kinds included.
    count = int(np.prod(shape, dtype="int64"))
    return np.frombuffer(rng.bytes(count * dtype.itemsize), dtype).reshape(shape)


def note(name, form, array):
    plain = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
    with open(f"{folder}/{name}.bin", "wb") as file:
        file.write(plain.tobytes())
    manifest.append({"name": name, "format": form, "dtype": array.dtype.newbyteorder("=").name, "shape": array.shape})


def write_zarr(name, array, **options):
    if "chunks" not in options:
        options["chunks"] = tuple(max(1, length // 2) for length in array.shape) or "auto"
    stored = zarr.create_array(f"{folder}/{name}", shape=array.shape, dtype=array.dtype, **options)
    stored[...] = array
    note(name, "zarr", array)


for dtype in DTYPES:
    for kind, shape in SHAPES.items():
        array = elements(dtype, shape)
        write_zarr(f"zarr-{dtype}-{kind}", array)
        big = BytesCodec(endian="big")
        write_zarr(f"zarr-{dtype}-{kind}-big", array, serializer=big, order="F")
        for order in "CF":
            for endian in "<>":
                stored = np.array(array, dtype=array.dtype.newbyteorder(endian), order=order)
                name = f"npy-{dtype}-{kind}-{order}{'le' if endian == '<' else 'be'}"
                with open(f"{folder}/{name}", "wb") as file:
                    np.save(file, stored)
                note(name, "npy", array)

grid = elements("float32", (13, 22))
chunks = (4, 6)
for separator in "/.":
    for encoding in ("default", "v2"):
        key = {"name": encoding, "separator": separator}
        write_zarr(f"keys-{encoding}-{'slash' if separator == '/' else 'dot'}", grid, chunks=chunks, chunk_key_encoding=key)
write_zarr("keys-v2-0d", np.array(7.5), chunk_key_encoding={"name": "v2", "separator": "."})

COMPRESSORS = {
    "none": None,
    "gzip-1": GzipCodec(level=1),
    "gzip-9": GzipCodec(level=9),
    "zstd": ZstdCodec(level=5),
    "zstd-sum": ZstdCodec(level=1, checksum=True),
    "crc32c": Crc32cCodec(),
    "many": [GzipCodec(), Crc32cCodec(), ZstdCodec(), Crc32cCodec()],
}
for name, compressors in COMPRESSORS.items():
    write_zarr(f"codec-{name}", grid, chunks=chunks, compressors=compressors)
cube = elements("int16", (5, 6, 7))
for order in [(2, 0, 1), (1, 2, 0), (2, 1, 0)]:
    digits = "".join(map(str, order))
    filters = [TransposeCodec(order=order)]
    write_zarr(f"transpose-{digits}", cube, chunks=(2, 4, 3), filters=filters)
    write_zarr(f"transpose-twice-{digits}", cube, chunks=(2, 4, 3), filters=filters * 2)
    # The chunks of a shard have the shape that the transposition leaves.
    inner = [BytesCodec(endian="big"), ZstdCodec()]
    shards = ShardingCodec(chunk_shape=(2, 2, 2), codecs=[TransposeCodec(order=(1, 0, 2)), *inner])
    write_zarr(f"transpose-shards-{digits}", cube, chunks=(2, 4, 6), filters=filters, serializer=shards, compressors=None)
uneven = ShardingCodec(chunk_shape=(1, 2, 4), codecs=[TransposeCodec(order=(1, 2, 0)), *inner])
filters = [TransposeCodec(order=(1, 2, 0))]
write_zarr("transpose-uneven", cube, chunks=(4, 8, 4), filters=filters, serializer=uneven, compressors=None)

# Numbers that compress, so that every block is really compressed, and many blocks.
smooth = (np.arange(60_000) // 7 * 3).reshape(200, 300)
for cname in ("blosclz", "lz4", "lz4hc", "zlib", "zstd"):
    for shuffle in ("noshuffle", "shuffle", "bitshuffle"):
        for dtype in ("uint8", "int16", "float32", "int64"):
            codec = BloscCodec(cname=cname, shuffle=shuffle, clevel=5)
            write_zarr(f"blosc-{cname}-{shuffle}-{dtype}", smooth.astype(dtype), chunks=(64, 150), compressors=codec)
    small = BloscCodec(cname=cname, shuffle="bitshuffle", blocksize=1024, clevel=9)
    write_zarr(f"blosc-{cname}-blocks", smooth.astype("float64"), chunks=(33, 17), compressors=small)
    # A run of one byte, far repetitions, and noise.
    mixed = np.concatenate([np.zeros(30_000, "u1"), elements("uint8", (9_000,)), np.arange(30_000) % 11, elements("uint8", (500,))])
    mixed = np.concatenate([mixed, mixed[30_000:39_000]]).astype("u1")
    plain = BloscCodec(cname=cname, shuffle="noshuffle", clevel=9)
    write_zarr(f"blosc-{cname}-mixed", mixed, chunks=(78_500,), compressors=plain)
write_zarr("blosc-stored", elements("int32", (50,)), chunks=(50,), compressors=BloscCodec(clevel=0))
write_zarr("blosc-noise", elements("float64", (9, 1000)), chunks=(4, 1000), compressors=BloscCodec(cname="lz4"))

write_zarr("shards", grid, chunks=(2, 3), shards=(4, 6))
write_zarr("shards-none", grid, chunks=(2, 3), shards=(8, 12), compressors=None)
for place in ("start", "end"):
    inner = ShardingCodec(chunk_shape=(2, 3), codecs=[BytesCodec(), GzipCodec()], index_location=place, index_codecs=[BytesCodec(endian="big"), Crc32cCodec()])
    write_zarr(f"shards-{place}", grid, chunks=(4, 6), serializer=inner, compressors=None)
    nested = ShardingCodec(chunk_shape=(4, 6), codecs=[inner], index_location=place)
    write_zarr(f"shards-nested-{place}", grid, chunks=(8, 12), serializer=nested, compressors=None)
    write_zarr(f"shards-compressed-{place}", grid, chunks=(8, 12), serializer=nested, compressors=[ZstdCodec(), Crc32cCodec()])
plain_index = ShardingCodec(chunk_shape=(2, 3), index_codecs=[BytesCodec()])
write_zarr("shards-no-sum", grid, chunks=(4, 6), serializer=plain_index, compressors=None)

FILLS = {"float32": [float("nan"), float("-inf"), -0.0, 1.5], "uint64": [2**64 - 1], "int64": [-(2**63)], "bool": [True], "float16": [65504]}
for dtype, values in FILLS.items():
    for at, value in enumerate(values):
        for shards in (None, (4, 4)):
            name = f"fill-{dtype}-{at}{'-shards' if shards else ''}"
            stored = zarr.create_array(f"{folder}/{name}", shape=(9, 9), dtype=dtype, chunks=(2, 2), shards=shards, fill_value=value)
            stored[1:4, 2:7] = np.ones((3, 5), dtype)
            note(name, "zarr", stored[...])

print(json.dumps(manifest))
