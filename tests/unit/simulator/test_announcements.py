"""Announcements: nothing for nobody, bounded for each, and an honest count of what was lost."""

from contextlib import AbstractContextManager

import pytest

from kibo_simulator.announcements import Announcer, Listener
from kibo_simulator.store.database import Database


def test_a_slow_listener_is_told_how_much_it_lost() -> None:
    """The oldest go first; taking begins anew."""
    announcer, woken = Announcer(), []
    slow = Listener({"job"}, 2, lambda: woken.append("slow"))
    announcer.add(slow)
    for number in range(5):
        announcer.tell("job", number)
    first = slow.take()

    assert (3, [3, 4]) == (first[0], [each.content for each in first[1]])
    assert (0, []) == slow.take()
    assert ["slow"] * 5 == woken


def test_only_what_is_listened_to_is_told() -> None:
    """By kind, and until the listener goes."""
    announcer = Announcer()
    listener = Listener({"clock", "limit"}, 10, lambda: None)
    silent = announcer.heard
    end = announcer.add(listener)
    heard = announcer.heard
    for kind in ("journal", "clock", "job", "limit"):
        announcer.tell(kind, kind)
    end()
    announcer.tell("clock", "late")

    assert (False, True, False) == (silent, heard, announcer.heard)
    assert ["clock", "limit"] == [each.content for each in listener.take()[1]]


def undone(part: AbstractContextManager[object], database: Database, done: list[str]) -> None:
    """Promise something within what fails."""
    with part:
        database.after_commit(lambda: done.append("undone"))
        raise ZeroDivisionError


def test_what_is_undone_is_never_announced() -> None:
    """Promises are kept after the commit, in order; those of an undone part or whole are forgotten."""
    database = Database()
    done: list[str] = []
    database.after_commit(lambda: done.append("at once"))
    with database.transaction():
        database.after_commit(lambda: done.append("first"))
        with pytest.raises(ZeroDivisionError):
            undone(database.savepoint(), database, done)
        database.after_commit(lambda: done.append("second"))
        early = list(done)
    with pytest.raises(ZeroDivisionError):
        undone(database.transaction(), database, done)
    with database.transaction():
        pass
    database.close()

    assert (["at once"], ["at once", "first", "second"]) == (early, done)
