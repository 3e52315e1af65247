# Output without end or sense, to both streams at once.
import os

os.fork()
line = b"y" * 99 + b"\n"
for fd in (1, 2):
    if os.fork() == 0:
        for _ in range(800):
            block = memoryview(line * 1000)
            while block:
                block = block[os.write(fd, block) :]
        os._exit(0)
try:
    while True:
        os.wait()
except ChildProcessError:
    pass
