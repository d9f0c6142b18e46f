# ScrapingAnt.
name = scrapingant
endpoint = https://api.scrapingant.com/v2/general
key_variable = SCRAPINGANT_KEY

# Its asynchronous client waits for 120 s.
timeout = 125

# It may also be a parameter: key = query x-api-key
key = header x-api-key
target = query url

# The browser is on unless told otherwise, and costs ten times as much.
render = browser=true
render_off = browser=false
premium = proxy_type=residential
country = proxy_country={upper}
headers = prefix Ant-
method = pass POST PUT DELETE

target_status = ant-page-status-code
cost = ant-credits-cost
error_code = detail

# Errors of its own.  Too many at once is a 409 here.
rule = 409 no-target -> throttled unbilled
rule = 423 -> blocked
# A wrong key, or no credits: the same status for both.
rule = 403 no-target -> account
rule = 401 no-target -> account key
rule = 402 no-target -> account credits
rule = 429 no-target -> throttled
rule = 400 no-target -> refused
rule = 405 no-target -> refused
rule = 422 no-target -> refused
# The target's address cannot be reached.
rule = 404 no-target -> target no-status
# The target was reached.
rule = * target=500-599 -> target again
rule = * target=400-499 -> target
rule = 200-299 -> page
rule = 300-399 no-target -> redirect
rule = 500-599 -> transient
rule = 400-499 -> refused
rule = * -> transient
