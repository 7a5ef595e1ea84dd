"""Tables of CSV and Parquet files: types, and every fault with its file, line and column."""

import gzip
import importlib.util
import sys

import numpy as np
import pytest

from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.datasets import WHITESPACE, read_table

HAS_PYARROW = importlib.util.find_spec("pyarrow") is not None


@pytest.fixture
def write(tmp_path):
    def written(text, name="log.csv"):
        path = tmp_path / name
        path.write_bytes(text.encode())
        return path

    return written


def refusal(call):
    with pytest.raises(DataError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message and "; " in message
    return message


def test_columns_are_named_anew_and_typed(write):
    path = write("who,x,n,yes,other\nann,1.5,3,1,a\n007,-2e3,4,false,b\n")
    table = read_table(path, {"user": "who", "value": "x", "count": "n", "click": "yes"})
    assert table.names("user").tolist() == ["ann", "007"]  # a name is never made a number
    for column, expected in (
        (table.numbers("value"), np.array([1.5, -2000.0])),
        (table.whole("count"), np.array([3, 4])),
        (table.flags("click"), np.array([True, False])),
    ):
        assert column.dtype == expected.dtype
        np.testing.assert_array_equal(column, expected)


def test_all_columns_are_read_if_none_is_named(write):
    table = read_table(write("a,b\n1,2\n"))
    assert dict(table.theirs) == {"a": "a", "b": "b"} and table.num_rows == 1


@pytest.mark.parametrize(
    ("name", "delimiter", "text"),
    [
        ("a.csv", None, "u,v\n1,x y\n2,z\n"),
        ("a.CSV", None, "u,v\r\n1,x y\r\n2,z\r\n"),
        ("a.tsv", None, "u\tv\n1\tx y\n2\tz"),
        ("a.txt", ";", "u;v\n1;x y\n\n2;z\n"),
        ("a.csv", "|", "\ufeffu|v\n1|x y\n2|z\n"),
        ("a.dat", "::", "\ufeffu::v\n1::x y\n2::z\n"),
        ("a.csv", None, 'u,v\n1,"x y"\n2,z\n'),
    ],
)
def test_delimiters_are_told_by_the_suffix_or_given(write, name, delimiter, text):
    table = read_table(write(text, name), {"u": "u", "v": "v"}, delimiter=delimiter)
    assert table.whole("u").tolist() == [1, 2]
    assert table.names("v").tolist() == ["x y", "z"]


def test_a_file_without_a_header_is_read_by_the_columns_numbers(write):
    table = read_table(write(" 1  5 \n2 6\n", "a.txt"), {"v": 1, "u": 0}, delimiter=WHITESPACE)
    assert table.whole("u").tolist() == [1, 2] and table.whole("v").tolist() == [5, 6]


def test_a_compressed_file_is_read(tmp_path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"u\n1\nx\n"))
    table = read_table(path)
    assert table.names("u").tolist() == ["1", "x"]
    assert "a.csv.gz, line 3: 'u' must be a number, got 'x'" in refusal(lambda: table.numbers("u"))
    path.write_bytes(path.read_bytes()[:-5])
    assert "a.csv.gz: must be readable and whole, got " in refusal(lambda: read_table(path))


@pytest.mark.parametrize(
    ("cells", "unit_s", "microseconds"),
    [
        (["2019-11-24 00:00:00.000001+00:00", "1970-01-02"], 1, [1574553600000001, 86400000000]),
        (["2019-11-24T01:00:00+01:00", "2019-11-24"], 1, [1574553600000000] * 2),
        (["881250949", "-1"], 1, [881250949000000, -1000000]),
        (["881250949000", "0.5"], 1e-3, [881250949000000, 500]),
    ],
)
def test_times_are_numbers_or_iso_8601(write, cells, unit_s, microseconds):
    table = read_table(write("t\n" + "\n".join(cells) + "\n"))
    assert table.times("t", unit_s).tolist() == microseconds


def test_dates_may_have_a_format_of_their_own(write):
    table = read_table(write("t\n19970101\n19970132\n"))
    message = refusal(lambda: table.times("t", date_format="%Y%m%d"))
    assert "line 3: 't' must be a date %Y%m%d, got '19970132'; mend the file" in message


