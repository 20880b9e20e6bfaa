from tests.browser import *  # noqa: F403
