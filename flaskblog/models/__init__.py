"""The tables, and the rules of the domain. Models never commit, and never see a request."""

from flaskblog.models.draft import Draft
from flaskblog.models.former_name import FormerName
from flaskblog.models.mail import Mail
from flaskblog.models.post import Post
from flaskblog.models.revision import Revision
from flaskblog.models.session import Session
from flaskblog.models.setting import Setting
from flaskblog.models.user import User

__all__ = ["Draft", "FormerName", "Mail", "Post", "Revision", "Session", "Setting", "User"]
