"""Kernels for papermill: forked from a warm server where the system can, ordinary elsewhere.

jupyter_client asks a provisioner for each kernel's process; ``WarmProvisioner`` is ours, known to
it by the entry point ``cx-warm``. A pool knows all kernels of a run, so that it can end them.
"""

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any, Self

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from cxlib.errors import RunError

PROVISIONER = "cx-warm"
ENTRY = "cxlib.run.kernels:WarmProvisioner"
READY_S = 120.0
ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
"""Cores are shared by kernels; sums of one thread are the same on every machine."""
CAN_FORK = hasattr(os, "fork") and sys.platform != "darwin"
"""macOS frameworks may not be used after a fork, so kernels start afresh there."""


class ForkedKernel:
    """A kernel's process as jupyter_client sees it; the server is its parent and tells its end."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.cpu_s = self.peak_mb = 0.0
        self.ended = threading.Event()

    def end(self, code: int, *, cpu_s: float = 0.0, peak_mb: float = 0.0) -> None:
        """Note how it ended."""
        self.cpu_s, self.peak_mb = cpu_s, peak_mb
        self.returncode = code
        self.ended.set()

    def poll(self) -> int | None:
        """Give the exit code, None while it runs."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for its end."""
        self.ended.wait(timeout)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Signal the process."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class ForkServer:
    """The asking side of cxlib.run.fork_server."""

    def __init__(self) -> None:
        self._link, theirs = socket.socketpair()
        self._numbers = itertools.count()
        self._waiting: dict[int, threading.Event] = {}
        self._made: dict[int, ForkedKernel] = {}
        self._kernels: dict[int, ForkedKernel] = {}
        self._alone = threading.Lock()
        self._gone = False
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - this interpreter, our own module
                [sys.executable, "-P", "-m", "cxlib.run.fork_server", str(theirs.fileno())],
                pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True,
                env=os.environ | ONE_THREAD | {"JE_ARROW_MALLOC_CONF": "background_thread:false"},
            )  # fmt: skip
        threading.Thread(target=self._listen, name="cx-fork-server", daemon=True).start()

    def launch(
        self, argv: list[str], *, env: dict[str, str], cwd: str, connection: str
    ) -> ForkedKernel:
        """Have a kernel forked.

        Raises:
            RunError: The server has ended or does not answer.
        """
        number, answered = next(self._numbers), threading.Event()
        self._waiting[number] = answered
        request = {"id": number, "argv": argv, "env": env, "cwd": cwd, "connection": connection}
        with self._alone, suppress(OSError):
            self._link.sendall(json.dumps(request).encode() + b"\n")
        if self._gone or not answered.wait(READY_S) or number not in self._made:
            raise RunError("the server of warm kernels ended; run again with --no-warm")
        return self._made.pop(number)

    def stop(self) -> None:
        """End the server and every kernel."""
        with suppress(OSError):
            self._link.shutdown(socket.SHUT_RDWR)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:  # still importing: nobody waits for it
            self.process.kill()
            self.process.wait()
        self._link.close()

    def _listen(self) -> None:
        heard = b""
        while more := self._hear():
            *lines, heard = (heard + more).split(b"\n")
            for line in lines:
                self._note(json.loads(line))
        self._gone = True
        for kernel in list(self._kernels.values()):
            with suppress(OSError):
                os.killpg(kernel.pid, signal.SIGKILL)
            kernel.end(-signal.SIGKILL)
        for answered in list(self._waiting.values()):
            answered.set()

    def _hear(self) -> bytes:
        try:
            return self._link.recv(1 << 16)
        except OSError:
            return b""

    def _note(self, note: dict[str, Any]) -> None:
        if "ended" in note:
            kernel = self._kernels.pop(note["ended"])
            kernel.end(note["code"], cpu_s=note["cpu_s"], peak_mb=note["peak_mb"])
            return
        kernel = ForkedKernel(note["pid"])
        self._kernels[note["pid"]] = self._made[note["id"]] = kernel
        self._waiting.pop(note["id"]).set()


