# Crawlbase.  Three statuses: the endpoint's (was the request processed), pc_status or, newer,
# cb_status (did the crawl work: 503 stands for a CAPTCHA under a 200), original_status (the target's).
name = crawlbase
endpoint = https://api.crawlbase.com/
key_variable = CRAWLBASE_KEY

# A request takes up to 90 s.
timeout = 95

# There are two keys, the second of which renders: --render has no spelling, use that key.
key = query token
target = query url
country = country={upper}
device = device={}

target_status = original_status
crawl_status = cb_status pc_status
final_url = url
limit = x-crawlbase-concurrency
error_code = error

rule = 429 no-crawl -> throttled unbilled
rule = 401 no-crawl -> account key unbilled
rule = 402 no-crawl -> account credits unbilled
# The wrong one of the two keys.
rule = 403 no-crawl -> account key unbilled
rule = 422 no-crawl -> refused unbilled
# Billed are a crawl of 200 with one of these of the target, and nothing else.
rule = 200-299 crawl=200 target=200-201 -> page billed
rule = 200-299 crawl=200 target=204 -> page billed
rule = 200-299 crawl=200 target=301-302 -> page billed
rule = 200-299 crawl=200 target=404 -> target billed
rule = 200-299 crawl=200 target=410 -> target billed
rule = 200-299 crawl=200 target=400-499 -> target unbilled
rule = 200-299 crawl=200 target=500-599 -> target again unbilled
rule = 200-299 crawl=200 target -> page unbilled
rule = 200-299 crawl=200 -> page
# Their own list of what is final: 401 to 404, 410, 422, 451.
rule = * crawl=401-404 -> target unbilled
rule = * crawl=410 -> target unbilled
rule = * crawl=422 -> refused unbilled
rule = * crawl=451 -> target unbilled
rule = * crawl=429 -> throttled unbilled
rule = * crawl -> transient unbilled
rule = 200-299 -> page
rule = 300-399 -> redirect
rule = 400 -> refused
rule = 404 -> target
rule = 410 -> target
rule = 451 -> target
rule = * -> transient unbilled
