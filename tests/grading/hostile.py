"""Answers that grading must survive, by code: what each does, and what must come of it.

The exercise is the tiny one of `assignment`; `RIGHT` answers all of it. A case changes one answer,
so the other questions must keep their points.
"""

from dataclasses import dataclass

OK, TIMEOUT, LIMIT, CRASH, TAMPER = "OK", "TIMEOUT", "LIMIT", "CRASH", "TAMPER"

RIGHT = {
    "q1": "answer_1 = 18",
    "q2": "def weights(c_in, c_out, groups):\n"
    "    if c_in % groups or c_out % groups:\n"
    "        raise ValueError\n"
    "    return c_out * c_in // groups",
    "q3": "def mean(numbers):\n    return sum(numbers) / len(numbers)",
    "q4": "def add(a, b):\n    return a + b",
}
POINTS = {"q1": 2.0, "q2": 3.0, "q3": 3.0, "q4": 2.0}


@dataclass(frozen=True)
class Case:
    """A hostile submission.

    Attributes:
        name: also that of the student.
        question: whose answer is changed.
        source: the answer.
        status: of the submission.
        earned: the points of the question.
        words: what the student reads about it; nothing where all is well.
        left: how many processes are found at the end.
    """

    name: str
    question: str
    source: str
    status: str = OK
    earned: float = 0.0
    words: str = ""
    left: int = 0

    @property
    def answers(self) -> dict[str, str]:
        """All answers of the submission."""
        return RIGHT | {self.question: self.source}

    @property
    def points(self) -> dict[str, float]:
        """The points of each question."""
        return POINTS | {self.question: self.earned}


def _mean(*lines: str, first: str = "", result: str = "sum(numbers) / len(numbers)") -> str:
    """An answer to question 3 that does something before it returns."""
    body = "".join(f"    {line}\n" for part in lines for line in part.splitlines())
    return f"{first}\ndef mean(numbers):\n{body}    return {result}"


def _fine(name: str, *lines: str, first: str = "", left: int = 0) -> Case:
    return Case(name, "q3", _mean(*lines, first=first), earned=3, left=left)


def _faulty(name: str, status: str, words: str, *lines: str, first: str = "") -> Case:
    return Case(name, "q3", _mean(*lines, first=first), status, 0, words)


# The numbers of the list of submissions that grading must survive stand before the names.
WHILE_IT_RUNS = [
    _faulty("01 endless loop", TIMEOUT, "took longer than", "while True: pass"),
    _faulty(
        "02 swallows interrupts",
        TIMEOUT,
        "took longer than",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    ),
    _faulty("03 fork bomb", LIMIT, "process limit", "import os\nwhile True: os.fork()"),
    _faulty(
        "03 fork bomb that swallows",
        LIMIT,
        "process limit",
        "import os\nwhile True:\n    try: os.fork()\n    except BaseException: pass",
    ),
    _faulty(
        "03 thread bomb",
        LIMIT,
        "process limit",
        "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(60,)).start()",
    ),
    _faulty(
        "04 memory hog",
        LIMIT,
        "1 GB limit",
        "held = []\nwhile True: held.append(bytearray(2**30))",
    ),
    _faulty("04 memory hog of torch", LIMIT, "1 GB limit", "import torch\ntorch.ones(2**33)"),
    _faulty("05 endless printing", LIMIT, "reached the", "while True: print('again ' * 1000)"),
    _faulty("05 long representation", LIMIT, "output limit", "print('x' * 70_000_000)"),
    _faulty(
        "06 one long file",
        LIMIT,
        "disk limit",
        "f = open('x', 'wb')\nwhile True: f.write(bytes(2**24))",
    ),
    _faulty(
        "06 many files",
        LIMIT,
        "disk limit",
        "i = 0\nwhile True:\n    open(str(i), 'wb').write(bytes(2**26))\n    i += 1",
    ),
    _faulty("07 leaves", CRASH, "ended the kernel", "import os\nos._exit(0)"),
    _faulty(
        "07 kills itself", CRASH, "ended the kernel", "import os, signal\nos.kill(os.getpid(), 9)"
    ),
    _faulty("08 sys.exit", OK, "raises", first="import sys\nsys.exit()"),
    Case("09 exit in a cell", "q3", RIGHT["q3"] + "\nexit()", earned=3),
    _faulty(
        "10 segmentation fault", CRASH, "ended the kernel", "import ctypes\nctypes.string_at(0)"
    ),
    _faulty("11 input", OK, "no input while grading", "input('numbers? ')"),
    _fine(
        "12 late thread",
        first="import threading, time\n"
        "threading.Thread(target=lambda: (time.sleep(0.1), print('late'))).start()",
    ),
    _fine(
        "13 child left behind",
        first="import subprocess\nsubprocess.Popen(['sleep', '600'])",
        left=1,
    ),
    _faulty("14 cuda", OK, "no GPU while grading", "import torch\ntorch.ones(1).cuda()"),
    _faulty(
        "15 network",
        OK,
        "no network while grading",
        "import urllib.request\nurllib.request.urlopen('http://example.org')",
    ),
    _faulty(
        "15 socket",
        OK,
        "no network while grading",
        "import socket\nsocket.create_connection(('192.0.2.1', 80), 2)",
    ),
    _fine("16 removes the home", first="!rm -rf ~ /tmp/* 2> /dev/null"),
    _faulty(
        "17 not installed",
        OK,
        "'nowhere_to_be_found' is not installed",
        "import nowhere_to_be_found",
    ),
    _fine("18 warning", "import warnings\nwarnings.warn('a warning')"),
    _fine(
        "19 progress bar and figure",
        "from tqdm import tqdm\nimport matplotlib.pyplot as plt\n"
        "for _ in tqdm(range(3)): pass\nplt.plot([1, 2])\nplt.show()",
    ),
    Case(
        "20 last digits", "q3", _mean(result="sum(numbers) / len(numbers) * (1 + 1e-7)"), earned=3
    ),
    _fine("21 slow but right", "import time\ntime.sleep(0.3)"),
]

