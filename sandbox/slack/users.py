"""Slack's users.* methods, and auth.test."""

from sandbox.company.reference import BOT_ID, TEAM_ID, Owner
from sandbox.slack.arguments import Args, required
from sandbox.slack.errors import SlackError
from sandbox.slack.messages import URL
from sandbox.slack.workspace import Workspace


def auth_test(slack: Workspace, args: Args) -> Args:
    """Who the token is."""
    return {
        "url": URL,
        "team": "Brightwell",
        "user": "handoff",
        "team_id": TEAM_ID,
        "user_id": BOT_ID,
        "bot_id": "B0HANDOFF0",
        "is_enterprise_install": False,
    }


def _user(slack: Workspace, person: Owner) -> Args:
    return {
        "id": person.slack_id,
        "team_id": TEAM_ID,
        "name": person.email.partition("@")[0],
        "deleted": person.slack_id in slack.inactive,
        "real_name": person.name,
        "tz": person.time_zone,
        "is_bot": False,
        "profile": {"email": person.email, "real_name": person.name, "display_name": person.first_name},
    }


def lookup_by_email(slack: Workspace, args: Args) -> Args:
    """A person who is not deactivated."""
    email = required(args, "email", "users_not_found").lower()
    for person in slack.active_people():
        if person.email == email:
            return {"user": _user(slack, person)}
    raise SlackError("users_not_found")


def user_info(slack: Workspace, args: Args) -> Args:
    """A person, or the bot."""
    given = required(args, "user", "user_not_found")
    if given == BOT_ID:
        return {"user": {"id": BOT_ID, "team_id": TEAM_ID, "name": "handoff", "real_name": "Handoff", "is_bot": True}}
    return {"user": _user(slack, slack.person(given))}
