"""Makes digits.bin.gz from scikit-learn's digits.csv.gz: python pack.py digits.csv.gz

Layout before compression: 64 planes of 1,797 bytes, one per pixel in row-major order (values 0 to 16), then one plane
of 1,797 labels (0 to 9). Planes compress better than images, as neighbours in a plane are alike.
"""

import gzip
import hashlib
import sys

SAMPLES, PIXELS = 1797, 64

with gzip.open(sys.argv[1], "rt") as source:
    rows = [[int(float(cell)) for cell in line.split(",")] for line in source]
assert len(rows) == SAMPLES and all(len(row) == PIXELS + 1 for row in rows)
assert all(0 <= value <= 16 for row in rows for value in row[:PIXELS])
assert all(0 <= row[PIXELS] <= 9 for row in rows)

planes = bytes(row[column] for column in range(PIXELS + 1) for row in rows)
with open("digits.bin.gz", "wb") as target:
    target.write(gzip.compress(planes, compresslevel=9, mtime=0))
print(len(planes), "bytes, sha256", hashlib.sha256(planes).hexdigest())
