"""What the function that runs detections may do for the sources: read their tables, as Athena does it in its name.

What it writes stands in templates/detections.yaml.
"""

from __future__ import annotations

from eventlake.deploy.policies_of_sources import READ_CATALOG, Grant, Statement

DETECTIONS_STACK = "DetectionsOfSources"

DETECTING_GRANT = Grant(
    name="DetectingPolicy",
    condition="Detects",
    description="Athena reads the sources' tables for detections.",
    role=(DETECTIONS_STACK, "DetectionsRoleName"),
    lake="with detections",
    catalog=Statement("ReadCatalogToDetect", READ_CATALOG),
    lines=Statement("ReadLinesToDetect", ("s3:GetObject",)),
    listing=Statement("ListLinesToDetect", ("s3:ListBucket",)),
)
