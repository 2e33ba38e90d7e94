"""Reads what examples/for_numpy.ts wrote: python3 examples/read_with_numpy.py .fusewire/for_numpy"""

import json
import pathlib
import sys

import numpy as np
import zarr

folder = pathlib.Path(sys.argv[1]) / "volcano"
elevation = np.load(folder / "elevation.npy")
print(f"elevation: {elevation.dtype} {elevation.shape}, {elevation.min()} to {elevation.max()} m")

# An artifact of several files lies in a folder of its version, which metadata.json names.
version = json.loads((folder / "distances.zarr" / "metadata.json").read_text())["id"]
distances = zarr.open_array(folder / "distances.zarr" / f"version~{version}" / "data.zarr", mode="r")
print(f"distances: {distances.dtype} {distances.shape} in chunks of {distances.chunks}")
row, column = np.unravel_index(elevation.argmax(), elevation.shape)
print(f"distance of the highest point from itself: {distances[row, column]} m")
print(f"greatest distance: {distances[:].max():.1f} m")
print(json.loads((folder / "facts.json").read_text()))
