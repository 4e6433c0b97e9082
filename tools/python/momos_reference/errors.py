"""The one error of this package."""


class MomosError(Exception):
    """A file breaks a rule of the specification; `rule` is the rule's id, for instance "S-01"."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(f"{rule}: {message}")
        self.rule = rule


def require(condition: bool, rule: str, message: str) -> None:
    """Raises a MomosError for `rule` unless `condition` holds."""
    if not condition:
        raise MomosError(rule, message)
