"""What holds for every test: properties look at what comes out, never at the time it took."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("eventlake", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("eventlake")
