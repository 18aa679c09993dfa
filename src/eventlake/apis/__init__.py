"""Clients of providers' APIs, each a `History`: what the provider tells of the past, as the events that it would have sent."""
