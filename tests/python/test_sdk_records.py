"""Every function of the SDK sends the record it promises, and refuses what it must."""

import tempfile
import unittest
from pathlib import Path

from support import run_program


def records(source, **options):
    with tempfile.TemporaryDirectory() as stage:
        ended = run_program("import trainable\n" + source, stage, **options)
        if ended.code != 0:
            raise AssertionError(ended.stderr)
        return ended.records


class Records(unittest.TestCase):
    maxDiff = None

    def check(self, source, expected):
        self.assertEqual(records(source), expected)

    def check_data(self, source, expected):
        (record,) = records(source)
        self.assertEqual(record["data"], expected)

    def test_metrics_keep_what_is_not_finite(self):
        self.check(
            "trainable.log(3, {'a': 0.5, 'b': float('nan'), 'c': float('-inf'), 'd': float('inf'), 'e': True}, run='x')",
            [
                {
                    "type": "metrics",
                    "step": 3,
                    "metrics": {"a": 0.5, "b": "NaN", "c": "-Infinity", "d": "Infinity", "e": 1},
                    "run": "x",
                }
            ],
        )

    def test_metrics_of_numpy(self):
        self.check(
            "import numpy as np\n"
            "trainable.log(np.int64(3), {'a': np.float32(.5), 'b': np.array([2]), 'c': np.float64('nan'), 'd': np.bool_(True)})",
            [{"type": "metrics", "step": 3, "metrics": {"a": 0.5, "b": 2, "c": "NaN", "d": 1}, "run": None}],
        )

    def test_charts(self):
        self.check(
            "trainable.configure_dashboard([{'title': 'Loss', 'metrics': ['a', 'b']}, "
            "{'title': 'Score', 'metrics': 'c', 'type': 'bar'}])",
            [
                {
                    "type": "charts",
                    "charts": [
                        {"title": "Loss", "metrics": ["a", "b"], "type": "line"},
                        {"title": "Score", "metrics": ["c"], "type": "bar"},
                    ],
                }
            ],
        )

    def test_table_of_a_frame_keeps_its_index_and_types(self):
        self.check_data(
            "import pandas as pd\n"
            "frame = pd.DataFrame({'n': [1, 2], 'x': [0.5, None], 's': ['é', None], 'd': pd.to_datetime(['2024-01-02', None])}, "
            "index=pd.Index(['p', 'q'], name='model'))\n"
            "trainable.log_table('t', frame)",
            {
                "columns": ["model", "n", "x", "s", "d"],
                "rows": [["p", 1, 0.5, "é", "2024-01-02T00:00:00"], ["q", 2, None, None, None]],
                "total_rows": 2,
                "total_columns": 5,
            },
        )

    def test_table_of_lists_and_dicts(self):
        expected = {"columns": ["a", "b"], "rows": [[1, "x"], [2, None]], "total_rows": 2, "total_columns": 2}
        self.check_data("trainable.log_table('t', [[1, 'x'], [2, None]], columns=['a', 'b'])", expected)
        self.check_data("trainable.log_table('t', [{'a': 1, 'b': 'x'}, {'a': 2}])", expected)
        self.check_data("trainable.log_table('t', {'a': [1, 2], 'b': ['x', None]})", expected)

    def test_long_table_says_its_size(self):
        (record,) = records("trainable.log_table('t', {'a': range(5000)})")
        self.assertEqual((len(record["data"]["rows"]), record["data"]["total_rows"]), (1000, 5000))

    def test_confusion_matrix(self):
        self.check_data(
            "trainable.log_confusion_matrix('c', ['b', 'a', 'b'], ['b', 'b', 'b'])",
            {"labels": ["a", "b"], "matrix": [[0, 1], [0, 2]]},
        )

    def test_curves_agree_with_scikit_learn(self):
        # Assertions run inside the program: it has scikit-learn to compare with.
        records(
            "import numpy as np\n"
            "from sklearn.metrics import roc_auc_score, average_precision_score\n"
            "from trainable import _evaluation as e\n"
            "rng = np.random.default_rng(0)\n"
            "y = rng.integers(0, 2, 5000)\n"
            "s = np.round(rng.random(5000) + y * 0.3, 2)\n"
            "roc = e._roc_curve(*next(e._one_against_rest(y, s, None)))\n"
            "pr = e._pr_curve(*next(e._one_against_rest(y, s, None)))\n"
            "assert abs(roc['auc'] - roc_auc_score(y, s)) < 1e-12\n"
            "assert abs(pr['average_precision'] - average_precision_score(y, s)) < 1e-12\n"
            "assert len(roc['fpr']) <= 200 and roc['tpr'][-1] == 1 == roc['fpr'][-1]\n"
        )

    def test_curves_per_class(self):
        sent = records(
            "s = [[.8, .1, .1], [.2, .7, .1], [.1, .2, .7]]\n"
            "trainable.log_roc('r', ['a', 'b', 'c'], s)\n"
            "trainable.log_pr('p', ['a', 'b', 'c'], s)\n"
            "trainable.log_roc('r', [0, 1], [[.8, .2], [.3, .7]])"
        )
        self.assertEqual([c["label"] for c in sent[0]["data"]["curves"]], ["a", "b", "c"])
        self.assertEqual([c["average_precision"] for c in sent[1]["data"]["curves"]], [1, 1, 1])
        self.assertEqual([(c["label"], c["auc"]) for c in sent[2]["data"]["curves"]], [("1", 1)])

    def test_histogram(self):
        self.check_data(
            "trainable.log_histogram('h', [0, 1, 1, 2, None, float('inf')], bins=2)",
            {"edges": [0, 1, 2], "counts": [1, 3], "missing": 1, "infinite": 1, "outside": 0},
        )
        self.check_data(
            "trainable.log_histogram('h', [7], bins=2)",
            {"edges": [6.5, 7, 7.5], "counts": [0, 1], "missing": 0, "infinite": 0, "outside": 0},
        )

    def test_text(self):
        self.check(
            "trainable.log_text('n', 'a\\nb', step=1)",
            [{"type": "text", "name": "n", "step": 1, "run": None, "data": {"text": "a\nb"}}],
        )

    def test_images(self):
        source = (
            "import numpy as np, pathlib, matplotlib.pyplot as plt\n"
            "from PIL import Image\n"
            "figure, axes = plt.subplots(); axes.plot([1, 2])\n"
            "paths = [trainable.log_image('A figure', figure, step=2), trainable.log_image('axes', axes),\n"
            "    trainable.log_image('array', np.random.rand(8, 9, 3)), trainable.log_image('grey', np.eye(4, dtype='uint8') * 255),\n"
            "    trainable.log_image('pil', Image.new('RGB', (3, 3)))]\n"
            "assert trainable.log_image('own', 'figures/pil.png') == paths[-1]\n"
            "trainable.log_image('bytes', paths[0].read_bytes())\n"
            "for path in paths: Image.open(path).load()\n"
            "assert Image.open(paths[2]).size == (9, 8)\n"
            "assert not list(pathlib.Path('figures').glob('.*'))\n"
        )
        sent = records(source)
        paths = [record["data"]["path"] for record in sent]
        self.assertRegex(paths[0], r"^figures/a_figure_[0-9a-f]{8}_000002\.png$")
        self.assertEqual(paths[1:], [f"figures/{n}.png" for n in ("axes", "array", "grey", "pil", "pil", "bytes")])

    def test_bad_arguments_name_the_argument(self):
        cases = {
            "log('x', {'a': 1})": "TypeError: step must be an integer, not str",
            "log(-1, {'a': 1})": "ValueError: step must be between 0",
            "log(1.5, {'a': 1})": "TypeError: step must be an integer, not float",
            "log(1, 5)": "TypeError: metrics must be a dict of name to number, not int",
            "log(1, {})": "ValueError: metrics must not be empty",
            "log(1, {'a': 'x'})": "TypeError: metrics['a'] must be a number, not str",
            "log(1, {'a': None})": "TypeError: metrics['a'] must be a number, not NoneType",
            "log(1, {3: 1})": "TypeError: a metric's name must be a string, not int",
            "log(1, {'a': 10 ** 400})": "ValueError: metrics['a'] is not a number that fits a float",
            "log(1, {'a': 1}, run='')": "ValueError: run must not be empty",
            "configure_dashboard({})": "TypeError: charts must be a list of dicts, not dict",
            "configure_dashboard([{'title': 'x'}])": "TypeError: charts[0]['metrics'] must be a list",
            "configure_dashboard([{'title': 'x', 'metrics': ['a'], 'type': 'pie'}])": "ValueError: charts[0]['type'] must be one of",
            "configure_dashboard([{'title': 'x', 'metrics': ['a'], 'kind': 1}])": "ValueError: charts[0] has unknown keys: kind",
            "log_table('t', 5)": "TypeError: table must be a DataFrame",
            "log_table('t', [[1]])": "ValueError: columns must be given",
            "log_text('t', 5)": "TypeError: text must be a string, not int",
            "log_image('i', 5)": "TypeError: image must be a figure",
            "log_image('i', b'x')": "ValueError: image must be the bytes of a PNG",
            "log_image('i', 'none.png')": "FileNotFoundError:",
            "log_confusion_matrix('c', [1], [1, 2])": "ValueError: y_true and y_pred must have the same length, not 1 and 2",
            "log_confusion_matrix('c', [1], [2], labels=[1])": "ValueError: labels must name every class; 2",
            "log_roc('r', [1, 1], [.5, .5])": "ValueError: y_true must contain at least two classes",
            "log_roc('r', [0, 1, 2], [.5, .5, .5])": "ValueError: y_score must have one column per class",
            "log_roc('r', [0, 1], [.5, float('nan')])": "ValueError: y_score must not contain NaN",
            "log_histogram('h', [1], bins=0)": "ValueError: bins must be an integer from 1 to 1000, not 0",
            "log_histogram('h', ['a'])": "TypeError: a value must be a number, not str",
        }
        source = "import trainable\nfrom trainable import *\n" + "".join(
            f"try:\n    {call}\n    print('nothing raised')\nexcept Exception as e:\n    print(type(e).__name__ + ': ' + str(e))\n"
            for call in cases
        )
        with tempfile.TemporaryDirectory() as stage:
            ended = run_program(source, stage)
        self.assertEqual(ended.code, 0, ended.stderr)
        self.assertEqual(ended.records, [])
        for line, (call, expected) in zip(ended.stdout.splitlines(), cases.items(), strict=True):
            self.assertTrue(line.startswith(expected), f"{call}: {line}")


