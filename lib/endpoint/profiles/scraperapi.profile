# ScraperAPI.  The endpoint's status is not the target's, which sa-statuscode carries: a target's
# 503 or 429 is a 500 here.
name = scraperapi
endpoint = https://api.scraperapi.com/
key_variable = SCRAPERAPI_KEY

# It repeats for up to 70 s.  Giving up earlier is said to be billed [?].
timeout = 75

# The key may also go as a header field: key = header x-sapi-api_key
key = query api_key
target = query url
render = render=true
premium = premium=true
country = country_code={lower}
session = session_number={}
session_values = number 0 2147483647
device = device_type={}
headers = plain
headers_on = keep_headers=true
method = pass POST PUT

target_status = sa-statuscode
final_url = sa-final-url
cost = sa-credit-cost

rule = 200-299 -> page billed
rule = 300-399 no-target -> redirect
rule = 404 -> target billed
rule = 429 -> throttled unbilled
rule = 401 -> account key unbilled
# Credits are used up, or max_cost is exceeded; with sa-statuscode it is the target's own.
rule = 403 no-target -> account credits confirm unbilled
rule = 400 no-target -> refused unbilled
# "Request failed", after its own repetitions: not charged, and worth another try.
rule = 500-599 target -> target again unbilled
rule = 500-599 -> transient unbilled
rule = * target=400-499 -> target unbilled
rule = 400-499 -> refused unbilled
rule = * -> transient
