# Says what the folder shows that a link was put in place of, and writes to it.
place = ARGS["place"]
marked = []
for top, _, files in os.walk(place):
    for file in files:
        with open(os.path.join(top, file), "rb") as opened:
            if ARGS["mark"].encode() in opened.read():
                marked.append(os.path.join(top, file))
count("marked files", marked)
try:
    with open(f"{place}/trapped", "w") as file:
        file.write("trapped")
except OSError:
    pass
count("the host's files", [name for name in os.listdir(place) if name in ("shadow", "hostname", "bash", "python3")])
# The system as it should be, wherever the mount went.
for path in ("/etc/passwd", "/usr/bin", os.__file__, "/tmp", "/proc/self"):
    count(f"no {path}", [] if os.path.exists(path) else [path])
for folder in ("/etc", "/tmp", "/usr/bin", "/dev/shm", os.path.dirname(os.__file__)):
    count(f"in {folder}", [name for name in os.listdir(folder) if name == "trapped"])
say()
