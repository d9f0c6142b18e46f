# WebScrapingAPI.
name = webscrapingapi
endpoint = https://api.webscrapingapi.com/v2
key_variable = WEBSCRAPINGAPI_KEY

# Its own timeout is up to 120 s.
timeout = 125

key = query api_key
target = query url
# Booleans are 1 and 0 [?].
render = render_js=1
premium = proxy_type=residential
country = country={lower}
session = session={}
device = device={}
headers = prefix WSA-
headers_on = keep_headers=1

final_url = wsa-scraped-resolved-url
cost = wsa-call-credit-usage

rule = 200-299 -> page
rule = 300-399 -> redirect
# The request is wrong, or the page could not be had: one more try tells.
rule = 400 -> transient tries=1
# The key is wrong, or the quota exceeded: the same status for both.
rule = 401 -> account
rule = 402 -> account credits
# A feature that the plan does not have.
rule = 403 -> refused
rule = 404 -> target
rule = 406 -> refused
# The request is fine and failed, as for a CAPTCHA under a 200.
rule = 422 -> transient
rule = 429 -> throttled
rule = 500-599 -> transient
rule = 400-499 -> refused
rule = * -> transient
