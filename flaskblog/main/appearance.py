"""The page of appearance preferences, and the web app manifest."""

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import RadioField, SelectChoice

from flaskblog.forms import Form
from flaskblog.main.blueprint import bp
from flaskblog.web.appearance import THEME_COLORS, Appearance
from flaskblog.web.assets import asset_url


class AppearanceForm(Form):
    submit_label = "Save"

    theme = RadioField(
        "Theme",
        choices=[
            SelectChoice("system", "Same as system"),
            SelectChoice("light", "Light"),
            SelectChoice("dark", "Dark"),
        ],
    )
    contrast = RadioField(
        "Contrast", choices=[SelectChoice("normal", "Normal"), SelectChoice("more", "More")]
    )


@bp.route("/appearance", methods=["GET", "POST"])
def appearance() -> ResponseReturnValue:
    """Choose light or dark, and the contrast; for this browser, logged in or not."""
    form = AppearanceForm(obj=Appearance.from_request())
    if form.validate_on_submit():
        flash("Your preferences have been saved for this browser.")
        response = current_app.make_response(redirect(url_for("main.appearance")))
        Appearance(form.theme.data, form.contrast.data).save_to(response)
        return response
    return render_template("main/appearance.html", form=form)


@bp.route("/favicon.ico")
def favicon() -> ResponseReturnValue:
    """The icon, for programs that do not read the page."""
    return current_app.send_static_file("favicon.ico")


@bp.route("/manifest.webmanifest")
def manifest() -> ResponseReturnValue:
    """The web app manifest, for installing the site as an app."""
    name = current_app.config["SITE_NAME"]
    icon = {"src": asset_url("favicon.svg"), "type": "image/svg+xml"}
    picture = {"src": asset_url("icon.png"), "type": "image/png"}
    return (
        {
            "name": name,
            "short_name": name,
            "start_url": url_for("main.home"),
            "scope": url_for("main.home"),
            "display": "minimal-ui",
            "background_color": THEME_COLORS["light"],
            "theme_color": THEME_COLORS["light"],
            "icons": [
                icon | {"sizes": "any"},
                picture | {"sizes": "512x512", "purpose": "any"},
                picture | {"sizes": "512x512", "purpose": "maskable"},
            ],
        },
        200,
        {"Content-Type": "application/manifest+json", "Cache-Control": "max-age=86400"},
    )
