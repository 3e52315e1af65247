# Each worker stays below the limit; all together do not.
import os, sys, time

workers, each = int(sys.argv[1]), int(sys.argv[2]) << 20
lost = 0
for _ in range(workers):
    if os.fork() == 0:
        held = b"x" * each
        time.sleep(1)
        os._exit(0 if len(held) == each else 1)
for _ in range(workers):
    _, status = os.wait()
    lost += status != 0
print("lost some" if lost else "lost none", flush=True)
