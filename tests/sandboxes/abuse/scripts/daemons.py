# Leaves processes that nobody waits for, each detached in another way, all holding the streams open.
import os, signal, sys, time


def daemon(detach):
    if os.fork():
        os.wait()
        return
    detach()
    if os.fork():
        os._exit(0)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    # A stopped one takes no hint at all.
    if detach is os.getpid:
        os.kill(os.getpid(), signal.SIGSTOP)
    while True:
        time.sleep(600)


for way in (os.setsid, os.setpgrp, os.getpid, lambda: os.chdir("/proc"), lambda: os.nice(19)):
    daemon(way)
# One that is always somebody else: by the time it is looked at it has forked and ended.
if os.fork() == 0:
    while True:
        try:
            if os.fork():
                os._exit(0)
        except OSError:
            pass
print("done", flush=True)
os._exit(0)
