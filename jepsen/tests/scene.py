"""Short words for operations of hand-made histories. Times are whole numbers;
`begin` and `end` are invocation and completion."""
from jepsen.history import (FAIL, FINAL, FOREVER, INFO, OK, POST, READ,
                            Operation)

NODES = ('n1', 'n2', 'n3')
ROOM = 'r'
END = 1_000_000  # When the final reads are made.


def posted(value: int, position: int, begin: int, end: int) -> Operation:
    """An acknowledged post."""
    return Operation(process=0, f=POST, type=OK, room=ROOM, invoked=begin,
                     done=end, value=value, position=position, node='n1')


def unknown(value: int, begin: int) -> Operation:
    """A post that timed out."""
    return Operation(process=0, f=POST, type=INFO, room=ROOM, invoked=begin,
                     done=FOREVER, value=value, node='n1')


def refused(value: int, begin: int, end: int) -> Operation:
    """A post that surely failed."""
    return Operation(process=0, f=POST, type=FAIL, room=ROOM, invoked=begin,
                     done=end, value=value, node='n1')


def read(values: list[int], begin: int, end: int, first: int = 1,
         limit: int = 0) -> Operation:
    """A read that saw these values from position `first` on."""
    return Operation(process=0, f=READ, type=OK, room=ROOM, invoked=begin,
                     done=end, limit=limit, values=list(values), node='n1',
                     positions=list(range(first, first + len(values))))


def final(values: list[int], node: str, at: int = END) -> Operation:
    """What one node's log was at the end."""
    found = read(values, at, at + 1)
    found.f = FINAL
    found.node = node
    return found


def finals(values: list[int]) -> list[Operation]:
    """The same final log on every node."""
    return [final(values, node) for node in NODES]
