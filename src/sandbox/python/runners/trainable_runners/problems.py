"""What can be wrong with an upload: a code for programs, and one sentence for people that says what to do."""

ERROR = "error"
WARNING = "warning"

# Beyond this many, one more sentence helps nobody.
MAX_PROBLEMS = 100
MAX_SHOWN = 80


class Problem:
    """One finding. Errors stop the upload from being used; warnings say what was mended or deserves a look."""

    def __init__(self, code, message, severity=ERROR, file=None, column=None):
        self.code, self.message, self.severity, self.file, self.column = code, message, severity, file, column

    def as_json(self):
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "file": None if self.file is None else show(self.file),
            "column": self.column,
        }


class Refused(Exception):
    """Raised where a file cannot be read any further; carries the problem that says why."""

    def __init__(self, code, message, file=None, column=None):
        super().__init__(message)
        self.problem = Problem(code, message, ERROR, file, column)


class Findings:
    """What is said about the uploads: problems, and notes, which are sentences that need no action."""

    def __init__(self):
        self.problems, self.notes = [], []

    def refuse(self, code, message, file=None, column=None):
        self._add(Problem(code, message, ERROR, file, column))

    def warn(self, code, message, file=None, column=None):
        self._add(Problem(code, message, WARNING, file, column))

    def add(self, problem):
        self._add(problem)

    def note(self, sentence):
        if sentence not in self.notes and len(self.notes) < MAX_PROBLEMS:
            self.notes.append(sentence)

    def _add(self, problem):
        # An error is never lost to a crowd of warnings.
        if len(self.problems) < MAX_PROBLEMS or problem.severity == ERROR and not self.refused:
            self.problems.append(problem)

    @property
    def refused(self):
        return any(problem.severity == ERROR for problem in self.problems)


def show(name):
    """A name from outside, as it may stand inside a sentence: its last part, on one line, not too long."""
    text = str(name).replace("\\", "/").rstrip("/").rsplit("/", 1)[-1] or "file"
    return quotable(text)


def quotable(text, limit=MAX_SHOWN):
    """A column name or value inside a sentence: printable, without the quotes that surround it, and cut."""
    text = "".join(c if c.isprintable() and c != "`" else " " for c in str(text))
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def listed(names, limit=5):
    """`a`, `b` and 3 more: a list inside a sentence."""
    names = list(names)
    shown = [f"`{quotable(name)}`" for name in names[:limit]]
    if len(names) > limit:
        return f"{', '.join(shown)} and {len(names) - limit} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def counted(number, noun, plural=None):
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
