"""The first line of each stage's report."""

import trainable

for path in sorted(trainable.session_dir().glob("*/report.md")):
    print(path.parent.name + ":", path.read_text().splitlines()[0].lstrip("# "))
