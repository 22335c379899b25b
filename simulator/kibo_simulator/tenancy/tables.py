"""Which rows of which tables are a tenant's, and how they name each other (D-3).

Every table of the database is listed here, in one of two lists; a test sees to it. A table comes after those that its
rows name, so that copies can be made from the top and removals from the bottom.
"""

from dataclasses import dataclass, field
from typing import Final

_OF_TENANT: Final = "tenant_id = :tenant"
_LOCATIONS: Final = "(SELECT id FROM locations WHERE tenant_id = :tenant)"
_BINS: Final = f"(SELECT id FROM bins WHERE location_id IN {_LOCATIONS})"  # noqa: S608  # fixed texts only
_PRODUCTS: Final = "(SELECT id FROM products WHERE tenant_id = :tenant)"
_BATCH_JOBS: Final = "(SELECT id FROM batch_jobs WHERE tenant_id = :tenant)"


@dataclass(frozen=True)
class TenantTable:
    """A table in which each row is one tenant's.

    Attributes:
        name: the table.
        whose: the condition that a row is the tenant's.
        numbered: the column with numbers of the table's own, if there is one.
        names: columns that hold a number of another table, and which; 0 and null name nothing.
        copied: whether a copy of the tenant has such rows too.
    """

    name: str
    whose: str = _OF_TENANT
    numbered: str | None = None
    names: dict[str, str] = field(default_factory=dict)
    copied: bool = True


TENANT_TABLES: Final = (
    TenantTable("tenants", "id = :tenant", copied=False),
    TenantTable("tenant_settings"),
    TenantTable("applications", copied=False),
    TenantTable("tokens", copied=False),
    TenantTable("rate_pools", "owner = CAST(:tenant AS TEXT)"),
    TenantTable("silo_configs"),
    TenantTable("locations", numbered="id"),
    TenantTable("location_attributes", f"location_id IN {_LOCATIONS}", names={"location_id": "locations"}),
    TenantTable("location_groups", numbered="id"),
    TenantTable(
        "location_group_members",
        f"location_id IN {_LOCATIONS}",
        names={"group_id": "location_groups", "location_id": "locations"},
    ),
    TenantTable("tag_categories", numbered="id"),
    TenantTable(
        "tags",
        "category_id IN (SELECT id FROM tag_categories WHERE tenant_id = :tenant)",
        numbered="id",
        names={"category_id": "tag_categories"},
    ),
    TenantTable("products", numbered="id"),
    TenantTable("variants", f"product_id IN {_PRODUCTS}", numbered="id", names={"product_id": "products"}),
    TenantTable(
        "stock",
        f"location_id IN {_LOCATIONS}",
        names={"location_id": "locations", "product_id": "products", "variant_id": "variants"},
    ),
    TenantTable(
        "future_inventory",
        f"location_id IN {_LOCATIONS}",
        numbered="id",
        names={"location_id": "locations", "product_id": "products", "variant_id": "variants"},
    ),
    TenantTable(
        "holds",
        numbered="id",
        names={
            "location_id": "locations",
            "product_id": "products",
            "variant_id": "variants",
            "future_id": "future_inventory",
        },
    ),
    TenantTable("hold_events", numbered="id", names={"location_id": "locations", "product_id": "products"}),
    TenantTable("bins", f"location_id IN {_LOCATIONS}", numbered="id", names={"location_id": "locations"}),
    TenantTable(
        "bin_stock",
        f"bin_id IN {_BINS}",
        names={"bin_id": "bins", "product_id": "products", "variant_id": "variants"},
    ),
    TenantTable("export_settings", numbered="id"),
    TenantTable(
        "export_deliveries",
        "settings_id IN (SELECT id FROM export_settings WHERE tenant_id = :tenant)",
        numbered="id",
        names={"settings_id": "export_settings"},
    ),
    TenantTable("fetch_file_configs", numbered="id"),
    TenantTable("finished_files"),
    TenantTable(
        "payloads", "id IN (SELECT payload_id FROM jobs WHERE tenant_id = :tenant)", numbered="id", copied=False
    ),
    TenantTable("jobs", numbered="id", names={"location_id": "locations", "payload_id": "payloads"}, copied=False),
    TenantTable("faulted_jobs", "job_id IN (SELECT id FROM jobs WHERE tenant_id = :tenant)", copied=False),
    TenantTable("catalog_products", numbered="sequence"),
    TenantTable("price_lists", numbered="sequence"),
    TenantTable("price_list_entries"),
    TenantTable("currencies"),
    TenantTable("batch_jobs", numbered="id"),
    TenantTable("batch_origins", f"job_id IN {_BATCH_JOBS}", numbered="id", names={"job_id": "batch_jobs"}),
    TenantTable("batch_items", f"job_id IN {_BATCH_JOBS}", names={"job_id": "batch_jobs", "origin": "batch_origins"}),
    TenantTable("batch_counts", f"job_id IN {_BATCH_JOBS}", names={"job_id": "batch_jobs"}),
)

ENVIRONMENT_TABLES: Final = frozenset({"meta", "sqlite_sequence", "faults", "fault_counts", "file_rows"})
"""Tables whose rows are nobody's in particular; ``file_rows`` go with the jobs that will read them."""
