"""When to stop improving."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """How much work the improvement may do after the first proposal.

    Attributes
    ----------
    deterministic
        Work in the solver's deterministic unit. One unit takes five to eight seconds on one ordinary core;
        the same budget gives the same plan on any machine.
    wall
        Upper limit in seconds of real time for everything. Meant never to be reached: when it is, the plan is
        still complete and safe, but ``Effort.capped`` says that another run may end elsewhere.
    """

    deterministic: float = 1.0
    wall: float = 10.0

    @classmethod
    def first_only(cls) -> Budget:
        """No improvement: the first proposal is the answer."""
        return cls(deterministic=0.0)
