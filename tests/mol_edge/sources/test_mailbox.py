import threading

from mol_edge.sources.mailbox import Mailbox


def test_newer_items_replace_the_oldest_and_are_counted():
    box = Mailbox(room=3)
    for number in range(5):
        box.put(number)
    assert [box.take(), box.take(), box.take()] == [2, 3, 4]
    assert box.take(wait=False) is None
    assert box.dropped == 2


def test_the_newest_alone_passes_the_others_over_and_counts_them():
    box = Mailbox(room=3)
    for number in range(3):
        box.put(number)
    assert box.take(newest=True) == 2
    assert box.take(wait=False) is None
    assert box.dropped == 2


def test_what_is_there_at_the_close_can_still_be_taken():
    box = Mailbox()
    box.put("last")
    box.close()
    assert [box.take(), box.take()] == ["last", None]


def test_take_waits_for_an_item_and_wait_empty_for_its_taker():
    box = Mailbox()
    taken = []
    taker = threading.Thread(target=lambda: taken.extend([box.take(), box.take()]))
    taker.start()
    box.put(1)
    assert box.wait_empty(10)
    box.put(2)
    taker.join(10)
    assert taken == [1, 2]


def test_wait_empty_gives_up_and_a_close_ends_every_wait():
    box = Mailbox()
    box.put(1)
    assert not box.wait_empty(0.01)
    box.close()
    assert box.wait_empty(10)
