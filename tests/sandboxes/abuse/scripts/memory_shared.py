# Memory that counts as a file: shared mappings, and files that have no name.
import mmap, os, sys

held = []
for n in range(int(sys.argv[1])):
    shared = mmap.mmap(-1, 16 << 20)
    shared.write(b"x" * (16 << 20))
    file = os.memfd_create(str(n))
    os.write(file, b"x" * (16 << 20))
    held += [shared, file]
print("kept", flush=True)
