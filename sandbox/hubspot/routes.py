"""All of HubSpot's routes, in each generation of paths that the vendor serves."""

from fastapi import APIRouter

from sandbox.hubspot import account, associations, batch, campaigns, events, forms, objects, owners, properties, search

VERSIONS = ("2026-09", "2026-03")
router = APIRouter()
for _base in (*(f"/crm/objects/{version}" for version in VERSIONS), "/crm/v3/objects"):
    for _part in (search.router, batch.router, objects.router):
        router.include_router(_part, prefix=_base)
for _base in (*(f"/crm/objects/{version}" for version in VERSIONS), "/crm/v4/objects"):
    router.include_router(associations.single, prefix=_base)
for _base in ("/crm/objects/2026-03", "/crm/v4/objects"):
    router.include_router(associations.single_read, prefix=_base)
for _base in (*(f"/crm/associations/{version}" for version in VERSIONS), "/crm/v4/associations"):
    router.include_router(associations.batch, prefix=_base)
for _area, _part in (
    ("properties", properties.router),
    ("owners", owners.router),
    ("pipelines", account.pipelines),
):
    for _base in (*(f"/crm/{_area}/{version}" for version in VERSIONS), f"/crm/v3/{_area}"):
        router.include_router(_part, prefix=_base)
for _base in (*(f"/events/event-occurrences/{version}" for version in VERSIONS), "/events/v3/events"):
    router.include_router(events.router, prefix=_base)
for _base in (*(f"/account-info/{version}" for version in VERSIONS), "/account-info/v3"):
    router.include_router(account.info, prefix=_base)
for _base in (*(f"/marketing/campaigns/{version}" for version in VERSIONS), "/marketing/v3/campaigns"):
    router.include_router(campaigns.router, prefix=_base)
router.include_router(forms.definitions, prefix="/marketing/v3/forms")
router.include_router(forms.submissions, prefix="/form-integrations/v1/submissions")
router.include_router(forms.public, prefix="/submissions/v3")