@pytest.mark.parametrize("cell", ["nan", "NaN", "inf", "x", "0x10", ""])
def test_what_is_no_number_is_named_with_its_line_and_column(write, cell):
    table = read_table(write(f"u,theirs\n1,1\n2,{cell}\n"), {"ours": "theirs"})
    for read in (table.numbers, table.whole, table.flags):
        assert refusal(lambda read=read: read("ours")).startswith(
            f"{table.path}, line 3: 'theirs' must be "
        )
    assert f"got '{cell}'" in refusal(lambda: table.numbers("ours"))


@pytest.mark.parametrize("cell", ["", "nan", "NaN"])
def test_a_name_that_is_missing_is_refused(write, cell):
    table = read_table(write(f"u,x\n{cell},2\n"))
    assert f"line 2: 'u' must be a name, got '{cell}'" in refusal(lambda: table.names("u"))


@pytest.mark.parametrize(
    ("method", "args", "cell", "expected"),
    [
        ("numbers", (0, 1), "1.5", "a number from 0 to 1, got '1.5'"),
        ("numbers", (0,), "-1", "a number of at least 0, got '-1'"),
        ("whole", (1, 3), "2.5", "a whole number from 1 to 3, got '2.5'"),
        ("whole", (1, 3), "4", "a whole number from 1 to 3, got '4'"),
        ("flags", (), "2", "0 or 1, false or true, got '2'"),
        ("times", (), "881250949000", "a time in units of 1 s from -2.21e+09 to 7.26e+09, got"),
        ("times", (), "monday", "a number or an ISO 8601 time, got 'monday'"),
    ],
)
def test_what_is_out_of_range_is_named(write, method, args, cell, expected):
    table = read_table(write(f"x\n{cell}\n"))
    message = refusal(lambda: getattr(table, method)("x", *args))
    assert message.startswith(f"{table.path}, line 2: 'x' must be {expected}")


def test_lines_are_counted_as_an_editor_counts_them(write):
    table = read_table(write('a,b\n"two\nlines",1\n\n\nx,\n'))
    assert f"{table.path}, line 6: 'b' must be" in refusal(lambda: table.numbers("b"))
    table = read_table(write("1 2\n\n3 x\n", "a.txt"), {"b": 1}, delimiter=WHITESPACE)
    assert "line 3: column 1 must be" in refusal(lambda: table.numbers("b"))


def test_a_line_with_too_few_cells_misses_some(write):
    table = read_table(write("a,b\n1,2\n3\n"))
    assert "line 3: 'b' must be a number, got ''" in refusal(lambda: table.numbers("b"))


@pytest.mark.parametrize("text", ["a,b\n1,2,3\n", "a,b\n1,2\n3,4,5\n"])
@pytest.mark.parametrize("delimiter", [",", "::"])
def test_a_line_with_too_many_cells_is_refused(write, text, delimiter):
    path = write(text.replace(",", delimiter))
    message = refusal(lambda: read_table(path, {"a": "a"}, delimiter=delimiter))
    assert "every line must have as many cells as the first, got 'Expected 2 fields" in message


def test_a_missing_column_is_refused_and_those_that_there_are_listed(write):
    path = write("a,b,b\n1,2,3\n")
    assert refusal(lambda: read_table(path, {"user": "who"})) == (
        f"{path}: must have one column 'who', for user, got none; there are ['a', 'b', 'b']: "
        "name another, or mend the file"
    )
    assert "one column 'b', for x, got several" in refusal(lambda: read_table(path, {"x": "b"}))
    assert "one column 7, for x, got none" in refusal(lambda: read_table(path, {"x": 7}))


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "got an empty file; name another"), ("a,b\n", "must have at least one row, got none")],
)
def test_a_file_without_rows_is_refused(write, text, message):
    path = write(text)
    assert message in refusal(lambda: read_table(path))


def test_what_is_no_file_is_refused(tmp_path):
    assert "must be a file, got nothing there" in refusal(lambda: read_table(tmp_path / "no.csv"))
    assert "must be a file, got a folder" in refusal(lambda: read_table(tmp_path))


