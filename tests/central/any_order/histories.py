"""One history in several orders: what any of them changes."""

import random
from contextlib import contextmanager

from central.config import Database
from central.database import connect
from tests.central.any_order import telling
from tests.central.any_order.shopping import Shopping


def differences(file, seed, count):
    """Return the orders of a history that come to something else, and to what.

    `file` is an empty ledger, which is used up; each is told with and without a restore.
    """
    chance = random.Random(seed)
    with _engine(file) as engine:
        shopping = Shopping(engine, chance, file.parent)
    true, found = None, []
    databases = (shopping.granted, shopping.before)[: 1 + shopping.restorable]
    for database in databases:
        with telling.undone(database) as connection:
            for order in telling.orders(shopping.order, chance, count):
                at = connection.begin_nested()
                restored = database == shopping.before
                came = telling.tell(connection, shopping, order, restored=restored)
                at.rollback()
                true = true or came
                if came != true and not (came["asked"] or true["asked"]):
                    changed = {what: (true[what], came[what]) for what in true}
                    changed = {what: both for what, both in changed.items() if both[0] != both[1]}
                    found.append((database.stem, shopping.told(order), changed))
    return found


@contextmanager
def _engine(file):
    engine = connect(Database(f"sqlite:///{file}"))
    yield engine
    engine.dispose()
