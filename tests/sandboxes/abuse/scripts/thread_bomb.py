# As many threads as there is room for, in two processes that each try the same.
import os, threading, time


def fill():
    try:
        while True:
            threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    except RuntimeError:
        return len(os.listdir("/proc/self/task"))


here, there = os.pipe()
child = os.fork()
if child == 0:
    os.write(there, b"%d" % fill())
    time.sleep(600)
fill()
# Once the other one is full as well, whatever room was left is taken.
os.read(here, 9)
print(fill() + len(os.listdir(f"/proc/{child}/task")), flush=True)
os._exit(0)
