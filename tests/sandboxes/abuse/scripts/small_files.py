# A million empty files, in a thousand folders.
import os, sys

for folder in range(1000):
    os.mkdir(f"{sys.argv[1]}/{folder}")
    for file in range(1000):
        os.close(os.open(f"{sys.argv[1]}/{folder}/{file}", os.O_CREAT | os.O_WRONLY))
print("made them all", flush=True)
