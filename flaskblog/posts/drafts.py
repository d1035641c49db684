"""Drafts: saving the text of a form, and finding the editor again."""

from flask import url_for
from sqlalchemy.exc import IntegrityError

from flaskblog.extensions import db
from flaskblog.models import Draft, Post, User
from flaskblog.posts.forms import DraftFields
from flaskblog.posts.retry import retry_on
from flaskblog.text.cleaning import clean_line, clean_text


@retry_on(IntegrityError)
def save_draft(author: User, form: DraftFields) -> Draft:
    """Save the text of a form as a draft, or update the draft with the same key.

    Only the author of a post can have a draft of it; for others it becomes a draft of a new post.
    """
    draft = db.session.scalar(Draft.by_key(author, form.key.data))
    if draft is None:
        draft = Draft(author_id=author.id, key=form.key.data)
    draft.title = clean_line(form.title.data or "")
    draft.content = clean_text(form.content.data or "")
    draft.post_id = form.post_id.data if _is_own_post(author, form.post_id.data) else None
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


def _is_own_post(author: User, post_id: int | None) -> bool:
    if post_id is None:
        return False
    post = db.session.scalar(Post.visible().where(Post.id == post_id))
    return post is not None and post.is_editable_by(author)
