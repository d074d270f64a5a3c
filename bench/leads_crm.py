"""Put leads into HubSpot as a seller's systems would: records through the vendor's client, behaviour through tracking.

Contacts and activities: https://developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide
A form's submission: https://developers.hubspot.com/docs/api-reference/latest/marketing/forms/v3/submit-data
"""

import http.client
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import batched
