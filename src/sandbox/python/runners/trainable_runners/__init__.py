"""Programs of the server's own, run in sandboxes that no agent used: they open files that nobody vouches for.

    python -m trainable_runners.describe REQUEST.json RESULT.json     uploads -> a description, and tables as Parquet
    python -m trainable_runners.preview  REQUEST.json RESULT.json     a page of a file's rows

Each reads one JSON request and leaves one strict JSON answer of at most 4 MiB. What is wrong with the input is part of
the answer, in sentences for people; a traceback goes to stderr and nowhere else. They use pyarrow, DuckDB and (for
workbooks) openpyxl, never pandas, which takes longer to import than most files take to read.
"""

import sys


class _WithoutPandas:
    """Makes `import pandas` fail here.

    pyarrow imports pandas to ask whether a list is one of its series, which costs more than reading a page of rows;
    when it cannot, it does not ask.
    """

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "pandas":
            raise ImportError("runners do without pandas", name=name)


sys.meta_path.insert(0, _WithoutPandas)
