"""The page for instructors says what the notebooks say."""

from tools import instructors


def test_the_page_is_up_to_date() -> None:
    assert instructors.PAGE.read_text(encoding="utf-8") == instructors.page(), (
        "write it anew: python -m tools.instructors"
    )


def test_the_page_names_every_question_with_its_mistakes() -> None:
    page = instructors.page()
    for path in sorted((instructors.ROOT / "solutions").glob("[0-9]*.ipynb")):
        for question in instructors.load(path)[0].questions:
            assert f"**{question.number}. {question.title}**" in page
            assert all(wrong.sentence in page for wrong in question.wrong)


def test_the_page_names_each_idea_of_the_concept_test_and_its_misconceptions() -> None:
    page = instructors.page()
    exercise = instructors.load(instructors.ROOT / "solutions" / "concept_test_b.ipynb")[0]
    for question in exercise.questions:
        (line,) = (
            li for li in page.splitlines() if f"**{question.number}. {question.title}**" in li
        )
        assert all(wrong.name in line for wrong in question.wrong)
