"""Become a server that cannot outlive its owner.

Run by path with ``python -I -S``, so it imports nothing of ours and starts in a few
hundredths of a second:

    _figlio.py OWNER_PID SIGNAL UID GID COMMAND [ARGUMENT…]

The parent-death signal is cleared by the kernel when credentials change, hence the order:
drop the privileges, ask for the signal, check that the owner is still there, exec.
A UID of -1 keeps the present user.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    owner, death_signal, uid, gid = (int(value) for value in sys.argv[1:5])
    command = sys.argv[5:]
    os.umask(0o077)
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != owner:
        sys.exit("the owner is gone")
    try:
        os.execv(command[0], command)  # noqa: S606
    except OSError as error:
        sys.exit(f"exec {command[0]}: {error}")


main()
