"""How a reader wants the pages to look: kept in a cookie, so that it is there before any script."""

from dataclasses import dataclass
from typing import Literal, Self, get_args

from flask import Flask, Response, current_app, request

COOKIE = "appearance"
LIFETIME = 365 * 24 * 60 * 60  # seconds

Theme = Literal["system", "light", "dark"]
Contrast = Literal["normal", "more"]
THEMES: tuple[Theme, ...] = get_args(Theme)
CONTRASTS: tuple[Contrast, ...] = get_args(Contrast)


@dataclass(frozen=True)
class Appearance:
    theme: Theme = "system"
    contrast: Contrast = "normal"

    @classmethod
    def chosen(cls) -> Self:
        """What the request's cookie asks for; what it does not name is left to the system."""
        theme, _, contrast = request.cookies.get(COOKIE, "").partition("-")
        return cls(
            next((known for known in THEMES if known == theme), "system"),
            next((known for known in CONTRASTS if known == contrast), "normal"),
        )

    def keep_in(self, response: Response) -> None:
        """One of six values; who leaves all to the system needs no cookie."""
        if self == type(self)():
            response.delete_cookie(COOKIE)
            return
        response.set_cookie(
            COOKIE,
            f"{self.theme}-{self.contrast}",
            max_age=LIFETIME,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )


def init_app(app: Flask) -> None:
    app.jinja_env.globals["appearance"] = Appearance.chosen
    app.after_request(_tell_caches)


def _tell_caches(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.vary.add("Cookie")
    return response
