"""The three people of many tests, and the client they browse with.

Alice owns an account, Bob is on her team, Charlie owns another account.
"""

from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hostedpages import db
from hostedpages.accounts import service
from hostedpages.models import Account, User


class Client(FlaskClient):
    """A client that goes on with fresh data and refuses what was changed outside a transaction.

    After each request the rows that the test holds are read anew when next used.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        refuse_unsaved()
        response = super().open(*args, **kwargs)
        current = db._current.get()
        if current is not None:
            current.rollback()
            current.expire_all()
        return response


def refuse_unsaved(_error: BaseException | None = None) -> None:
    """Raise AssertionError when the current unit holds changes that nobody will store."""
    current = db._current.get()
    if current is None:
        return
    unsaved = [*current.new, *current.dirty, *current.deleted]
    assert not unsaved, f"changed outside of a transaction: {unsaved}"


@dataclass
class Person:
    """A user with a signed-in client."""

    user: User
    account: Account
    client: Client


def signed_in(app: Flask, user: User) -> Person:
    """Let `user` enter by a one-time link, as a person would."""
    client = app.test_client()
    assert isinstance(client, Client)
    response = client.post(service.one_time_link(user))
    assert response.status_code == 303, response.get_data(as_text=True)
    return Person(user=user, account=user.account, client=client)
