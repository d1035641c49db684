"""How the site looks to a reader, and to a device that keeps it beside its apps."""

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import RadioField, SelectChoice

from flaskblog.appearance import Appearance
from flaskblog.forms import Form
from flaskblog.main.blueprint import main

PAPER = "#fdfdfb"
ACCENT = "#0b6e5f"


class AppearanceForm(Form):
    submit_label = "Save"

    theme = RadioField(
        "Light or dark",
        choices=[
            SelectChoice("system", "As the system does"),
            SelectChoice("light", "Light"),
            SelectChoice("dark", "Dark"),
        ],
    )
    contrast = RadioField(
        "Contrast", choices=[SelectChoice("normal", "Normal"), SelectChoice("more", "More")]
    )


@main.route("/appearance", methods=["GET", "POST"])
def appearance() -> ResponseReturnValue:
    """Choose light or dark, and the contrast; for this browser, logged in or not."""
    form = AppearanceForm(obj=Appearance.chosen())
    if form.validate_on_submit():
        flash("Saved. Every page looks like this now, in this browser.")
        answer = current_app.make_response(redirect(url_for("main.appearance")))
        Appearance(form.theme.data, form.contrast.data).keep_in(answer)
        return answer
    return render_template("main/appearance.html", form=form)


@main.route("/manifest.webmanifest")
def manifest() -> ResponseReturnValue:
    """What a telephone asks before it puts the site on its first screen."""
    name = current_app.config["SITE_NAME"]
    icon = {"src": url_for("static", filename="favicon.svg"), "type": "image/svg+xml"}
    picture = {"src": url_for("static", filename="icon.png"), "type": "image/png"}
    return (
        {
            "name": name,
            "short_name": name,
            "start_url": url_for("main.home"),
            "scope": url_for("main.home"),
            "display": "minimal-ui",
            "background_color": PAPER,
            "theme_color": PAPER,
            "icons": [
                icon | {"sizes": "any"},
                picture | {"sizes": "512x512", "purpose": "any"},
                picture | {"sizes": "512x512", "purpose": "maskable"},
            ],
        },
        200,
        {"Content-Type": "application/manifest+json", "Cache-Control": "max-age=86400"},
    )
