# Scrape.do.  Where Scrape.do-Initial-Status-Code is missing, the status is its own.
name = scrapedo
endpoint = https://api.scrape.do/
key_variable = SCRAPEDO_KEY

# Its own timeout is up to 120 s.
timeout = 125

key = query token
target = query url
render = render=true
premium = super=true
country = geoCode={lower}
session = sessionId={}
session_values = number 0 1000000
device = device={}
headers = plain
headers_on = customHeaders=true

target_status = scrape.do-initial-status-code
final_url = scrape.do-resolved-url
cost = scrape.do-request-cost
credits_left = scrape.do-remaining-credits
request_id = scrape.do-request-id scrape.do-rid
error_code = ErrorCode ErrorType

# 2xx, 404 and a target's 400 are billed; 429, 401, 502 and 510 are not.
rule = 200-299 -> page billed
rule = 300-399 no-target -> redirect
rule = 404 -> target billed
rule = 400 target=400 -> target billed
rule = 400 no-target -> refused
rule = 429 no-target -> throttled unbilled
# Its authentication server may be busy, which passes.
rule = 401 no-target says="temporarily throttled" -> throttled unbilled
# No credits, suspended, or a wrong key; perhaps passing all the same.
rule = 401 no-target -> account confirm unbilled
rule = 502 -> transient unbilled
rule = 510 -> transient unbilled
rule = * target=500-599 -> target again
rule = * target=400-499 -> target
rule = 500-599 -> transient
rule = 400-499 -> refused
rule = * -> transient
