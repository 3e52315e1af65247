# Leaves everything that is not a plain file, and plain files that mean trouble.
import os, pickle, socket, zipfile

secret = ARGS["host_secret"]
links = {
    "link": "/etc/passwd", "root": "/", "self": ".", "loop": "loop", "proc": "/proc/self/environ", "up": "../..",
    "session": "../other", "session-file": "../other/secret", "host": secret, "dangling": "none",
}
for name, target in links.items():
    os.symlink(target, name)
os.mkfifo("fifo")
with open("one", "w") as file:
    file.write("x")
os.link("one", "two")
socket.socket(socket.AF_UNIX).bind("socket")
attempt("a device", lambda: os.mknod("device", 0o020666, os.makedev(1, 3)))
attempt("a link to another mount", lambda: os.link("/etc/passwd", "hard"))
with open("sparse", "wb") as file:
    file.truncate(60 << 20)
    file.seek(40 << 20)
    file.write(b"end")
os.mkdir("closed")
with open("closed/in", "w") as file:
    file.write("inside")
os.chmod("closed/in", 0)
os.chmod("closed", 0)


class Bomb:
    def __reduce__(self):
        return os.system, ("touch pickle-ran; touch " + os.path.join(os.path.dirname(secret), "pickle-ran"),)


with open("bomb.pkl", "wb") as file:
    pickle.dump(Bomb(), file)
with zipfile.ZipFile("bomb.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
    with archive.open("zeros", "w") as member:
        for _ in range(64):
            member.write(bytes(1 << 20))
    archive.writestr("../../escaped", "x")
    archive.writestr(secret, "x")
say()
