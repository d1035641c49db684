"""Drafts: saving the text of a form, and finding the editor again."""

from flask import url_for
from sqlalchemy.exc import IntegrityError

from flaskblog import rules
from flaskblog.extensions import db
from flaskblog.models import Draft, Post, User
from flaskblog.models.storage import MAX_DRAFTS
from flaskblog.posts.forms import DraftFields
from flaskblog.posts.limits import RefusedError, own_post
from flaskblog.posts.retry import retry_on
from flaskblog.rules import RuleError

DRAFTS_FULL = (
    f"You have {MAX_DRAFTS} drafts, the most that are kept. Your text is below and is not saved: "
    "publish it, or delete a draft that you no longer need and save again."
)


@retry_on(IntegrityError)
def save_draft(author: User, form: DraftFields) -> Draft:
    """Save the text of a form as a draft, or update the draft with the same key.

    Only the author of a post can have a draft of it; for others it becomes a draft of a new post.
    Raises `RefusedError` for a draft that is too long, or too many.
    """
    title, content = _draft_text(form)
    post = own_post(author, form.post_id.data)
    draft = db.session.scalar(Draft.by_key(author, form.key.data))
    if draft is None:
        _require_room(author)
        draft = Draft(author_id=author.id, key=form.key.data)
    draft.title = title
    draft.content = content
    draft.post_id = post.id if post else None
    draft.version = form.version.data
    db.session.add(draft)
    db.session.commit()
    return draft


def editor_url(draft: Draft) -> str:
    """Where a draft is edited."""
    post = db.session.scalar(Post.visible().where(Post.id == draft.post_id))
    if post:
        return url_for("posts.update", post_id=post.id, draft=draft.id)
    return url_for("posts.new", draft=draft.id)


def _draft_text(form: DraftFields) -> tuple[str, str]:
    try:
        return (
            rules.draft_title(form.title.data or ""),
            rules.draft_content(form.content.data or ""),
        )
    except RuleError as broken:
        raise RefusedError(str(broken)) from None


def _require_room(author: User) -> None:
    author.lock_row()  # so that simultaneous requests are counted one after the other
    if (db.session.scalar(Draft.count_of(author)) or 0) < MAX_DRAFTS:
        return
    db.session.rollback()
    raise RefusedError(DRAFTS_FULL)