def test_another_encoding_is_refused_or_named(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"a\ncaf\xe9\n")
    assert "a.csv: must be utf-8 text, got " in refusal(lambda: read_table(path))
    assert read_table(path, encoding="latin-1").names("a").tolist() == ["café"]


def test_the_character_nul_is_refused_with_its_line(write):
    path = write("a,b\nx,1\ny\0z,2\n")
    assert f"{path}, line 3: must be text, got the character NUL; name the file's encoding" in (
        refusal(lambda: read_table(path))
    )
    path.write_text("a,b\nx,1\n")
    assert "must be utf-16 text, got UTF-16 stream does not start with BOM; name its" in refusal(
        lambda: read_table(path, encoding="utf-16")
    )
    path.write_text("a,b\nx,1\n", encoding="utf-16")
    assert read_table(path, encoding="utf-16").names("a").tolist() == ["x"]


@pytest.mark.parametrize(
    ("path", "options", "message"),
    [
        (None, {}, "path must be the name of a file, got None"),
        ("a.csv", {"delimiter": 3}, "delimiter must be a str, got 3"),
        ("a.csv", {"delimiter": ""}, "delimiter must be text without line ends and quotes, got ''"),
        ("a.csv", {"delimiter": "\n"}, "delimiter must be text without line ends and quotes, got"),
        ("a.csv", {"encoding": "klingon"}, "encoding must be one that Python knows, got 'klingon'"),
        ("a.csv", {"columns": "u"}, "columns must be a Mapping, got 'u'"),
        ("a.csv", {"columns": {"u": 1.5}}, "the column of u must be its name or its number"),
    ],
)
def test_arguments_of_other_types_are_refused(path, options, message):
    with pytest.raises(ConfigError, match=f"^read_table: {message}"):
        read_table(path, **options)


def test_a_delimiter_that_cannot_be_told_is_asked_for(write):
    with pytest.raises(ConfigError, match="delimiter must be given for 'a.dat', whose suffix is"):
        read_table(write("a\n1\n", "a.dat"))


@pytest.mark.parametrize("columns", [{}, {"a": "a", "b": 1}])
def test_columns_by_name_and_by_number_are_not_mixed(write, columns):
    with pytest.raises(ConfigError, match="columns must name at least one column, all by name or"):
        read_table(write("a,b\n1,2\n"), columns)


def test_a_parquet_file_without_pyarrow_is_refused_with_the_remedy(write, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = write("", "a.parquet")
    message = refusal(lambda: read_table(path))
    assert message.startswith(f"{path}: a Parquet file must be read with pyarrow, got none")
    assert "`pip install pyarrow`" in message


@pytest.mark.skipif(not HAS_PYARROW, reason="needs pyarrow")
def test_a_parquet_file_says_the_same_as_a_csv_file(write, tmp_path):
    import pandas as pd

    csv = read_table(write("u,x,t\n3,1.5,2020-01-01\n4,nan,2020-01-02\n"))
    frame = pd.DataFrame(
        {"u": [3, 4], "x": [1.5, np.nan], "t": pd.to_datetime(["2020-01-01", "2020-01-02"])}
    )
    frame.to_parquet(tmp_path / "a.parquet")
    table = read_table(tmp_path / "a.parquet")
    assert table.names("u").tolist() == csv.names("u").tolist()
    assert table.times("t").tolist() == csv.times("t").tolist()
    assert "a.parquet, row 2: 'x' must be a number, got 'nan'" in refusal(
        lambda: table.numbers("x")
    )
    path = write("no", "b.parquet")
    assert "b.parquet: must be a Parquet file, got" in refusal(lambda: read_table(path))


@pytest.mark.skipif(not HAS_PYARROW, reason="needs pyarrow")
def test_times_of_a_parquet_file_may_have_a_zone(tmp_path):
    import pandas as pd

    times = pd.to_datetime(["2020-01-01", "2020-07-01"])
    for name, zoned in (("a", times), ("b", times.tz_localize("US/Eastern"))):
        pd.DataFrame({"t": zoned}).to_parquet(tmp_path / f"{name}.parquet")
    plain, zoned = (read_table(tmp_path / f"{name}.parquet").times("t") for name in "ab")
    assert ((zoned - plain) / 3.6e9).tolist() == [5.0, 4.0]  # hours behind UTC
