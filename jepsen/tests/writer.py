"""A program that writes and syncs all the time, and says how it went.

    writer.py FILE     one line for each try: ok or the error's name, and how
                       many milliseconds it took
"""
import errno
import os
import sys
import time

PAUSE_S = 0.01
BLOCK = b'x' * 4096


def main() -> None:
    """Write for ever."""
    fd = os.open(sys.argv[1], os.O_CREAT | os.O_RDWR)
    offset = 0
    while True:
        began = time.monotonic()
        try:
            os.pwrite(fd, BLOCK, offset)
            os.fdatasync(fd)
            outcome = 'ok'
        except OSError as error:
            outcome = errno.errorcode[error.errno or 0]
        offset += len(BLOCK)
        print(outcome, '%.1f' % ((time.monotonic() - began) * 1e3),
              flush=True)
        time.sleep(PAUSE_S)


main()
