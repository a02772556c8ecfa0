"""What tests of several rooms share."""

from contextlib import contextmanager

import pytest


@pytest.fixture
def limited_files():
    """limited_files(bytes): inside, the system lets no file grow beyond so many bytes, whichever library writes it."""
    resource = pytest.importorskip("resource", reason="the system has no limit of a file's size")

    @contextmanager
    def limited(size):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited
