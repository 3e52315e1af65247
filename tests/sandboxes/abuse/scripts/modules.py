# Imports what lies beside the data under the names of real modules.
import importlib

trapped = []
for name in ("json", "pandas", "random", "trainable", "sitecustomize", "usercustomize", "encodings.trap"):
    try:
        module = importlib.import_module(name)
    except ImportError:
        continue
    if (getattr(module, "__file__", None) or "").startswith("/data"):
        trapped.append(name)
count("modules", trapped)
# Also in the Pythons that it starts itself, however that is done.
import subprocess

for how in (["-c", "import json, random; print(json.__file__, random.__file__)"], ["-m", "json.tool", "--help"]):
    ran = subprocess.run([sys.executable, *how], capture_output=True, text=True)
    count(f"started with {how[0]}", [line for line in ran.stdout.splitlines() if "/data" in line or "trapped" in line])
say()
