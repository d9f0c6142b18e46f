# ScrapingBee.  With transparent_status_code the endpoint's status is the target's; where
# Spb-initial-status-code is missing, the target was not reached and the status is ScrapingBee's own.
name = scrapingbee
endpoint = https://app.scrapingbee.com/api/v1/
key_variable = SCRAPINGBEE_KEY

# It works for up to 140 s.
timeout = 150

# Newer clients send a header field instead: key = header Authorization Bearer {}
key = query api_key
target = query url
fixed = transparent_status_code=true

# Rendering is on unless told otherwise, and costs five times as much.
render = render_js=true
render_off = render_js=false
premium = premium_proxy=true
# An unknown country is taken for us without a word [?].
country = country_code={lower}
session = session_id={}
session_values = number 0 10000000
device = device={}
headers = prefix Spb-
headers_on = forward_headers=true
method = pass POST PUT

target_status = spb-initial-status-code
final_url = spb-resolved-url
cost = spb-cost
request_id = spb-request-id

# The target was reached.  A 429 of its own is charged, so it is final like every other 4xx; a 5xx
# is free as recorded, and repeated only where Spb-cost does not say otherwise.
rule = 200-299 target -> page
rule = * target=500-599 -> target again
rule = * target=400-499 -> target
# It was not.
rule = 200-299 -> page
rule = 300-399 no-target -> redirect
rule = 429 no-target -> throttled unbilled
# A bad key, or no credits.
rule = 401 no-target -> account unbilled
rule = 402 no-target -> account credits unbilled
rule = 403 no-target -> account confirm unbilled
rule = 400 no-target -> refused unbilled
rule = 404 no-target -> target
rule = 500-599 -> transient
rule = 400-499 -> refused
rule = * -> transient
