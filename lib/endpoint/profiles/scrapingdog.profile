# Scrapingdog.  Parameters but for key and target are not confirmed [?].
name = scrapingdog
endpoint = https://api.scrapingdog.com/scrape
key_variable = SCRAPINGDOG_KEY

# It repeats for up to 60 s.
timeout = 65

key = query api_key
target = query url

# Rendering is on unless told otherwise, and costs five times as much [?].
render = dynamic=true
render_off = dynamic=false
premium = premium=true
country = country={lower}
session = session_number={}
headers = plain
headers_on = custom_headers=true

# Charged on 200 and 404 only.
rule = 200 -> page billed
rule = 201-299 -> page
rule = 300-399 -> redirect
rule = 404 -> target billed
# After its own repetitions: worth another try.
rule = 410 -> transient unbilled
# "Failed": the request may be wrong, or the target hard; one more try tells.
rule = 400 -> transient tries=1 unbilled
rule = 401 -> account key unbilled
rule = 403 -> account credits unbilled
rule = 429 -> throttled unbilled
rule = 500-599 -> transient unbilled
rule = 400-499 -> refused unbilled
rule = * -> transient unbilled
