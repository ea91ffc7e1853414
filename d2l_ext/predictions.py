"""Predictions: written down before a result is out, and set beside it afterwards.

A guess that stands in the notebook cannot be remembered as better than it was. Nothing is stored or graded.
"""

UNWRITTEN = "?"

_guesses: dict[str, str] = {}
_out: set[str] = set()


def note(about: str, guess: object = UNWRITTEN) -> None:
    """Keeps a guess until its result is out; the last one counts.

    Args:
        about: What is predicted, in a few words; `compare` takes the same ones.
        guess: A letter, a word or a number. A question mark says that there is none yet.

    Example:
        >>> note("half the weights", "B")
        >>> compare("half the weights", "C")
        half the weights: you predicted B; it is C
    """
    _guesses[about] = str(guess).strip() or UNWRITTEN
    if about in _out and _guesses[about] != UNWRITTEN:
        print(f"{about}: the result is out already; this is no prediction any more")


def compare(about: str, result: object) -> None:
    """Prints the guess beside the result, without a verdict: what matters is why they differ.

    Args:
        about: As in `note`.
        result: What came out.
    """
    guess = _guesses.get(about, UNWRITTEN)
    said = "no prediction was written down" if guess == UNWRITTEN else f"you predicted {guess}"
    _out.add(about)
    print(f"{about}: {said}; it is {result}")
