# Leaves something for the next execution everywhere that a process can leave something.
import builtins, fcntl, importlib.util, marshal, random, resource, signal, socket, subprocess, threading, time

# Modules, of Python's own and of others.
def evil(*args, **kwargs):
    print("trapped", flush=True)


modules = []
for name in ("pandas", "numpy", "sklearn", "json", "decimal", "pickle", "csv", "trainable"):
    try:
        modules.append(importlib.import_module(name))
    except ImportError:
        continue
if "pandas" in sys.modules:
    sys.modules["pandas"].DataFrame.mean = evil
for module in modules:
    for attribute in list(vars(module)):
        if callable(getattr(module, attribute)) and not attribute.startswith("_"):
            try:
                setattr(module, attribute, evil)
            except (AttributeError, TypeError):
                continue
    module.trapped = True
builtins.trapped = True
sys.modules["trapped"] = sys
sys.path.insert(0, os.getcwd())
sys.meta_path.insert(0, evil)
sys.path_hooks.insert(0, evil)
sys.setrecursionlimit(300)
sys.addaudithook(lambda event, args: None)
random.seed(0)

# Files that Python runs by itself, wherever one can be made or guessed.
trap = "import builtins\nbuiltins.trapped = True\nprint('trapped', flush=True)\n"
version = f"python3.{sys.version_info[1]}"
site = [f"{home}/{tail}" for home in ("/tmp", "/root", "/home/sandbox", "/data/sessions/s", os.path.expanduser("~"))
        for tail in (f".local/lib/{version}/site-packages", f"lib/{version}/site-packages", "")]
for folder in {*site, *filter(None, sys.path), sys.prefix, os.path.dirname(os.__file__), os.getcwd(), "/run", "/data", "/dev/shm"}:
    for name in ("sitecustomize.py", "usercustomize.py", "trap.pth", "pandas.py", "json.py", "pyvenv.cfg", ".pythonrc.py"):
        try:
            os.makedirs(folder, exist_ok=True)
            with open(f"{folder}/{name}", "w") as file:
                file.write("import builtins; builtins.trapped = True\n" if name.endswith(".pth") else trap)
        except OSError:
            continue
# Bytecode in the place of a source that is older than it.
body = marshal.dumps(compile(trap, "trap", "exec"))
head = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + bytes(8)
for source in (json.__file__, os.__file__, random.__file__, "/data/sessions/s/step.py", "/data/sessions/s/probe.py"):
    cached = importlib.util.cache_from_source(source)
    try:
        os.makedirs(os.path.dirname(cached), exist_ok=True)
        with open(cached, "wb") as file:
            file.write(head + body)
    except OSError:
        continue
for name, value in {
    "PYTHONSTARTUP": "/data/sessions/s/sitecustomize.py", "PYTHONPATH": "/data/sessions/s", "PYTHONHOME": "/data/sessions/s",
    "PYTHONINSPECT": "1", "LD_PRELOAD": "/data/sessions/s/evil.so", "BASH_ENV": "/data/sessions/s/x", "TRAPPED": "1",
    "PATH": "/data/sessions/s", "HOME": "/data/sessions/s", "TMPDIR": "/data/sessions/s", "MPLCONFIGDIR": "/data/sessions/s",
}.items():
    os.environ[name] = value

# What a process carries, and hands on where it is forked.
os.umask(0o777)
for limit, most in {"NOFILE": 100, "CPU": 40, "FSIZE": 1 << 20, "STACK": 4 << 20, "MSGQUEUE": 1 << 16, "SIGPENDING": 50}.items():
    resource.setrlimit(getattr(resource, f"RLIMIT_{limit}", resource.RLIMIT_CORE), (most, most))
os.nice(7)
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
os.chdir("/tmp")
libc.prctl(15, b"trapped", 0, 0, 0)
libc.prctl(36, 1, 0, 0, 0)
libc.prctl(4, 0, 0, 0, 0)
libc.prctl(29, 1_000_000, 0, 0, 0)
libc.personality(0x0040000)

# What others see: files of every kind, memory with a name, queues, locks.
for folder in ("/tmp", "/dev/shm", "/var/tmp", "/run", "/dev"):
    try:
        with open(f"{folder}/trapped", "w") as file:
            file.write("trapped")
    except OSError:
        continue
segment = libc.shmget(0x7261, 4096, 0o1666)
libc.shmat.restype = ctypes.c_void_p
if segment >= 0:
    ctypes.memmove(libc.shmat(segment, None, 0), b"trapped", 7)
libc.semget(0x7261, 1, 0o1666)
libc.msgget(0x7261, 0o1666)
libc.mq_open(b"/trapped", os.O_CREAT | os.O_RDWR, 0o666, None)
bound = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
bound.bind(b"\0trapped")
servers = []
attempt("a server", lambda: servers.append(socket.create_server(("127.0.0.1", 7261))))
locked = open("/data/sessions/s/locked", "w")
fcntl.flock(locked, fcntl.LOCK_EX)
ranges = open("/data/sessions/s/ranges", "w")
fcntl.lockf(ranges, fcntl.LOCK_EX)

# Things that come back by themselves.
signal.signal(signal.SIGALRM, lambda *_: os._exit(66))
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
signal.signal(signal.SIGPIPE, signal.SIG_IGN)
signal.setitimer(signal.ITIMER_VIRTUAL, 1000, 0)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGTERM, signal.SIGINT})
os.register_at_fork(after_in_child=evil, before=evil)
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
for start in ({"start_new_session": True}, {}):
    subprocess.Popen(["/bin/sh", "-c", "while :; do echo > /data/sessions/s/daemon; done"], close_fds=False, **start)
builtins.sorted = evil
print("left", flush=True)
signal.setitimer(signal.ITIMER_REAL, 0.5, 0.1)
os._exit(0)
