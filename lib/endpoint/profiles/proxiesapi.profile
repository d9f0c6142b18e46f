# ProxiesAPI.  There is no public reference: what is below comes from its own examples and from
# programs that use it.  Lines marked [?] are guesses on the safe side; to change one, save this
# text, edit it, and give the file with --profile-file.
name = proxiesapi
key_variable = PROXIESAPI_KEY
timeout = 120

# Plain http in every example; whether https works is unknown [?].
endpoint = http://api.proxiesapi.com/

# Its examples send "key"; working programs and its dashboard's sample code send "auth_key".
# --key-param key reaches the other.
key = query auth_key
target = query url
render = render=true

# Declared by the dashboard's sample code, used by no program that was seen [?].
session = session={}

headers = plain
headers_on = use_headers=true

# No header field carries the target's status, the cost or the final URL.
# Some exhausted keys get an empty success, users say [?].
doubts_empty = yes

# A bad key is a 401.  The rest is taken as most endpoints have it [?].
rule = 200-299 -> page
rule = 300-399 -> redirect
rule = 400 -> refused
rule = 401 -> account key
rule = 402 -> account credits
rule = 408 -> transient
rule = 429 -> throttled
rule = 403-499 -> target
rule = * -> transient