class Kernels:
    """All kernels of a run, warm or not; leaving the context ends every one.

    Args:
        warm: Whether to fork them from a warm server; a system without fork starts them afresh.
        server_of: Kernels whose server to use; it then outlives these.
    """

    def __init__(self, *, warm: bool = True, server_of: "Kernels | None" = None) -> None:
        self.warm = warm and CAN_FORK
        self._server_of = server_of
        self._server: ForkServer | None = None
        self._alone = threading.Lock()
        self._processes: list[tuple[str, Any]] = []
        self.stopped = False
        self.env: dict[str, str] = {}
        """Added to the environment of each kernel."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def server(self) -> ForkServer | None:
        """The warm server, started when first asked for; None where kernels start afresh."""
        if self._server_of is not None:
            return None if self.stopped else self._server_of.server()
        with self._alone:
            if self._server is not None and self._server.process.poll() is not None:
                self._server = None  # it was ended from outside
            if self.warm and self._server is None and not self.stopped:
                self._server = ForkServer()
            return self._server

    def branch(self) -> "Kernels":
        """Kernels of one run among several that share this pool's server."""
        return Kernels(warm=self.warm, server_of=self)

    def manager(self, notebook: str = "") -> type[AsyncKernelManager]:
        """The kernel manager class for nbclient; its kernels belong to this pool."""
        factory = KernelProvisionerFactory.instance()
        if PROVISIONER not in factory.provisioners:  # a clone that was not installed again
            from importlib.metadata import EntryPoint

            made = EntryPoint(PROVISIONER, ENTRY, KernelProvisionerFactory.GROUP_NAME)
            factory.provisioners[PROVISIONER] = made
        return type("PooledManager", (_Manager,), {"pool": self, "notebook": notebook})

    def add(self, process: Any, notebook: str = "") -> None:  # noqa: ANN401 - a Popen or a ForkedKernel
        """Keep a kernel's process, to end it; one that comes after the end is ended at once."""
        self._processes.append((notebook, process))
        if self.stopped:
            _end(process)

    def stop(self) -> None:
        """End every kernel and the server."""
        self.stopped = True
        for _, process in self._processes:
            _end(process)
        with self._alone:
            server, self._server = self._server, None
        if server is not None:
            server.stop()

    def ended(self) -> list[tuple[str, float, float]]:
        """Notebook, CPU seconds and peak MB of each kernel that has ended, in order of start.

        Only of forked kernels are they known; the peak holds what is shared with the server.
        """
        return [
            (notebook, each.cpu_s, each.peak_mb)
            for notebook, each in self._processes
            if isinstance(each, ForkedKernel) and each.returncode is not None
        ]

    def largest(self) -> tuple[str, float]:
        """Notebook and peak MB of the largest kernel that has ended."""
        peak, notebook = max(((peak, name) for name, _, peak in self.ended()), default=(0.0, ""))
        return notebook, peak


def _end(process: Any) -> None:  # noqa: ANN401 - a Popen or a ForkedKernel
    if process.poll() is not None:
        return
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)  # a kernel leads a group of its own
    with suppress(OSError):
        process.kill()


class _Manager(AsyncKernelManager):
    """Asks for our provisioner, whatever the kernel's specification names."""

    pool: Kernels
    notebook: str

    @property
    def kernel_spec(self) -> KernelSpec | None:
        spec = super().kernel_spec
        if spec is not None:
            spec.metadata["kernel_provisioner"] = {"provisioner_name": PROVISIONER, "config": {}}
        return spec


class WarmProvisioner(LocalProvisioner):
    """Forks a kernel from the pool's warm server, or starts an ordinary one."""

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 - inherited
        """Prepare the launch; kernels of one machine share its cores and trace what they read."""
        env = dict(kwargs.pop("env", os.environ)) | ONE_THREAD | {"CX_TRACE": "1"}
        pool: Kernels | None = getattr(self.parent, "pool", None)
        return await super().pre_launch(env=env | (pool.env if pool else {}), **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:  # noqa: ANN401 - inherited
        """Start the kernel's process."""
        pool: Kernels | None = getattr(self.parent, "pool", None)
        server = pool.server() if pool is not None else None
        argv = cmd[cmd.index("ipykernel_launcher") + 1 :] if "ipykernel_launcher" in cmd else None
        if server is None or argv is None:
            made = await super().launch_kernel(cmd, **kwargs)
        else:
            forked = server.launch(
                argv, env=kwargs["env"], cwd=kwargs.get("cwd") or os.getcwd(),  # noqa: PTH109
                connection=argv[argv.index("-f") + 1],
            )  # fmt: skip
            self.process = forked  # type: ignore[assignment]  # what is asked of a Popen it has
            self.pid = self.pgid = forked.pid
            made = self.connection_info
        if pool is not None:
            pool.add(self.process, getattr(self.parent, "notebook", ""))
        return made