class Outside(unittest.TestCase):
    def test_without_trainable_each_call_prints_one_line(self):
        with tempfile.TemporaryDirectory() as stage:
            ended = run_program(
                "import trainable\n"
                "trainable.log(1, {'loss': 0.25}, run='xgb')\n"
                "trainable.configure_dashboard([{'title': 'Loss', 'metrics': ['loss']}])\n"
                "trainable.log_histogram('h', [1, 2])\n"
                "trainable.log_confusion_matrix('c', [0, 1], [0, 1])\n",
                stage,
                attached=False,
            )
        self.assertEqual((ended.code, ended.stderr), (0, ""))
        self.assertEqual(
            ended.stdout.splitlines(),
            [
                "[xgb] step 1  loss=0.25",
                "[dashboard] Loss: loss",
                "[histogram] h: 2 values from 1 to 2",
                "[confusion matrix] c: 2 classes, 100.0% of 2 correct",
            ],
        )

    def test_folders_follow_the_script(self):
        with tempfile.TemporaryDirectory() as session:
            stage = Path(session) / "train"
            (stage / "scripts").mkdir(parents=True)
            (Path(session) / "dataset").mkdir()
            ended = run_program(
                "import os; del os.environ['TRAINABLE_STAGE_DIR']\n"
                "import trainable\n"
                "print(trainable.stage_dir().name, (trainable.session_dir() / 'train').is_dir(), trainable.dataset_dir().name)",
                stage,
                attached=False,
            )
        self.assertEqual(ended.stdout, "train True dataset\n", ended.stderr)
