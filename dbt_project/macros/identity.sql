{% macro dictionary_key(value) -%}
    raw.dictionary_key({{ value }})
{%- endmacro %}

{% macro is_anybodys(entry) -%}
    {#- The company's own row about the domain, or about the registrable one, goes before the libraries. Of what is no
        address nobody knows whose it is. -#}
    case
        when {{ entry }}.domain is not null then coalesce(
            (
                select own.is_free
                from free_mail_domains as own
                where own.domain in ({{ entry }}.domain, {{ entry }}.registrable_domain)
                order by length(own.domain) desc
                limit 1
            ),
            {{ entry }}.is_free or {{ entry }}.is_disposable,
            false
        )
    end
{%- endmacro %}

{% macro business_domain(entry) -%}
    case when not {{ is_anybodys(entry) }} then {{ entry }}.registrable_domain end
{%- endmacro %}

{% macro is_page_host(entry) -%}
    exists (
        select 1 from page_hosts as page where page.domain in ({{ entry }}.domain, {{ entry }}.registrable_domain)
    )
{%- endmacro %}

{% macro why_no_account(lead) -%}
    concat_ws(
        ', ',
        'no live company is associated',
        case
            when {{ lead }}.business_domain is not null then 'none has the domain ' || {{ lead }}.business_domain
            when {{ lead }}.is_freemail then {{ lead }}.email_domain || ' is free mail'
            else 'no business e-mail address'
        end,
        'none has the website ' || {{ lead }}.website_domain,
        coalesce('no name alone means “' || {{ lead }}.company_key || '”', 'no company name')
    )
{%- endmacro %}

{% macro phrases(value, rules) -%}
    {#- All runs of words as long as a keyword may be, so that an index finds the keywords among them. -#}
    (
        select array_to_string(given.words[first_word:last_word], ' ') as words
        from (select string_to_array({{ plain_words(value) }}, ' ') as words limit 1) as given
        cross join lateral generate_subscripts(given.words, 1) as first_word
        cross join lateral generate_series(
            first_word,
            least(
                first_word - 1 + (select max(cardinality(string_to_array(rule.keyword, ' '))) from {{ rules }} as rule),
                cardinality(given.words)
            )
        ) as last_word
    )
{%- endmacro %}
