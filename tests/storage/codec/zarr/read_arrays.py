"""Reads arrays that Fusewire wrote, and compares them with what they should be.

The folder has `manifest.json`, a list of {name, format, dtype, shape}; the elements of <name>, in C order and little-endian, are in
<name>.bin.
"""

import json
import sys

import numpy as np
import zarr

folder = sys.argv[1]
with open(f"{folder}/manifest.json") as file:
    manifest = json.load(file)
for entry in manifest:
    path = f"{folder}/{entry['name']}"
    if entry["format"] == "npy":
        array = np.load(path, allow_pickle=False)
    else:
        opened = zarr.open_array(path, mode="r")
        assert opened.metadata.zarr_format == 3, entry
        array = np.asarray(opened[...])
    with open(f"{path}.bin", "rb") as file:
        expected = file.read()
    assert array.dtype == np.dtype(entry["dtype"]), (entry, array.dtype)
    assert list(array.shape) == entry["shape"], (entry, array.shape)
    assert np.ascontiguousarray(array).tobytes() == expected, entry
print(len(manifest))
