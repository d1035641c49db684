from tests.support.backup_site import archive, site

__all__ = ["archive", "site"]
