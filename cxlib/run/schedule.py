"""Work in the order of what needs what, so many at a time."""

import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager


def in_order(
    names: Sequence[str],
    work: Callable[[str], None],
    *,
    after: Mapping[str, frozenset[str]],
    workers: int,
    stop: Callable[[], None],
) -> None:
    """Do each piece of work once, as soon as what it waits for is done.

    Args:
        names: The pieces, in the order they begin in where nothing else decides.
        work: Does one; called in threads.
        after: Per piece, those that must be done before.
        workers: How many at a time, 1 or more.
        stop: Called once if a piece fails or the user stops; must make running pieces end.

    Raises:
        BaseException: What the first failing piece raised; pieces that ended because of it
            are not heard.
    """
    waiting, done = list(names), set[str]()
    running: dict[Future[None], str] = {}
    with ThreadPoolExecutor(workers, thread_name_prefix="cx-run") as pool:
        try:
            while waiting or running:
                for name in [name for name in waiting if after.get(name, frozenset()) <= done]:
                    if len(running) < workers:
                        waiting.remove(name)
                        running[pool.submit(work, name)] = name
                for ended in wait(running, return_when=FIRST_COMPLETED).done:
                    done.add(running.pop(ended))
                    ended.result()
        except BaseException:
            stop()
            raise


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let no Ctrl-C fall into what must be done wholly or not at all."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in kept:
        signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
