"""Third-party browser code is exactly what vendor.toml names, with its license beside it."""

from tools import vendor


def test_kept_files_are_the_pinned_ones_with_their_licenses() -> None:
    assert vendor.check() == []
