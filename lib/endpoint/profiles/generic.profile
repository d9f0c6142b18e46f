# Any endpoint that takes key and target in its query, with --endpoint for its address, --key-param
# for the key's parameter and --param for its own options; or save this text, edit it, and
# give the file with --profile-file.  Nothing is known of such an endpoint [?].
name = generic
timeout = 120
key = query key
target = query url

# Header fields go along as they are.
headers = plain

rule = 200-299 -> page
rule = 300-399 -> redirect
rule = 400 -> refused
rule = 401 -> account key confirm
rule = 402 -> account credits confirm
rule = 408 -> transient
rule = 429 -> throttled
rule = 403-499 -> target
rule = * -> transient
