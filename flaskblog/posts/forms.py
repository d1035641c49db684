"""The forms of posts."""

from typing import Self

from wtforms import StringField, TextAreaField

from flaskblog import rules
from flaskblog.drafts import HoldsWords, fresh_key
from flaskblog.forms import Follows, Form
from flaskblog.models import Draft, Post


class PostForm(HoldsWords):
    title = StringField("Title", [Follows(rules.title)], render_kw={"autocomplete": "off"})
    content = TextAreaField(
        "Content", [Follows(rules.content)], render_kw={"rows": 18, "autocomplete": "off"}
    )

    @classmethod
    def blank(cls) -> Self:
        return cls(formdata=None)

    @classmethod
    def for_post(cls, post: Post) -> Self:
        return cls(
            formdata=None,
            title=post.title,
            content=post.content,
            post_id=post.id,
            version=post.version,
        )

    def lay_on(self, post: Post) -> None:
        """Make the words changes to a post as it is now."""
        self.key.data = fresh_key()
        self.post_id.data = post.id
        self.version.data = post.version

    def begin_anew(self) -> None:
        """Make the words a post that is not written yet."""
        self.key.data = fresh_key()
        self.post_id.data = self.version.data = None

    @classmethod
    def for_draft(cls, draft: Draft) -> Self:
        return cls(formdata=None, obj=draft)


class DeleteForm(Form):
    submit_label = "Delete this post"
