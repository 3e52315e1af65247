# Fills a folder until it is full, in files of 4 MiB.
import sys

n = 0
while True:
    n += 1
    with open(f"{sys.argv[1]}/{n}", "wb") as file:
        file.write(b"x" * (4 << 20))
