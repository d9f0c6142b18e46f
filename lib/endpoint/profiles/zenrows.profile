# ZenRows.  original_status is left off: then a 401, 402, 403 or 429 is ZenRows' own, and the code in
# the body tells the rest.  With it the target's 403 could not be told from the account's.
name = zenrows
endpoint = https://api.zenrows.com/v1/
key_variable = ZENROWS_KEY

# Its command-line client waits for 90 s; what the server takes at most is not documented [?].  A call
# that is given up keeps its place until the server has finished.
timeout = 180

key = query apikey
target = query url
render = js_render=true
premium = premium_proxy=true
country = proxy_country={lower}
country_needs_premium = yes
session = session_id={}
device = device={}
headers = plain
headers_on = custom_headers=true

final_url = zr-final-url
# In credits; X-Request-Cost is in dollars.
cost = x-request-credits
request_id = x-request-id
limit = concurrency-limit
remaining = concurrency-remaining
error_code = code

rule = 200-299 -> page
rule = 300-399 -> redirect
rule = 401 -> account key
# A feature that the plan does not have: other targets fail alike, and the key is fine.
rule = 402 code=AUTH010 -> refused
rule = 402 -> account credits
# The address is blocked for too many errors: going on makes it worse.
rule = 403 code=BLK0001 -> account
rule = 403 -> account confirm
# The target's own 404.
rule = 404 code=RESP002 -> target
# The target's name has no address.
rule = 404 code=RESP007 -> target no-status
rule = 404 -> target
rule = 400 -> refused
# Larger than the plan allows.
rule = 413 -> refused
# The content could not be had.
rule = 422 -> transient
rule = 424 -> transient
rule = 429 -> throttled
rule = 500-599 -> transient
rule = 400-499 -> refused
rule = * -> transient
