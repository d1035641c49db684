"""An e-mail of the site and its rendering as a MIME message."""

from dataclasses import dataclass, field
from email.utils import parseaddr

from email_validator import validate_email
from flask import current_app, render_template
from flask_mail import Message


@dataclass(frozen=True)
class EmailMessage:
    """Rendered from `emails/<template>.txt` and `.html`, which receive `link` and `values`."""

    template: str
    recipient: str
    subject: str
    link: str = ""
    values: dict[str, str] = field(default_factory=dict)

    def to_mime(self, reference: str) -> Message:
        """Return the MIME message; `reference` becomes its Message-ID, equal for every attempt.

        Raises `EmailNotValidError` for an undeliverable recipient.
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

    def _render(self, extension: str) -> str:
        return render_template(
            f"emails/{self.template}.{extension}",
            subject=self.subject,
            link=self.link,
            site_url=current_app.config["SITE_URL"],
            **self.values,
        )


def _ascii_address(address: str) -> str:
    parsed = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    return parsed.ascii_email or parsed.normalized
