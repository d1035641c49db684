"""Drafts: saving the text of a form, and finding the editor again."""

from typing import Any

from flask import url_for
from flask_login import current_user
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
NO_ROOM_TO_RESTORE = (
    f"You have {MAX_DRAFTS} drafts, the most that are kept. "
    "Delete one that you no longer need, then restore this one."
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
    if draft is None or draft.deleted_at:
        require_room(author, DRAFTS_FULL)
    if draft is None:
        draft = Draft(author_id=author.id, key=form.key.data)
    draft.deleted_at = None
    draft.title = title
    draft.content = content
    draft.post_id = post.id if post else None
    draft.version = form.version.data
    db.session.add(draft)
    db.session.commit()
    return draft


def has_text_of(author: User, form: DraftFields) -> bool:
    """Whether the text of a form is stored: as a draft, also a deleted one, or as a post."""
    title, content = _draft_text(form)
    key, post_id = form.key.data, form.post_id.data
    stored = (
        db.session.scalar(Draft.by_key(author, key)),
        db.session.scalar(Post.by_key(author, key)),
        own_post(author, post_id),
    )
    return any(text is not None and text.has_same_text(title, content) for text in stored)


def own_draft_or_404(draft_id: int | None) -> Draft:
    """A draft of the current member, deleted or not."""
    draft: Draft = db.first_or_404(Draft.by_id(current_user, draft_id))
    return draft


def draft_url(draft: Draft) -> str:
    """Where a draft is edited."""
    return editor_url(draft.post_id, draft=draft.id)


def editor_url(post_id: int | None, **query: Any) -> str:
    """Where a post is edited, or a new one is written if there is none with this id."""
    if post_id and db.session.scalar(Post.visible().where(Post.id == post_id)):
        return url_for("posts.update", post_id=post_id, **query)
    return url_for("posts.new", **query)


def require_room(author: User, message: str = NO_ROOM_TO_RESTORE) -> None:
    """Raise `RefusedError` if the author has as many drafts as a member can have."""
    author.lock_row()  # so that simultaneous requests are counted one after the other
    if (db.session.scalar(Draft.count_of(author)) or 0) < MAX_DRAFTS:
        return
    db.session.rollback()
    raise RefusedError(message)


def _draft_text(form: DraftFields) -> tuple[str, str]:
    try:
        return (
            rules.draft_title(form.title.data or ""),
            rules.draft_content(form.content.data or ""),
        )
    except RuleError as broken:
        raise RefusedError(str(broken)) from None
