"""The locustfile for ``locust -f``: users of the load scenario that ``--kibo-scenario`` or ``KIBO_SCENARIO`` names."""

from kibo_scenarios.locust_users.joining import users_of

globals().update(users_of())
