"""The tables of `handoff`: decisions and effects, whose stamps stay for the figures, and what they knew of a lead."""

from handoff.privacy.tables import Sql, Table, blanked, deleted, plain

# What a handoff's context must still say to be read: when, by which clauses and rules, how much.
SKELETON: Sql = """jsonb_build_object(
    'lead', jsonb_build_object('lead_id', {lead}),
    'trigger', jsonb_build_object(
        'kind', context #> '{{trigger,kind}}', 'summary', '[erased]',
        'occurred_at', context #> '{{trigger,occurred_at}}'
    ),
    'attribution', '{{}}'::jsonb, 'company', '{{}}'::jsonb,
    'score', (context -> 'score') || jsonb_build_object('parts', coalesce((
        select jsonb_agg(part || '{{"label": "[erased]"}}' order by place)
        from jsonb_array_elements(context #> '{{score,parts}}') with ordinality as told (part, place)
    ), '[]')),
    'tier', context -> 'tier', 'definition', context -> 'definition', 'activities', '[]'::jsonb,
    'clauses', coalesce((
        select jsonb_agg(clause || '{{"detail": "[erased]"}}' order by place)
        from jsonb_array_elements(context -> 'clauses') with ordinality as told (clause, place)
    ), '[]')
)"""
ALIAS: Sql = "%(alias)s || array_position(%(ids)s, lead_id)"

# What later effects read of an earlier one: whom, where, about which assignment, by when, and what we wrote ourselves.
BARE: Sql = """(
    select coalesce(jsonb_object_agg(said.key, case
        when said.key = 'text' then '"[erased]"'
        when said.key = 'contact_id' then '"erased"'
        when said.key = 'context' then (select {skeleton} from (select said.value as context) as kept)
        when said.key = 'properties' then coalesce((
            select jsonb_object_agg(property.key, property.value) from jsonb_each(said.value) as property
            where property.key in ('hubspot_owner_id', 'hs_timestamp', 'hs_task_status')
        ), '{{}}')
        else said.value
    end), '{{}}')
    from jsonb_each(payload) as said
    where said.key in (
        'text', 'contact_id', 'context', 'properties', 'message', 'assignment_id', 'rep_name', 'slack_user_id',
        'time_zone', 'due_at', 'kind', 'channel', 'digest', 'cards', 'user', 'action', 'task_of', 'task_id', 'done',
        'expected', 'read_at', 'flood_id'
    )
)""".format(skeleton=SKELETON.format(lead="'erased'"))
# Of what a person chose in the CRM it still says in which properties: the week's drift is counted by that.
BARE_RESULT: Sql = """(
    select jsonb_object_agg(told.key, case
        when told.key = 'drift' then coalesce((
            select jsonb_object_agg(property.name, '{}'::jsonb) from jsonb_object_keys(told.value) as property (name)
        ), '{}')
        else told.value
    end)
    from jsonb_each(result) as told
    where told.key in ('channel', 'ts', 'gone', 'task_id', 'drift')
)"""
BARE_EFFECT: Sql = f"""payload = {BARE}, result = {BARE_RESULT},
    last_error = case when last_error is not null then '[erased]' end,
    state = case when state = 'pending' and starts_with(kind, 'hubspot_') then 'withdrawn' else state end"""

_HINTS: Sql = """(source = 'hubspot' and object_type = 'contact' and object_id = any(%(ids)s))"""
_NAMED: Sql = """(source = 'hubspot' and (
    payload ->> 'objectId' = any(%(ids)s) or payload ->> 'newObjectId' = any(%(ids)s)
    or payload ->> 'primaryObjectId' = any(%(ids)s) or payload ->> 'fromObjectId' = any(%(ids)s)
    or payload ->> 'toObjectId' = any(%(ids)s) or exists (
        select from jsonb_path_query(payload, '$.mergedObjectIds[*]') as merged where merged #>> '{}' = any(%(ids)s)
    )
))"""
# A digest tells of several leads: a press on one of its buttons holds them all.
_BESIDE: Sql = """(source = 'slack' and (
    (payload #>> '{container,channel_id}', payload #>> '{container,message_ts}') in (
        select result ->> 'channel', result ->> 'ts' from handoff.outbox where outbox_id = any(%(effects)s)
    )
    or payload::text ~* %(mentions)s
))"""

