"""`mol-edge models`: files that mol-edge can use and does not carry."""

from __future__ import annotations

import argparse

from mol_edge.commands.exit_codes import OK
from mol_edge.commands.table import format_table


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    text = "List or download models that mol-edge can use and does not carry."
    parser = commands.add_parser("models", help="list or download models", description=text)
    actions = parser.add_subparsers(metavar="ACTION")
    parser.set_defaults(execute=_list)
    listing = actions.add_parser("list", help="what there is and whether it is here (default)")
    listing.set_defaults(execute=_list)
    getting = actions.add_parser("get", help="download a model into the user's cache")
    getting.add_argument("name", choices=["yunet"], help="which model")
    getting.add_argument("--url", help="address to use instead of the public one")
    getting.set_defaults(execute=_get)


def _list(arguments: argparse.Namespace) -> int:
    from mol_edge.models import list_models

    rows = [
        (status.file.name, status.state, status.file.license, status.file.purpose, str(status.path))
        for status in list_models()
    ]
    print(format_table(("model", "state", "licence", "what for", "path"), rows))
    return OK


def _get(arguments: argparse.Namespace) -> int:
    from mol_edge.models import get_yunet

    print(get_yunet(arguments.url))
    return OK
