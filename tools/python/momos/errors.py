"""What goes wrong, as exceptions: one class for each status of momos.h."""

from __future__ import annotations

from typing import Any


class MomosError(Exception):
    """Something was refused or failed; the text says what was expected and what was found."""

    status = 70


class UsageError(MomosError, ValueError):
    """Arguments that cannot be meant as they are."""

    status = 64


class BadDataError(MomosError, ValueError):
    """A file or tensor whose content is wrong."""

    status = 65


class MissingError(MomosError, FileNotFoundError):
    """A file or tensor that is not there."""

    status = 66


class SystemRefusedError(MomosError, OSError):
    """No space, no permission or no memory."""

    status = 74


class CancelledError(MomosError):
    """The progress function asked to stop."""

    status = 75


class VerificationError(MomosError):
    """A verification found what it does not accept; `report` says where."""

    status = 1

    def __init__(self, text: str, report: dict[str, Any]):
        super().__init__(text)
        self.report = report

    def __reduce__(self) -> Any:
        return type(self), (str(self), self.report)


BY_STATUS: dict[int, type[MomosError]] = {
    error.status: error for error in (UsageError, BadDataError, MissingError, SystemRefusedError, CancelledError)
}
