import pytest

from training.data.atomic import remove_parts, replacing, write_text


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError), replacing(path) as file:
        file.write(b"half")
        file.flush()
        assert path.read_text() == "old"
        raise RuntimeError
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    write_text(path, "né")
    assert path.read_bytes() == "né".encode()


def test_what_a_killed_run_left_is_removed(tmp_path):
    (tmp_path / "a.npz.123.part").write_bytes(b"half")
    (tmp_path / "b.npz").write_bytes(b"whole")
    remove_parts(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["b.npz"]
