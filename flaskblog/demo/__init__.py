"""Invented people and posts, for a demonstration or a load test."""

from flaskblog.demo.members import Person, people
from flaskblog.demo.writing import DemoPost, posts

__all__ = ["DemoPost", "Person", "people", "posts"]
