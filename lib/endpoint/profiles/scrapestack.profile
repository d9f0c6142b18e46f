# Scrapestack (apilayer).
name = scrapestack
endpoint = https://api.scrapestack.com/scrape
key_variable = SCRAPESTACK_KEY
# Not documented [?].
timeout = 120

key = query access_key
target = query url
# Booleans are 1 and 0.
render = render_js=1
premium = premium_proxy=1
country = proxy_location={lower}
headers = plain
headers_on = keep_headers=1
method = pass POST PUT

# {"success":false,"error":{"code":101,"type":"invalid_access_key"}}, under which status is not
# certain [?], so a success is looked into where it is small and begins like that.
error_code = error.type error.code
error_in_success = yes

rule = * code=invalid_access_key -> account key
rule = * code=missing_access_key -> account key
rule = * code=inactive_user -> account
rule = * code=usage_limit_reached -> account credits
rule = * code=rate_limit_reached -> throttled
rule = * code=scrape_request_failed -> transient
rule = * code=function_access_restricted -> refused
rule = * code=invalid_* -> refused
rule = * code=missing_* -> refused
rule = 200-299 -> page
rule = 300-399 -> redirect
rule = 401 -> account key
rule = 402 -> account credits
rule = 429 -> throttled
rule = 400 -> refused
rule = 403 -> refused
rule = 404 -> target
rule = 500-599 -> transient
rule = 400-499 -> refused
rule = * -> transient
