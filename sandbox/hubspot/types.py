"""Object types: their names, ids, defaults, and the type ids of the associations between them."""

from sandbox.hubspot.errors import Refused

CONTACT, COMPANY, DEAL = "0-1", "0-2", "0-3"
CALL, EMAIL, MEETING, NOTE, TASK, COMMUNICATION = "0-48", "0-49", "0-47", "0-46", "0-27", "0-18"
USER = "0-115"
PLURALS = {
    CONTACT: "contacts",
    COMPANY: "companies",
    DEAL: "deals",
    CALL: "calls",
    EMAIL: "emails",
    MEETING: "meetings",
    NOTE: "notes",
    TASK: "tasks",
    COMMUNICATION: "communications",
    USER: "users",
}
SINGULARS = {kind: "company" if name == "companies" else name[:-1] for kind, name in PLURALS.items()}
ENGAGEMENTS = (CALL, EMAIL, MEETING, NOTE, TASK, COMMUNICATION)
_BY_NAME = (
    {kind: kind for kind in PLURALS}
    | {name: kind for kind, name in PLURALS.items()}
    | {name: kind for kind, name in SINGULARS.items()}
)
_BILLIONS = (210, 31, 41, 75, 76, 77, 78, 79, 80, 82)
FIRST_IDS = {kind: base * 1_000_000_000 for kind, base in zip(PLURALS, _BILLIONS, strict=True)}
"""Above 2^31, as on grown portals: an id that passes through a 32-bit integer is lost at once."""

_LIST_DEFAULTS = {
    CONTACT: ("firstname", "lastname", "email", "createdate", "lastmodifieddate", "hs_object_id"),
    COMPANY: ("name", "domain", "createdate", "hs_lastmodifieddate", "hs_object_id"),
    DEAL: (
        *("dealname", "amount", "closedate", "pipeline", "dealstage"),
        *("createdate", "hs_lastmodifieddate", "hs_object_id"),
    ),
}

# (from, to) -> (unlabelled type id, primary type id)
ASSOCIATION_TYPES: dict[tuple[str, str], tuple[int, int | None]] = {
    (CONTACT, COMPANY): (279, 1),
    (COMPANY, CONTACT): (280, 2),
    (CONTACT, DEAL): (4, None),
    (DEAL, CONTACT): (3, None),
    (COMPANY, DEAL): (342, 6),
    (DEAL, COMPANY): (341, 5),
    (CONTACT, CONTACT): (449, None),
}
for _other, _from_contact, _from_company, _from_deal in (
    (CALL, 193, 181, 205),
    (EMAIL, 197, 185, 209),
    (MEETING, 199, 187, 211),
    (NOTE, 201, 189, 213),
    (TASK, 203, 191, 215),
):
    for _kind, _id in ((CONTACT, _from_contact), (COMPANY, _from_company), (DEAL, _from_deal)):
        ASSOCIATION_TYPES[_kind, _other] = (_id, None)
        ASSOCIATION_TYPES[_other, _kind] = (_id + 1, None)
for _kind, _id in ((CONTACT, 82), (COMPANY, 88), (DEAL, 86)):
    ASSOCIATION_TYPES[_kind, COMMUNICATION] = (_id, None)
    ASSOCIATION_TYPES[COMMUNICATION, _kind] = (_id - 1, None)


def resolve(name: str) -> str:
    """Type id of a singular, plural or type-id name.

    Raises:
        Refused: 400, as HubSpot answers for a name it does not know.
    """
    kind = _BY_NAME.get(name.lower())
    if kind is None:
        raise Refused(400, f"Unable to infer object type from: {name}", "VALIDATION_ERROR")
    return kind


def association_types(from_type: str, to_type: str) -> tuple[int, int | None]:
    """Type ids of the unlabelled and of the primary association.

    Raises:
        Refused: 400, the two types are never associated.
    """
    found = ASSOCIATION_TYPES.get((from_type, to_type))
    if found is None:
        raise Refused(400, f"No association types exist between {from_type} and {to_type}", "VALIDATION_ERROR")
    return found


def default_properties(kind: str) -> tuple[str, ...]:
    """What list, read and search answer when no properties are asked for."""
    return _LIST_DEFAULTS.get(kind, ("hs_createdate", "hs_lastmodifieddate", "hs_object_id"))


def created_name(kind: str) -> str:
    """Name of the property that says when a record was created."""
    return "createdate" if kind in (CONTACT, COMPANY, DEAL) else "hs_createdate"


def modified_name(kind: str) -> str:
    """Name of the cursor property: contacts alone differ."""
    return "lastmodifieddate" if kind == CONTACT else "hs_lastmodifieddate"


def label(kind: str) -> str:
    """`CONTACT` and so on, as error messages name it."""
    return SINGULARS[kind].upper()
