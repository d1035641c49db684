"""What a mail says, and how it becomes a message."""

from dataclasses import dataclass, field
from email.utils import parseaddr
from functools import lru_cache

from email_validator import validate_email
from flask import current_app, render_template
from flask_mail import Message
from werkzeug.routing import Map, MapAdapter


@dataclass(frozen=True)
class Letter:
    """To one address, from `emails/<template>.txt` and `.html`; both are given the link."""

    template: str
    recipient: str
    subject: str
    link: str = ""
    values: dict[str, str] = field(default_factory=dict)

    def message(self, reference: str) -> Message:
        """The reference makes the Message-ID: two attempts at one mail share it.

        Raises `EmailNotValidError` for a recipient that no mail can reach.
        """
        message = Message(
            subject=self.subject,
            recipients=[_ascii_address(self.recipient)],
            body=self._render("txt"),
            html=self._render("html"),
            extra_headers={"Auto-Submitted": "auto-generated"},
        )
        _name, sender = parseaddr(str(message.sender))
        message.msgId = f"<{reference}@{sender.rpartition('@')[2]}>"
        return message

    def _render(self, kind: str) -> str:
        return render_template(
            f"emails/{self.template}.{kind}",
            subject=self.subject,
            link=self.link,
            site_url=current_app.config["SITE_URL"],
            **self.values,
        )


def _ascii_address(address: str) -> str:
    parsed = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    return parsed.ascii_email or parsed.normalized


def link_to(endpoint: str, **values: str | int) -> str:
    """The address of a page for somebody who is not on the site, made without a request."""
    path = _paths(current_app.url_map).build(endpoint, values)
    return f"{current_app.config['SITE_URL']}{path}"


@lru_cache(maxsize=1)
def _paths(rules: Map) -> MapAdapter:
    return rules.bind("")