LEDGER: tuple[Table, ...] = (
    Table(
        "handoff.inbox",
        "what HubSpot told of the contact, and what was pressed below a message that names them",
        ("inbox_id", "source", "event_key", "object_type", "occurred_at", "received_at", "processed_at"),
        ("object_id", "payload"),
        f"({_HINTS} or {_NAMED} or inbox_id = any(%(answers)s) or {_BESIDE})",
        (
            f"delete from handoff.inbox where {_HINTS} or inbox_id = any(%(answers)s)",
            f"update handoff.inbox set payload = '{{}}' where {_NAMED}",
            f"""update handoff.inbox set payload = payload - 'message' - 'state' - 'view'
                where {_BESIDE} and payload ?| array['message', 'state', 'view']""",
        ),
    ),
    blanked(
        "handoff.outbox",
        "payload result last_error",
        "outbox_id dedupe_key handoff_id kind created_at state attempts first_attempt_at last_attempt_at not_before "
        "sent_at",
        "outbox_id = any(%(effects)s)",
        BARE_EFFECT,
        "what was said in Slack and written to the CRM; addressee, place, state, stamps and what drifted stay",
    ),
    blanked(
        "handoff.dispositions",
        "evidence note",
        "disposition_id handoff_id kind reason_id owner_id occurred_at recorded_at assignment_id snoozed_until",
        "handoff_id = any(%(handoffs)s)",
        "evidence = '{}', note = null",
        "the rep's words and the CRM record that shows a contact; kind, reason and stamps stay",
    ),
    deleted(
        "handoff.lead_facts", "lead_id facts", "known_from", "lead_id = any(%(ids)s)", "what was known, and since when"
    ),
    blanked(
        "handoff.shadow_decisions",
        "lead_id reason trigger_activity_id",
        "product_id definition_id definition_version tier_id score trigger_at decided_at",
        "lead_id = any(%(ids)s)",
        f"lead_id = {ALIAS}, reason = '[erased]', trigger_activity_id = 'erased'",
        "what a shadow definition would have done; definition, tier, score and stamps stay",
    ),
    blanked(
        "handoff.lookups",
        "key lead_id",
        "lookup_id subject asked_at settled_at outcome",
        "(lead_id = any(%(ids)s) or key = any(%(emails)s))",
        f"key = 'erased', lead_id = coalesce({ALIAS}, 'erased')",
        "questions to the enrichment vendor; that one was asked stays, for the budget",
    ),
    blanked(
        "handoff.flood_leads",
        "lead_id",
        "flood_id product_id held_at",
        "lead_id = any(%(ids)s)",
        f"lead_id = {ALIAS}",
        "who was held by the breaker; how many stays",
    ),
    deleted(
        "handoff.held_mqls",
        "lead_id",
        "product_id held_since ended_as_of event_at received_at extracted_at qualified_at",
        "lead_id = any(%(ids)s)",
        "since when and until when a lead could not be handed over",
    ),
    deleted(
        "handoff.aliases",
        "old_id id",
        "object_type noticed_at",
        "object_type = 'contacts' and (old_id = any(%(ids)s) or id = any(%(ids)s))",
        "ids that were merged",
    ),
    deleted(
        "handoff.former_aliases",
        "old_id id",
        "object_type noticed_at replaced_at",
        "object_type = 'contacts' and (old_id = any(%(ids)s) or id = any(%(ids)s))",
        "ids to which merged ones led before they were merged again",
    ),
    deleted(
        "handoff.stale_leads",
        "lead_id",
        "entry_id",
        "lead_id = any(%(ids)s)",
        "the marts' queue; the line's next run notes the id once more, until their next build has taken it out",
    ),
    blanked(
        "handoff.pending_leads",
        "lead_id held_because",
        "batch_id received_at extracted_at qualified_at wakes held_until promised_at",
        "lead_id = any(%(ids)s)",
        "held_because = null",
        "the queue: the id stays in it until the line's next run has taken it out of every model",
    ),
    blanked(
        "handoff.handoffs",
        "lead_id context trigger_activity_id",
        "handoff_id product_id cycle definition_id definition_version tier_id score trigger_kind as_of event_at "
        "received_at extracted_at qualified_at routed_at load_id",
        "lead_id = any(%(ids)s)",
        f"lead_id = {ALIAS}, trigger_activity_id = 'erased', context = {SKELETON.format(lead=ALIAS)}",
        "what was known when it was decided; definition, clauses, tier, score and stamps stay",
    ),
    plain(
        "handoff.assignments",
        "assignment_id handoff_id rep_id pool_id reason candidates assigned_at due_at cause credits",
        "reps, and why each may or may not have it",
    ),
    plain("handoff.breaches", "assignment_id due_at marked_at", "stamps"),
    plain("handoff.clock_pauses", "assignment_id began_at ended_at reason due_at", "stamps"),
    plain(
        "handoff.ladder_steps",
        "assignment_id escalation_id action addressed_to was_due_at taken_at skipped_because",
        "which step of the agreement was taken, and which rep or manager was told",
    ),
)
