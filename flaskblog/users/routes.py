"""Signing up, logging in and out, and what others see of a person."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, ParamSpec

from flask import (
    Response,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_limiter import RateLimitExceeded
from flask_login import current_user
from sqlalchemy import exists, select

from flaskblog import media, rules
from flaskblog.addresses import is_local
from flaskblog.drafts import keep_draft
from flaskblog.extensions import csrf, db, limiter
from flaskblog.forms import commit_or_tell
from flaskblog.models import FormerName, User
from flaskblog.models.lists import listed_of_author
from flaskblog.pages import paginate_posts, read
from flaskblog.passwords import check_password
from flaskblog.rate_limits import retry_after
from flaskblog.shared_page import render_shared
from flaskblog.text import waiting_time
from flaskblog.users.avatars import initials_svg
from flaskblog.users.blueprint import users
from flaskblog.users.forms import LoginForm, LoginWithWordsForm, LogoutForm, RegistrationForm
from flaskblog.users.limits import account_to_log_in
from flaskblog.users.sessions import log_in, log_in_and_remember, log_out

P = ParamSpec("P")
YEAR = 365 * 24 * 60 * 60
WEEK = 7 * 24 * 60 * 60


def visitors_only(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Send those who are logged in home."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if current_user.is_authenticated:
            return redirect(url_for("main.home"))
        return view(*args, **kwargs)

    return guarded


@users.route("/register", methods=["GET", "POST"])
@visitors_only
@limiter.shared_limit("10 per hour", "register", methods=["POST"])
def register() -> ResponseReturnValue:
    """Sign up."""
    if not current_app.config["REGISTRATION_OPEN"]:
        return render_template("users/closed.html"), 403
    form = RegistrationForm()
    if form.validate_on_submit():
        user = User.register(form.username.data, form.email.data, form.password.data)
        db.session.execute(FormerName.taken(user.username))
        db.session.add(user)
        if commit_or_tell(form):
            flash(f"Welcome, {form.username.data}. Your account is ready: log in to write.")
            return redirect(url_for("users.login"))
    is_first = not db.session.scalar(select(exists(select(User.id))))
    return render_template("users/register.html", form=form, is_first=is_first)


def keeping_words(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """A limit is told on the page that holds somebody's words."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        try:
            return view(*args, **kwargs)
        except RateLimitExceeded:
            if not _holds_words():
                raise
            seconds = retry_after(limiter.current_limit) if limiter.current_limit else 60
            form = LoginWithWordsForm()
            form.password.errors = [
                f"That was tried too often. You can try again in {waiting_time(seconds)}."
            ]
            page = render_template("users/login.html", form=form)
            return page, 429, {"Retry-After": str(seconds)}

    return guarded


# The form checks its own token: it may hold words that a bare error page would lose.
@users.route("/login", methods=["GET", "POST"])
@csrf.exempt
@keeping_words
@limiter.shared_limit("5 per minute", "login", key_func=account_to_log_in, methods=["POST"])
@limiter.shared_limit("20 per minute", "login", methods=["POST"])
def login() -> ResponseReturnValue:
    """Log in, and go back to the page that asked."""
    # Whoever logged in meanwhile, in another tab, still brings the words that this one holds.
    if current_user.is_authenticated and not _holds_words():
        return redirect(url_for("main.home"))
    form = LoginWithWordsForm() if _holds_words() else LoginForm()
    if form.validate_on_submit():
        user = db.session.scalar(User.known_as(form.email.data))
        fits = check_password(user.password_hash if user else None, form.password.data)
        if user and fits:
            if form.remember.data:
                log_in_and_remember(user)
            else:
                log_in(user)
            if isinstance(form, LoginWithWordsForm):
                return redirect(_desk_with_words(user, form))
            target = request.args.get("next", "")
            return redirect(target if is_local(target) else url_for("main.home"))
        form.password.errors = [
            "The name and the password do not belong together. Check both, and try again."
        ]
    return render_template("users/login.html", form=form), 400 if form.ran_out else 200


@users.route("/logout", methods=["GET", "POST"])
def logout() -> ResponseReturnValue:
    """Ask, then log out."""
    if not current_user.is_authenticated:
        return redirect(url_for("main.home"))
    form = LogoutForm()
    if form.validate_on_submit():
        log_out()
        flash("You are logged out.")
        return redirect(url_for("main.home"))
    return render_template("users/logout.html", form=form)


@users.route("/user/<username>")
def profile(username: str) -> ResponseReturnValue:
    """One person's posts, whatever the case of the name."""
    return render_shared("users/profile.html", partial(_with_posts, username))


def _with_posts(username: str) -> dict[str, Any]:
    found = read(User.in_profile(), {"username_key": rules.username_key(username)})
    if not found:
        renamed = db.first_or_404(User.once_named(username))
        abort(redirect(url_for("users.profile", username=renamed.username), 301))
    (user,) = found
    posts = paginate_posts(listed_of_author(), user.posts_count, author_id=user.id)
    return {"user": user, "posts": posts}


@users.route("/media/<name>")
def picture(name: str) -> ResponseReturnValue:
    """A picture; its name is new whenever the picture is."""
    if not media.NAME.fullmatch(name):
        abort(404)
    try:
        response = media.store().answer(name, max_age=YEAR)
    except FileNotFoundError:
        abort(404)
    response.cache_control.immutable = True
    return response


@users.route("/user/<username>/initials.svg")
def initials(username: str) -> ResponseReturnValue:
    """What stands for a person without a picture."""
    response = Response(initials_svg(username), mimetype="image/svg+xml")
    response.cache_control.public = True
    response.cache_control.max_age = WEEK
    return response


def _holds_words() -> bool:
    return "content" in request.form


def _desk_with_words(user: User, form: LoginWithWordsForm) -> str:
    """Where somebody goes on writing; nothing is published unasked."""
    draft = keep_draft(user, form)
    if draft.post_id:
        return url_for("posts.update", post_id=draft.post_id, draft=draft.id)
    return url_for("posts.new", draft=draft.id)
