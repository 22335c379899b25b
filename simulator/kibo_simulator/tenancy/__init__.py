"""All that a tenant has, as a whole: copied to be another tenant's, or removed without a trace (D-2, D-3)."""

from kibo_simulator.tenancy.copying import copy_tenant
from kibo_simulator.tenancy.removing import remove_stock, remove_tenant

__all__ = ["copy_tenant", "remove_stock", "remove_tenant"]
