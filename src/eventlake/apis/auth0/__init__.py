"""Auth0: the tenant log, as the Management API tells it."""
