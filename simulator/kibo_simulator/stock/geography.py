"""How far two places are apart, and roughly where a postal code is.

Great-circle distances on a sphere of mean radius; good to half a percent, which is more than a store locator needs.
"""

from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_KM = 6_371.0088
KM_PER_MILE = 1.609_344

Point = tuple[float, float]
"""Latitude and longitude in degrees."""

POSTAL_AREAS: dict[str, Point] = {
    "061": (41.76, -72.68),
    "021": (42.36, -71.06),
    "107": (40.93, -73.90),
    "135": (43.10, -75.23),
    "234": (36.85, -76.03),
    "276": (35.78, -78.64),
    "322": (30.33, -81.66),
    "372": (36.16, -86.78),
    "462": (39.77, -86.16),
    "532": (43.04, -87.91),
    "606": (41.88, -87.63),
    "641": (39.10, -94.58),
    "672": (37.69, -97.34),
    "786": (30.63, -97.68),
    "787": (30.27, -97.74),
    "799": (31.76, -106.49),
    "802": (39.74, -104.99),
    "857": (32.22, -110.97),
    "891": (36.17, -115.14),
    "937": (36.74, -119.79),
    "946": (37.80, -122.27),
    "972": (45.52, -122.68),
    "981": (47.61, -122.33),
}
"""The middle of some three-digit areas of US postal codes: those of the sample tenant's cities."""


def distance_km(here: Point, there: Point) -> float:
    """Kilometres along the great circle (haversine)."""
    latitude, longitude = radians(here[0]), radians(here[1])
    other_latitude, other_longitude = radians(there[0]), radians(there[1])
    chord = (
        sin((other_latitude - latitude) / 2) ** 2
        + cos(latitude) * cos(other_latitude) * sin((other_longitude - longitude) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(chord)))


def postal_point(postal_code: str) -> Point | None:
    """Roughly where a US postal code is, by its first three digits; None where that is not known here."""
    return POSTAL_AREAS.get(postal_code.strip()[:3])
