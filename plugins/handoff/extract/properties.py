"""What is read of each kind of CRM record; a test holds these names against the portal's definitions."""

CONTACT = (
    *("email", "hs_additional_emails", "firstname", "lastname", "phone", "jobtitle", "company", "website"),
    *("country", "state", "city", "industry", "numberofemployees", "associatedcompanyid", "createdate"),
    *("lifecyclestage", "hs_lead_status", "hubspot_owner_id", "hubspot_owner_assigneddate", "lastmodifieddate"),
    *("hs_analytics_source", "hs_analytics_source_data_1", "hs_analytics_source_data_2", "hs_analytics_first_url"),
    *("hs_latest_source", "hs_latest_source_data_1", "hs_latest_source_data_2", "hs_latest_source_timestamp"),
    *("hs_analytics_first_touch_converting_campaign", "hs_analytics_last_touch_converting_campaign"),
    *("hs_analytics_num_page_views", "hs_analytics_num_visits", "hs_analytics_last_visit_timestamp"),
    *("hs_email_open", "hs_email_click", "hs_email_last_open_date", "hs_email_last_click_date"),
    *("hs_email_bounce", "hs_email_optout", "hs_linkedin_url", "hs_merged_object_ids"),
    *("recent_conversion_event_name", "recent_conversion_date", "num_conversion_events"),
    "handoff_rejection_reason",
)
CONTACT_HISTORY = ("lifecyclestage", "hubspot_owner_id", "hs_lead_status", "handoff_rejection_reason")
"""When a lead became what it is, who had it before, who answered when: properties forget, histories do not."""

OPTIONAL = ("numberofemployees",)
"""Not among HubSpot's own for a contact; read where a portal has made it."""

COMPANY = (
    *("name", "domain", "hs_additional_domains", "industry", "numberofemployees", "annualrevenue"),
    *("country", "state", "city", "lifecyclestage", "hubspot_owner_id", "createdate", "hs_lastmodifieddate"),
    "hs_merged_object_ids",
)
DEAL = (
    *("dealname", "dealstage", "pipeline", "amount", "deal_currency_code", "closedate", "createdate"),
    *("hs_is_closed", "hs_is_closed_won", "hubspot_owner_id", "hs_lastmodifieddate"),
)
_ENGAGEMENT = ("hs_timestamp", "hs_createdate", "hs_lastmodifieddate", "hubspot_owner_id", "hs_object_source")
CALL = (*_ENGAGEMENT, "hs_call_title", "hs_call_direction", "hs_call_status", "hs_call_duration")
EMAIL = (*_ENGAGEMENT, "hs_email_direction", "hs_email_status", "hs_email_subject")
MEETING = (*_ENGAGEMENT, "hs_meeting_title", "hs_meeting_start_time", "hs_meeting_outcome", "hs_meeting_source")
COMMUNICATION = (
    *_ENGAGEMENT,
    *("hs_communication_channel_type", "hs_communication_logged_from", "hs_communication_body"),
)
NOTE = (*_ENGAGEMENT, "hs_note_body")
TASK = (*_ENGAGEMENT, "hs_task_subject", "hs_task_status", "hs_task_type", "hs_task_priority")
USER = (
    *("hs_internal_user_id", "hs_email", "hs_given_name", "hs_family_name", "hs_standard_time_zone"),
    *("hs_working_hours", "hs_out_of_office_hours", "hs_availability_status"),
)
CAMPAIGN = ("hs_name", "hs_campaign_status", "hs_start_date", "hs_end_date", "hs_utm")
