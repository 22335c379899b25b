"""The page of an audit report: one file that opens offline, with every value escaped by the template engine."""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{ title }}</title>
<style>
:root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --bad: #b3261e; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; border-left: .4rem solid var({{ '--good' if ok else '--bad' }}); padding-left: .8rem; }
h2 { font-size: 1.1rem; margin-top: 2rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; white-space: nowrap; }
td.number { text-align: right; }
.undone, .uncertain { color: var(--bad); font-weight: 600; }
.note { opacity: .75; }
</style>
</head>
<body>
<h1>{{ title }}</h1>
<p class="note">Tenant {{ where.tenant }} at {{ where.api_host }}, {{ started }} to {{ finished }} (UTC)</p>
<table>
{% for name, value in facts %}
<tr><th scope="row">{{ name }}</th><td>{{ value }}</td></tr>
{% endfor %}
</table>
<h2>Records by outcome</h2>
<table>
{% for outcome, count in outcomes %}
<tr><th scope="row" class="{{ outcome }}">{{ outcome }}</th><td class="number">{{ '{:,}'.format(count) }}</td></tr>
{% endfor %}
</table>
{% if reasons %}
<h2>Why records were left</h2>
<table>
{% for reason, count in reasons %}
<tr><td class="number">{{ '{:,}'.format(count) }}</td><td>{{ reason }}</td></tr>
{% endfor %}
</table>
{% endif %}
{% if failed %}
<h2>Failed jobs</h2>
<table>
<tr><th>Job</th><th>Location</th><th>What the server said</th></tr>
{% for job in failed %}
<tr><td>{{ job.job_id }}</td><td>{{ job.location_code or '?' }}</td><td>{{ job.messages | join('; ') }}</td></tr>
{% endfor %}
</table>
{% endif %}
{% if throttled %}
<h2>Refusals for rate limits</h2>
<table>
<tr><th>When</th><th>Request</th><th>Retry-After</th></tr>
{% for one in throttled %}
<tr><td>{{ iso(one.at) }}</td><td>{{ one.operation }}</td>\
<td>{{ 'missing' if one.retry_after_s is none else one.retry_after_s }}</td></tr>
{% endfor %}
</table>
{% endif %}
<h2>Records</h2>
{% if total > rows | length %}
<p class="note">The first {{ '{:,}'.format(rows | length) }} of {{ '{:,}'.format(total) }}, \
those left undone first; report.csv has them all.</p>
{% endif %}
<div class="scroll">
<table>
<tr><th>Location</th><th>Part number</th><th>UPC</th><th>SKU</th>{% if with_quantity %}<th>Quantity</th>{% endif %}\
<th>Outcome</th><th>Job</th><th>At</th><th>Reason</th></tr>
{% for row in rows %}
<tr><td>{{ row.location_code }}</td><td>{{ row.part_number or '' }}</td><td>{{ row.upc or '' }}</td>\
<td>{{ row.sku or '' }}</td>{% if with_quantity %}<td class="number">{{ row.quantity }}</td>{% endif %}\
<td class="{{ row.outcome }}">{{ row.outcome }}</td><td>{{ '' if row.job_id is none else row.job_id }}</td>\
<td>{{ '' if row.at is none else iso(row.at) }}</td><td>{{ row.reason }}</td></tr>
{% endfor %}
</table>
</div>
</body>
</html>
"""
