"""Sessions in place of a password, and the check of one."""

from datetime import timedelta

from ..wire import CommandError, render
from ..world import SUBUSERS
from .call import Call, command


def start_session(call: Call) -> str:
    """Opens a session: it ends after TIMEOUT seconds without a call, or after MAXTTL."""
    timeout = call.number("TIMEOUT", 600, least=60, most=3600)
    lifetime = call.number("MAXTTL", 86400, least=60, most=86400)
    session = call.gate.start(
        call.user, call.world.now, timeout=timedelta(seconds=timeout), lifetime=timedelta(seconds=lifetime)
    )
    return render({"SESSION": session})


def end_session(call: Call) -> str:
    """Ends the session that the call came in; 545 for a call that came with a password."""
    call.gate.end(call.session_id)
    return render()


def check_authentication(call: Call) -> str:
    """Whether a password is a login's own; one's own or a subuser's."""
    user, password = call.text("SUBUSER"), call.text("PASSWORD")
    if user != call.user and user not in SUBUSERS[call.user]:
        raise CommandError(531)
    if not call.gate.is_password_of(user, password):
        raise CommandError(530)
    return render()


COMMANDS = (
    command("StartSession", start_session, takes="TYPE TIMEOUT MAXTTL"),
    command("EndSession", end_session),
    command("CheckAuthentication", check_authentication, takes="SUBUSER PASSWORD"),
)
