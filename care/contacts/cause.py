"""Why a planned contact was not done as planned: the words of `PlannedContact.cause`.

What a client gave as the reason for declining is a `care.contacts.performing.DeclineCause`.
"""

from __future__ import annotations

from enum import StrEnum


class Cause(StrEnum):
    """One word a reason, kept in the row and counted by the measures."""

    CLIENT_AWAY = "client_away"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    NO_VIDEO_TODAY = "no_video_today"
    RULE_ENDED = "rule_ended"
    RULE_CHANGED = "rule_changed"
    #: A person wrote down that the client had said no, without which of the reasons.
    DECLINED_BY_CLIENT = "declined_by_client"
    #: A file said that it was not done, and no more.
    IMPORTED = "imported"
    NO_ANSWER = "no_answer"
    #: The visit that was sent for want of an answer was not needed after all.
    NOT_NEEDED = "not_needed_after_all"
    #: Sound or picture did not come through.
    TECHNICAL_FAILURE = "technical_failure"
    NO_TABLET = "no_tablet"
    #: The tablet was reported lost: the row is a visit until another is put up.
    TABLET_LOST = "tablet_lost"
    CAMERA_FAILED = "camera_failed"
    STAFF_SHORT = "staff_short"
    #: Nobody began, and nothing else is known.
    NOT_STARTED = "not_started"
    #: Its time passed while the system itself was away: what happened is not known.
    SYSTEM_WAS_AWAY = "system_was_away"
    #: Tablets and telephones of the area were silent: what happened is not known.
    NETWORK_AWAY = "network_away"
    #: Another system registers it, and has not told what became of it.
    NOT_READ_IN = "not_read_in"