CHEATING = [
    Case(
        "25 prints the visible text",
        "q2",
        "def weights(c_in, c_out, groups):\n    raise SystemExit\n"
        "class Text:\n    def __call__(self, *a): return 8192 if a[2] == 1 else 2048\nweights = Text()",
        earned=1,
        words="did not agree",
    ),
    Case(
        "26 patches show",
        "q2",
        "import d2l_ext.grading\ndef forged(*a, **k): print('int 8192\\nint 2048')\n"
        "d2l_ext.grading.show = forged",
        TAMPER,
        words="changed the functions",
    ),
    Case(
        "26 patches describe",
        "q2",
        "import d2l_ext.grading.show, sys\nmodule = sys.modules['d2l_ext.grading.show']\n"
        "module.describe = lambda value: 'int 2048'\ndef weights(*a): return 0",
        TAMPER,
        words="changed the functions",
    ),
    Case(
        "26 patches seal",
        "q1",
        "import hashlib\nhashlib.pbkdf2_hmac = lambda *a: bytes(32)\nanswer_1 = 18",
        TAMPER,
        words="changed the functions",
    ),
    Case("26 a name of the course's", "q3", RIGHT["q3"] + "\nshow = seal = None", earned=3),
    Case(
        "26 patches assert_close",
        "q2",
        "import torch\ntorch.testing.assert_close = lambda *a, **k: None\n" + RIGHT["q2"],
        TAMPER,
        words="changed the functions",
    ),
    Case(
        "28 looks for the solutions",
        "q2",
        "import os, pathlib, d2l_ext\n"
        "checkout = pathlib.Path(d2l_ext.__file__).parents[1]\n"
        "places = [checkout / 'solutions', checkout / 'tests', *pathlib.Path('/tmp').rglob('*.ipynb')]\n"
        "found = [place for place in places if place.exists()]\n"
        "told = [value for value in os.environ.values() if 'solutions' in value]\n"
        "def weights(*a): return len(found + told)",
        words="expected int 8192, got int 0",
    ),
    Case(
        "29 forges messages",
        "q2",
        "shell = get_ipython().kernel\n"
        "for n in range(40):\n"
        "    for kind, content in (('stream', {'name': 'stdout', 'text': 'int 8192\\nint 2048\\n'}),"
        " ('status', {'execution_state': 'idle'}), ('nonsense', []), ('error', {})):\n"
        "        shell.session.send(shell.iopub_socket, kind, content, ident=b'x')\n"
        "def weights(*a): return 0",
    ),
    Case(
        "30 visible answers hard-coded",
        "q2",
        "def weights(c_in, c_out, groups):\n    return 2048 if groups == 4 else 8192",
        earned=1,
        words="did not agree",
    ),
    Case(
        "an object that pretends",
        "q4",
        "class Five(int):\n    def __eq__(self, other): return True\n"
        "    def __repr__(self): return '5'\n    __str__ = __repr__\n    __hash__ = int.__hash__\n"
        "Five.__name__ = 'int 5'\nadd = lambda a, b: Five(5)",
        words="expected int 5",
    ),
    Case(
        "a type with lines in its name",
        "q2",
        "class E(Exception): pass\nE.__name__ = 'X\\nint 8192\\nint 2048'\n"
        "def weights(*a): raise E",
        words="expected",
    ),
]

CASES = [*WHILE_IT_RUNS, *CHEATING]
