import json

import pytest

from benchmarks import results
from benchmarks.row import Row
from benchmarks.timing import Ratio

ENVIRONMENT = {
    "devices": ["CPU"],
    "processor": "A processor",
    "cpu_count": 2,
    "load_average": 0.5,
    "system": "Linux x86_64",
    "python": "3.11.1",
    "versions": {"numpy": "2.4.6"},
}
ROWS = [
    Row.at_least("speed", Ratio(4.25, 4.0, 4.5, (4.25,)), 4.0),
    Row.at_most("cost", Ratio(1.2, 1.1, 1.3, (1.2,)), 1.05),
    Row("memory", "", 2.5, "GB"),
]


def test_rows_say_whether_they_are_as_asked():
    assert [row.ok for row in ROWS] == [True, False, None]
    assert ROWS[0].asked == "at least 4" and ROWS[1].asked == "at most 1.05"
    assert Row.at_least("speed", Ratio(1.0, 1.0, 1.0, (1.0,)), None).asked == ""


def test_what_is_written_is_read_again(tmp_path):
    path = results.write("speed", ROWS, ENVIRONMENT, tmp_path / "new")
    assert results.read(path) == (ROWS, ENVIRONMENT)
    assert json.loads(path.read_text())["name"] == "speed"


def test_another_file_is_refused_by_name(tmp_path):
    path = tmp_path / "other.json"
    for text in ("{", '{"rows": [{"what": "x"}]}', "[]"):
        path.write_text(text)
        with pytest.raises(ValueError, match="other.json: must be a file written by"):
            results.read(path)


def test_the_page_keeps_what_stands_outside_the_markers(tmp_path):
    page = tmp_path / "RESULTS.md"
    page.write_text(f"# Mine\n\n{results.BEGIN}\nold\n{results.END}\n\nBelow.\n")
    results.write("speed", ROWS, ENVIRONMENT, tmp_path)
    for _ in range(2):  # the second time changes nothing
        results.update_page(["missing", "speed"], tmp_path, page)
    text = page.read_text()
    assert text.startswith("# Mine\n\n") and text.endswith("\n\nBelow.\n")
    assert "old" not in text and text.count("### speed") == 1
    assert "| speed | at least 4 | 4.25 | 4 to 4.5 | yes |" in text
    assert "| cost | at most 1.05 | 1.2 | 1.1 to 1.3 | **no** |" in text
    assert "| memory |  | 2.5 GB |  |  |" in text
    assert "A processor, 2 processors, Linux x86_64" in text


def test_a_page_without_markers_is_left_alone(tmp_path):
    page = tmp_path / "RESULTS.md"
    page.write_text("# Mine\n")
    with pytest.raises(ValueError, match="must have the lines"):
        results.update_page([], tmp_path, page)
    assert page.read_text() == "# Mine\n"


@pytest.mark.parametrize(
    "value, text",
    [(1234567.0, "1,230,000"), (12.345, "12.3"), (0.00321, "0.00321"), (0.0, "0"), (3.0, "3")],
)
def test_numbers_have_three_digits(value, text):
    assert results.number(value) == text
