"""`flask --app run users …`: people, as the one who runs the site sees them."""

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from flaskblog import rules
from flaskblog.extensions import db
from flaskblog.models import FormerName, User
from flaskblog.users.emails import reset_link

users = AppGroup("users", help="Create people, list them, make them admins.")


@users.command()
@click.argument("username")
@click.argument("email")
@click.password_option(help="Asked for when it is not given.")
@click.option("--admin", is_flag=True, help="Make this person an admin.")
def create(username: str, email: str, password: str, admin: bool) -> None:
    """Create an account."""
    try:
        user = User.register(rules.username(username), rules.email(email), rules.password(password))
    except rules.RuleError as broken:
        raise click.ClickException(str(broken)) from None
    if admin:
        user.is_admin = True
    db.session.execute(FormerName.taken(user.username))
    db.session.add(user)
    try:
        db.session.commit()
    except IntegrityError:
        raise click.ClickException("That name or that address has an account already.") from None
    click.echo(f"Created {_line(user)}")


@users.command()
@click.argument("username")
def promote(username: str) -> None:
    """Make somebody an admin."""
    user = _find(username)
    user.is_admin = True
    db.session.commit()
    click.echo(_line(user))


@users.command()
@click.argument("username")
def demote(username: str) -> None:
    """Make an admin a member like others."""
    user = _find(username)
    user.is_admin = False
    db.session.commit()
    click.echo(_line(user))


@users.command("list")
@click.option("--admins", is_flag=True, help="Admins only.")
def list_users(admins: bool) -> None:
    """List everybody, the oldest account first."""
    found = select(User).order_by(User.id)
    if admins:
        found = found.where(User.is_admin)
    for user in db.session.scalars(found.execution_options(yield_per=500)):
        click.echo(_line(user))


@users.command("reset-link")
@click.argument("username")
def reset_link_command(username: str) -> None:
    """Print a link with which somebody may choose a new password: for 30 minutes, once."""
    click.echo(reset_link(_find(username)))


def _find(username: str) -> User:
    user: User | None = db.session.scalar(User.known_as(username))
    if user is None:
        raise click.ClickException(f"Nobody here is called {username}.")
    return user


def _line(user: User) -> str:
    role = "admin" if user.is_admin else "member"
    return f"{user.username}\t{user.email}\t{role}\tsince {user.created_at:%Y-%m-%d}"
