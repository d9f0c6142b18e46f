# Scrapfly.  The page comes in a JSON envelope, which has the target's status whatever the
# endpoint's is: proxified_response would do without, and tell less.
name = scrapfly
endpoint = https://api.scrapfly.io/scrape
key_variable = SCRAPFLY_KEY

# It works for up to 150 s and asks for 155.
timeout = 160

key = query key
target = query url
render = render_js=true
# Anti-bot measures, the nearest to better proxies; proxy_pool=public_residential_pool is the other.
premium = asp=true
country = country={lower}
session = session={}
headers = query headers[{}]

envelope_body = result.content by result.format text binary
envelope_status = result.status_code
envelope_final_url = result.url
envelope_headers = result.response_headers
envelope_retryable = result.error.retryable

cost = x-scrapfly-api-cost
credits_left = x-scrapfly-remaining-api-credit
in_use = x-scrapfly-account-concurrent-usage
remaining = x-scrapfly-account-remaining-concurrent-usage
request_id = x-scrapfly-log-uuid x-scrapfly-reject-id
code = x-scrapfly-reject-code
retryable = x-scrapfly-reject-retryable
error_code = result.error.code code

# The target answered: a 5xx of its own is free as recorded, and repeated unless the cost says
# otherwise (the header field and the body disagree on whether it makes sense).
rule = 200-299 target=200-399 -> page
rule = 200-299 target=500-599 -> target again
rule = 200-299 target=400-499 -> target
rule = 200-299 -> page
rule = 300-399 -> redirect
# These would be "retryable", and are until the account's window ends: no credits.
rule = 429 code=*CREDIT_BUDGET_EXCEEDED -> account credits
rule = 429 code=*QUOTA* -> account credits
rule = 429 -> throttled
rule = 401 -> account key
rule = 402 -> account credits
rule = 403 -> refused
rule = 422 not-retryable -> refused
rule = 422 -> transient
rule = 400 -> refused
rule = 500-599 -> transient
rule = 400-499 -> refused
rule = * -> transient
