"""Invented people and posts, to fill a site for a look around or a load test."""

from flaskblog.demo.members import Person, people
from flaskblog.demo.writing import DemoPost, posts

__all__ = ["DemoPost", "Person", "people", "posts"]
