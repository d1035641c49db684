"""Theme and contrast, stored in a cookie so that they apply before any script runs."""

from dataclasses import dataclass
from typing import Literal, Self, get_args

from flask import Flask, Response, current_app, request

COOKIE = "appearance"
LIFETIME = 365 * 24 * 60 * 60  # seconds

Theme = Literal["system", "light", "dark"]
Contrast = Literal["normal", "more"]
THEMES: tuple[Theme, ...] = get_args(Theme)
CONTRASTS: tuple[Contrast, ...] = get_args(Contrast)
# `--paper` of tokens.css, for browser bars and splash screens.
THEME_COLORS = {"light": "#fdfcf9", "dark": "#15181c"}


@dataclass(frozen=True)
class Appearance:
    theme: Theme = "system"
    contrast: Contrast = "normal"

    @classmethod
    def from_request(cls) -> Self:
        """Read the cookie; unknown values become the defaults."""
        theme, _, contrast = request.cookies.get(COOKIE, "").partition("-")
        return cls(
            next((known for known in THEMES if known == theme), "system"),
            next((known for known in CONTRASTS if known == contrast), "normal"),
        )

    def save_to(self, response: Response) -> None:
        """Set the cookie, or delete it for the defaults."""
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
    app.jinja_env.globals["appearance"] = Appearance.from_request
    app.jinja_env.globals["theme_colors"] = THEME_COLORS
    app.after_request(_vary_on_cookie)


def _vary_on_cookie(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.vary.add("Cookie")
    return response
