# Looks for another session's file by every road that could lead out of the own folder.
secret = ARGS["host_secret"]


def first(path):
    with open(path, "rb") as file:
        return file.read(32)


inside = ["../other/secret", "/data/sessions/other/secret", "/data/sessions/s/../../sessions/other/secret"]
roads = [secret, *inside]
for pid in ("self", "1", *map(str, pids())):
    for way in ("root", "cwd"):
        roads += [f"/proc/{pid}/{way}{secret}", f"/proc/{pid}/{way}/../other/secret"]
for fd in os.listdir("/proc/self/fd"):
    roads.append(f"/proc/self/fd/{fd}/../other/secret")
for road in roads:
    attempt(road, lambda: first(road))

# A link is the server's problem; here it must lead nowhere.
for name, target in {"absolute": secret, "relative": "../other/secret", "deep": "../../../../../.." + secret}.items():
    if os.path.lexists(name):
        os.unlink(name)
    os.symlink(target, name)
    attempt(f"{name} link", lambda: first(name))
attempt("hard link", lambda: os.link(secret, "hard"))

marked = []
for top, folders, files in os.walk(ARGS.get("top", "/")):
    if top == "/":
        folders[:] = [f for f in folders if f not in ("usr", "opt", "proc", "sys", "lib", "lib64", "bin", "sbin")]
    for file in files:
        path = os.path.join(top, file)
        try:
            if os.path.isfile(path) and ARGS["mark"].encode() in first(path):
                marked.append(path)
        except OSError:
            continue
count("the whole tree", marked)
say()
