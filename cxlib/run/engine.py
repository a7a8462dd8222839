"""papermill's engine, writing the executed notebook once: papermill's own writes it twice a cell.

Writing costs more than messages and start of a kernel together, since the notebook holds its
charts. What a failing or stopped notebook has done by then is written as before.
"""

from typing import Any, Final

from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines

NAME: Final = "cx"
SAVE_EVERY_S: Final = 60.0
"""In a notebook that runs longer than that, what is done is written from time to time."""


class _Manager(NotebookExecutionManager):  # type: ignore[misc]  # papermill has no types
    """Saves where it is told to, or when the last time was long ago."""

    def save(self, *, now: bool = False, **kwargs: Any) -> None:  # noqa: ANN401 - papermill's
        if now or (self.now() - self.last_save_time).total_seconds() > SAVE_EVERY_S:
            super().save(**kwargs)


class OnceWritten(NBClientEngine):  # type: ignore[misc]  # papermill has no types
    """Executes through nbclient as papermill does."""

    @classmethod
    def execute_notebook(  # noqa: D102, PLR0917 - papermill's
        cls,
        nb: Any,  # noqa: ANN401
        kernel_name: str,
        output_path: str | None = None,
        progress_bar: bool | dict[str, Any] = True,  # noqa: FBT001, FBT002
        log_output: bool = False,  # noqa: FBT001, FBT002
        autosave_cell_every: int = 0,
        **kwargs: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        manager = _Manager(
            nb, output_path=output_path, progress_bar=progress_bar, log_output=log_output,
            autosave_cell_every=autosave_cell_every,
        )  # fmt: skip
        manager.notebook_start()
        try:
            cls.execute_managed_notebook(manager, kernel_name, log_output=log_output, **kwargs)
        except BaseException:
            manager.notebook_complete()
            manager.save(now=True)
            raise
        manager.notebook_complete()  # papermill writes it after this, with a banner where it failed
        return manager.nb


def register() -> str:
    """Make the engine known to papermill and give its name."""
    papermill_engines.register(NAME, OnceWritten)
    return NAME
