# Zyte API.  A POST of JSON, the key as the user of Basic authentication; the answer is JSON with the
# page in base64, and the target's status in it: a 200 of the endpoint says only that there is one.
name = zyte
endpoint = https://api.zyte.com/v1/extract
key_variable = ZYTE_KEY

# The server takes up to 200 s; its own client waits for 320.
timeout = 320

key = basic
target = json url

# A browser's page instead of the answer's bytes.
render = browserHtml=true
render_off = httpResponseBody=true httpResponseHeaders=true
country = geolocation={upper}
# The session's shape is not confirmed [?].
session = session.id={}
device = device={}
headers = json customHttpRequestHeaders
method = json httpRequestMethod
body = httpRequestBody

envelope_body = httpResponseBody base64
envelope_body = browserHtml text
envelope_status = statusCode
envelope_final_url = url
envelope_headers = httpResponseHeaders
request_id = request-id
error_code = type

rule = 200-299 target=500-599 -> target
rule = 200-299 target=400-499 -> target
rule = 200-299 -> page
rule = 300-399 -> redirect
# Both are rate limiting, and free: to be asked again until they are not.
rule = 429 -> throttled unbilled
rule = 503 -> throttled unbilled
rule = 401 -> account key
rule = 402 -> account credits
# Suspended [?].
rule = 403 -> account confirm
rule = 400 -> refused
rule = 422 -> refused
# A download error that passes, and one that does not; other failures of the server's.
rule = 520 -> transient tries=3
rule = 521 -> transient tries=1
rule = 500-599 -> transient tries=1
rule = 400-499 -> refused
rule = * -> transient tries=1
