"""`python -m hostedpages` is the `hostedpages` command."""

from hostedpages.cli import main

main()
