"""The commands `users …`."""

import click
from flask.cli import AppGroup
from sqlalchemy import select

from flaskblog import rules
from flaskblog.extensions import db
from flaskblog.models import User
from flaskblog.users import changes
from flaskblog.users.emails import reset_link

users = AppGroup("users", help="Create and list accounts, and change their roles.")


@users.command()
@click.argument("username")
@click.argument("email")
@click.password_option(help="Prompted for by default.")
@click.option("--admin", is_flag=True, help="Create an admin.")
def create(username: str, email: str, password: str, admin: bool) -> None:
    """Create an account."""
    try:
        user = changes.sign_up(
            rules.username(username), rules.email(email), rules.password(password), is_admin=admin
        )
    except (rules.RuleError, changes.TakenError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Created {_line(user)}")


@users.command()
@click.argument("username")
def promote(username: str) -> None:
    """Make USERNAME an admin."""
    user = find(username)
    user.is_admin = True
    db.session.commit()
    click.echo(_line(user))


@users.command()
@click.argument("username")
def demote(username: str) -> None:
    """Make USERNAME a regular member."""
    user = find(username)
    try:
        changes.demote(user)
    except changes.LastAdminError as refused:
        raise click.ClickException(str(refused)) from None
    click.echo(_line(user))


@users.command("clear-profile")
@click.argument("username")
def clear_profile(username: str) -> None:
    """Remove the display name, bio and picture of USERNAME."""
    user = find(username)
    changes.change_account(user, display_name="", bio="", picture=b"")
    click.echo(_line(user))


@users.command("list")
@click.option("--admins", is_flag=True, help="Admins only.")
def list_users(admins: bool) -> None:
    """List accounts, oldest first."""
    found = select(User).order_by(User.id)
    if admins:
        found = found.where(User.is_admin)
    for user in db.session.scalars(found.execution_options(yield_per=500)):
        click.echo(_line(user))


@users.command("reset-link")
@click.argument("username")
def reset_link_command(username: str) -> None:
    """Print a link to choose a new password, valid once within 30 minutes."""
    click.echo(reset_link(find(username)))


def find(username: str) -> User:
    user: User | None = db.session.scalar(User.by_login(username))
    if user is None:
        raise click.ClickException(f"There is no user {username!r}.")
    return user


def _line(user: User) -> str:
    role = "admin" if user.is_admin else "member"
    return f"{user.username}\t{user.email}\t{role}\tsince {user.created_at:%Y-%m-%d}"
