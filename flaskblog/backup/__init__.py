"""Verified backups, their restoration, and the move between database engines."""
