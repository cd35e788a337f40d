"""Whatever the description allows, and much that it does not: no server error, answers as promised, no leak.

schemathesis draws requests from the description itself, always the same ones, and sends them to the running
server with a coordinator's token.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from sqlalchemy import select

from care.contacts.contact import ContactHistory
from server.api.description import describe
from tests.server.api.conftest import Made, Program
from tests.server.conftest import Site

EACH = 12
#: What is checked of every answer. That a request which fits the description is never refused is not: a
#: disruption that is over, or an id that nobody has, fits it too.
CHECKS = (
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.negative_data_rejection,
)


@dataclass
class Attack:
    """Where to, as whom, and what was wrong."""

    base: str
    token: str
    #: Noun → ids that there are, one's own and another group's: at random none is ever found.
    ids: dict[str, list[str]]
    #: What must stand in no answer.
    secrets: list[str]
    wrong: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Send `EACH` requests of each kind to every operation."""
        schema = schemathesis.openapi.from_dict(describe())
        for found in schema.get_all_operations():
            assert isinstance(found, Ok), found
            for mode in GenerationMode:
                self._send(found.ok(), mode)

    def _send(self, operation: Any, mode: GenerationMode) -> None:
        known = cycle(self.ids.get(operation.path.split("/")[3], []))

        @settings(
            max_examples=EACH, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            if mode is GenerationMode.POSITIVE and "id" in (case.path_parameters or {}):
                case.path_parameters["id"] = next(known)
            answer = case.call(
                base_url=self.base, headers={"Authorization": f"Bearer {self.token}"}, timeout=30
            )
            self.wrong += [f"{operation.label}: {one}" for one in self.secrets if one in answer.text]
            case.validate_response(answer, checks=list(CHECKS))

        send()


@pytest.mark.timeout(60)
async def test_the_description_is_kept(site: Site, made: Made, program: Program) -> None:
    """Every operation, with data that fits and that does not; nothing of the other group in any answer."""
    own, theirs = made.own, made.theirs
    ids = {
        "contacts": [str(one.id) for one in (own.visit, theirs.visit, own.underway, own.video, theirs.video)],
        "proposals": [str(own.proposal.id), str(theirs.proposal.id)],
    }
    secrets = [
        "Stina", str(theirs.client.id), str(theirs.device.id), str(theirs.change.id), str(theirs.staff.id),
    ]  # fmt: skip
    base = str(site.server.make_url("/")).rstrip("/")
    attack = Attack(base, program.token, ids, secrets)
    await asyncio.to_thread(attack.run)
    assert attack.wrong == []
    # Requests came all the way: what fits the description was carried out on one's own rows.
    async with site.database.read() as session:
        done = await session.scalars(select(ContactHistory.contact_id).where(ContactHistory.by == "api"))
        assert set(done) & {own.visit.id, own.underway.id, own.video.id}
