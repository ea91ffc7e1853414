"""A question of reasoning: the answer's type and a salted hash of it, which gives nothing away."""

import hashlib
from typing import Any

from d2l_ext.grading.values import NO_ANSWER, Unanswered, describe

SALT = "d2l_ext sealed answer"
# Some 50 ms: nothing for a student, and slow for whoever would try all numbers.
ITERATIONS = 120_000
DIGEST_LENGTH = 12


def seal(key: str, answer: Any) -> None:
    """Prints the type of an answer and a hash of it, such as `int sealed 5f1c2a9be07d`.

    Two answers that mean the same give the same hash: strings are compared without regard to
    case and surrounding or repeated blanks, floats to 6 significant digits, sets in any order.
    The type counts: `18` is not `18.0`, and a list is not a tuple.

    Args:
        key: the question, such as `"q1"`; it salts the hash.
        answer: a number, a string, a truth value, `None`, or a list, tuple or set of them.
            An answer that holds `...` prints `no answer yet`.
    """
    print(sealed(key, answer))


def sealed(key: str, answer: Any) -> str:
    """What `seal` prints."""
    try:
        text = describe(_fold(answer))
    except Unanswered:
        return NO_ANSWER
    salt = f"{SALT} {key}".encode()
    digest = hashlib.pbkdf2_hmac("sha256", text.encode(), salt, ITERATIONS).hex()
    return f"{text.split()[0]} sealed {digest[:DIGEST_LENGTH]}"


def _fold(answer: Any) -> Any:
    if type(answer) is str:
        return " ".join(answer.split()).casefold()
    if type(answer) in (list, tuple, set, frozenset):
        return type(answer)(map(_fold, answer))
    return answer
