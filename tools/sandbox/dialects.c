#include "dialect.h"

#include <stddef.h>

/*
 * What is here is what was recorded or documented.  Where a provider's words for something are not
 * known it gets plausible ones, and a client must not depend on them.
 *
 * Credits: a provider that tells the cost tells "{cost}" on every answer that a target was reached
 * for, unless its recorded failures lack it.
 */
#define FAILED SANDBOX_KIND_FAILED
#define THROTTLED SANDBOX_KIND_THROTTLED
#define ACCOUNT SANDBOX_KIND_ACCOUNT
#define REFUSED SANDBOX_KIND_REFUSED
#define NOT_FOUND SANDBOX_KIND_NOT_FOUND

#define ERROR_JSON(sentence) "{\"error\":\"" sentence "\"}\n"
#define DETAIL(sentence) "{\"detail\":\"" sentence "\"}\n"
#define MESSAGE(sentence) "{\"message\":\"" sentence "\"}\n"
#define APILAYER(code, type)                                                                       \
    "{\"success\":false,\"error\":{\"code\":" code ",\"type\":\"" type "\",\"info\":\"...\"}}\n"
#define ZENROWS(status, code, title)                                                               \
    "{\"code\":\"" code "\",\"title\":\"" title "\",\"status\":" status "}\n"
#define ZYTE(status, type, title)                                                                  \
    "{\"type\":\"/" type "\",\"title\":\"" title "\",\"status\":" status "}\n"
#define SCRAPEDO(status, type)                                                                     \
    "{\"StatusCode\":" status ",\"ErrorType\":\"" type "\",\"Message\":[\"...\"]}\n"
#define SCRAPFLY(code, retryable)                                                                  \
    "{\"status\":\"error\",\"code\":\"" code "\",\"retryable\":" retryable "}\n"
#define REJECT(code, retryable)                                                                    \
    "X-Scrapfly-Reject-Code: " code "\nX-Scrapfly-Reject-Retryable: " retryable "\n"

static const struct sandbox_dialect dialects[] = {
    {.name = "proxiesapi",
     .keys = {"auth_key", "key"},
     .target = "url",
     .render = "render",
     .session = "session",
     .headers_on = "use_headers",
     .sayings = {{"bad-key", ACCOUNT, 401, NULL, NULL},
                 {"no-credits", ACCOUNT, 402, NULL, ERROR_JSON("The credits are used up.")},
                 {"throttled", THROTTLED, 429, NULL,
                  ERROR_JSON("Too many calls at once for this plan.")},
                 {"failed", FAILED, 500, NULL, ERROR_JSON("The page could not be fetched.")},
                 {"bad-request", REFUSED, 400, NULL, NULL}}},
    {.name = "generic",
     .keys = {"key", "api_key", "auth_key"},
     .target = "url",
     .sayings = {{"bad-key", ACCOUNT, 401, NULL, NULL},
                 {"no-credits", ACCOUNT, 402, NULL, ERROR_JSON("The credits are used up.")},
                 {"throttled", THROTTLED, 429, NULL,
                  ERROR_JSON("Too many calls at once for this plan.")},
                 {"failed", FAILED, 500, NULL, ERROR_JSON("The page could not be fetched.")},
                 {"bad-request", REFUSED, 400, NULL, NULL}}},
    {.name = "scraperapi",
     .keys = {"api_key"},
     .key_header = "x-sapi-api_key",
     .target = "url",
     .render = "render",
     .session = "session_number",
     .headers_on = "keep_headers",
     .reached = "sa-statuscode: {target}\nsa-final-url: {url}\n",
     .served = "sa-credit-cost: {cost}\n",
     .sayings = {{"bad-key", ACCOUNT, 401, NULL,
                  "Unauthorized request, make sure your API key is valid."},
                 {"no-credits", ACCOUNT, 403, NULL,
                  "You have exhausted the API Credits of this month."},
                 {"throttled", THROTTLED, 429, NULL, "You have reached your concurrency limit."},
                 {"failed", FAILED, 500, NULL,
                  "Request failed. You will not be charged for this request."},
                 {"not-found", NOT_FOUND, 404, NULL, NULL},
                 {"gave-up", FAILED, 500, NULL,
                  "Request failed. You will not be charged for this request."},
                 {"bad-request", REFUSED, 400, NULL, NULL}}},
    {.name = "scrapingbee",
     .keys = {"api_key"},
     .key_header = "Authorization",
     .key_scheme = "Bearer ",
     .target = "url",
     .render = "render_js",
     .session = "session_id",
     .headers_on = "forward_headers",
     .header_prefix = "Spb-",
     .bills_4xx = 1,
     .always = "Spb-request-id: {id}\n",
     .reached = "Spb-initial-status-code: {target}\nSpb-resolved-url: {url}\nSpb-cost: {cost}\n",
     .sayings = {{"bad-key", ACCOUNT, 401, NULL, MESSAGE("Invalid api key")},
                 {"no-credits", ACCOUNT, 401, NULL, MESSAGE("Monthly API calls limit reached")},
                 {"no-permission", ACCOUNT, 403, NULL, MESSAGE("Not allowed")},
                 {"throttled", THROTTLED, 429, NULL, MESSAGE("Too many concurrent requests")},
                 {"failed", FAILED, 500, NULL,
                  MESSAGE("Error with your request, please try again")},
                 {"bad-request", REFUSED, 400, NULL, NULL}}},
    {.name = "scrapingant",
     .key_place = SANDBOX_KEY_HEADER,
     .keys = {"x-api-key"},
     .target = "url",
     .render = "browser",
     .header_prefix = "Ant-",
     .bills_4xx = 1,
     .reached = "Ant-page-status-code: {target}\nAnt-credits-cost: {cost}\n",
     .sayings = {{"bad-key", ACCOUNT, 403, NULL, DETAIL("The API token is wrong")},
                 {"no-credits", ACCOUNT, 403, NULL,
                  DETAIL("You have exceeded your API credits limit")},
                 {"throttled", THROTTLED, 409, NULL,
                  DETAIL("Concurrent requests limit is reached")},
                 {"failed", FAILED, 500, NULL, DETAIL("Something went wrong")},
                 {"detected", FAILED, 423, NULL, DETAIL("The request was detected by the target")},
                 {"unreachable", FAILED, 404, NULL, DETAIL("The URL is not reachable")},
                 {"bad-value", REFUSED, 422, NULL, DETAIL("Invalid value")},
                 {"bad-request", REFUSED, 400, NULL, NULL}}},
    {.name = "crawlbase",
     .keys = {"token"},
     .target = "url",
     .reached = "original_status: {target}\nurl: {url}\n",
     .served = "pc_status: 200\ncb_status: 200\n",
     .captcha = "pc_status: 503\ncb_status: 503\n",
     .sayings = {{"bad-key", ACCOUNT, 401, NULL, ERROR_JSON("Token is invalid")},
                 {"no-credits", ACCOUNT, 402, NULL, ERROR_JSON("Account has no credits left")},
                 {"wrong-token", ACCOUNT, 403, NULL, ERROR_JSON("This token is of the other kind")},
                 {"throttled", THROTTLED, 429, "X-Crawlbase-Concurrency: {limit}\n",
                  ERROR_JSON("Concurrency limit reached")},
                 {"failed", FAILED, 500, NULL, ERROR_JSON("Internal error")},
                 {"not-found", NOT_FOUND, 200, "pc_status: 200\ncb_status: 200\n", NULL},
                 {"gave-up", FAILED, 200, "pc_status: 200\ncb_status: 200\n", NULL},
                 {"crawl-failed", FAILED, 200, "pc_status: 522\ncb_status: 522\n", ""},
                 {"bad-request", REFUSED, 422, NULL, NULL}}},
    {.name = "zenrows",
     .keys = {"apikey"},
     .target = "url",
     .render = "js_render",
     .session = "session_id",
     .headers_on = "custom_headers",
     .always = "X-Request-Id: {id}\nConcurrency-Limit: {limit}\nConcurrency-Remaining: {free}\n",
     .served = "Zr-Final-Url: {url}\nX-Request-Credits: {cost}\n",
     .sayings = {{"bad-key", ACCOUNT, 401, NULL, ZENROWS("401", "AUTH002", "Invalid API key")},
                 {"no-credits", ACCOUNT, 402, NULL, ZENROWS("402", "AUTH004", "Usage exceeded")},
                 {"feature", REFUSED, 402, NULL, ZENROWS("402", "AUTH010", "Not in your plan")},
                 {"banned", ACCOUNT, 403, NULL, ZENROWS("403", "BLK0001", "IP address blocked")},
                 {"throttled", THROTTLED, 429, NULL,
                  ZENROWS("429", "AUTH006", "Concurrency exceeded")},
                 {"failed", FAILED, 502, NULL, ZENROWS("502", "RESP003", "Bad gateway")},
                 {"not-found", NOT_FOUND, 404, NULL, ZENROWS("404", "RESP002", "Page not found")},
                 {"gave-up", FAILED, 422, NULL, ZENROWS("422", "RESP001", "Could not get content")},
                 {"unreachable", FAILED, 404, NULL, ZENROWS("404", "RESP007", "DNS lookup failed")},
                 {"too-large", REFUSED, 413, NULL, ZENROWS("413", "RESP005", "Response too large")},
                 {"bad-request", REFUSED, 400, NULL, ZENROWS("400", "REQS004", "Bad request")}}},
    {.name = "scrapingdog",
     .keys = {"api_key"},
     .target = "url",
     .render = "dynamic",
     .session = "session_number",
     .headers_on = "custom_headers",
     .sayings = {{"bad-key", ACCOUNT, 401, NULL, MESSAGE("Invalid API key")},
                 {"no-credits", ACCOUNT, 403, NULL, MESSAGE("Request limit reached")},
                 {"throttled", THROTTLED, 429, NULL, MESSAGE("Too many concurrent requests")},
                 {"failed", FAILED, 410, NULL, MESSAGE("The request timed out, try again")},
                 {"not-found", NOT_FOUND, 404, NULL, NULL},
                 {"gave-up", FAILED, 410, NULL, MESSAGE("The request timed out, try again")},
                 {"bad-request", REFUSED, 400, NULL, NULL}}},
    {.name = "scrapedo",
     .keys = {"token"},
     .target = "url",
     .render = "render",
     .session = "sessionId",
     .headers_on = "customHeaders",
     .always = "Scrape.do-Request-Id: {id}\n",
     .reached = "Scrape.do-Initial-Status-Code: {target}\nScrape.do-Resolved-Url: {url}\n"
                "Scrape.do-Request-Cost: {cost}\nScrape.do-Remaining-Credits: {left}\n",
     .sayings = {{"bad-key", ACCOUNT, 401, NULL, SCRAPEDO("401", "TokenInvalid")},
                 {"no-credits", ACCOUNT, 401, NULL, SCRAPEDO("401", "NoCredits")},
                 {"busy", THROTTLED, 401, NULL,
                  "{\"StatusCode\":401,\"ErrorType\":\"Auth\",\"Message\":[\"Your key is "
                  "temporarily throttled by the authentication server\"]}\n"},
                 {"throttled", THROTTLED, 429, NULL, SCRAPEDO("429", "Concurrency")},
                 {"failed", FAILED, 502, NULL, SCRAPEDO("502", "RequestFailed")},
                 {"bad-request", REFUSED, 400, NULL, SCRAPEDO("400", "BadRequest")}}},
    {.name = "scrapfly",
     .keys = {"key"},
     .target = "url",
     .render = "render_js",
     .session = "session",
     .bills_4xx = 1,
     .wrapping = SANDBOX_WRAP_SCRAPFLY,
     .always = "X-Scrapfly-Account-Concurrent-Usage: {in_use}\n"
               "X-Scrapfly-Account-Remaining-Concurrent-Usage: {free}\n",
     .reached = "X-Scrapfly-Log-Uuid: {id}\nX-Scrapfly-Api-Cost: {cost}\n"
                "X-Scrapfly-Remaining-Api-Credit: {left}\n",
     .sayings = {{"bad-key", ACCOUNT, 401, NULL, SCRAPFLY("UNAUTHORIZED", "false")},
                 {"no-credits", ACCOUNT, 429,
                  REJECT("ERR::THROTTLE::MAX_API_CREDIT_BUDGET_EXCEEDED", "true"),
                  SCRAPFLY("ERR::THROTTLE::MAX_API_CREDIT_BUDGET_EXCEEDED", "true")},
                 {"quota", ACCOUNT, 429, REJECT("ERR::SCRAPE::QUOTA_LIMIT_REACHED", "false"),
                  SCRAPFLY("ERR::SCRAPE::QUOTA_LIMIT_REACHED", "false")},
                 {"no-permission", REFUSED, 403, NULL, SCRAPFLY("FORBIDDEN", "false")},
                 {"throttled", THROTTLED, 429,
                  REJECT("ERR::THROTTLE::MAX_CONCURRENT_REQUEST_EXCEEDED", "true"),
                  SCRAPFLY("ERR::THROTTLE::MAX_CONCURRENT_REQUEST_EXCEEDED", "true")},
                 {"failed", FAILED, 422,
                  REJECT("ERR::SCRAPE::NETWORK_ERROR", "true") "X-Scrapfly-Api-Cost: 0\n",
                  SCRAPFLY("ERR::SCRAPE::NETWORK_ERROR", "true")},
                 {"final", FAILED, 422, REJECT("ERR::SCRAPE::DRIVER_CRASHED", "false"),
                  SCRAPFLY("ERR::SCRAPE::DRIVER_CRASHED", "false")},
                 {"not-found", NOT_FOUND, 200,
                  REJECT("ERR::SCRAPE::BAD_UPSTREAM_RESPONSE", "false"), NULL},
                 {"gave-up", FAILED, 200, REJECT("ERR::SCRAPE::BAD_UPSTREAM_RESPONSE", "false"),
                  NULL},
                 {"unreachable", FAILED, 400, REJECT("ERR::SCRAPE::CONFIG_ERROR", "false"),
                  SCRAPFLY("ERR::SCRAPE::CONFIG_ERROR", "false")},
                 {"bad-request", REFUSED, 400, NULL,
                  SCRAPFLY("ERR::SCRAPE::CONFIG_ERROR", "false")}}},
    {.name = "webscrapingapi",
     .keys = {"api_key"},
     .target = "url",
     .render = "render_js",
     .session = "session",
     .headers_on = "keep_headers",
     .header_prefix = "WSA-",
     .served = "WSA-Scraped-Resolved-Url: {url}\nWSA-Call-Credit-Usage: {cost}\n"
               "WSA-Current-Credit-Usage: {spent}\n",
     .sayings = {{"bad-key", ACCOUNT, 401, NULL, MESSAGE("The API key is wrong")},
                 {"no-credits", ACCOUNT, 401, NULL, MESSAGE("The quota is exceeded")},
                 {"feature", REFUSED, 403, NULL, MESSAGE("Not in your plan")},
                 {"throttled", THROTTLED, 429, NULL, MESSAGE("Too many concurrent requests")},
                 {"failed", FAILED, 422, NULL, MESSAGE("The request failed")},
                 {"not-found", NOT_FOUND, 404, NULL, NULL},
                 {"gave-up", FAILED, 422, NULL, MESSAGE("The request failed")},
                 {"bad-request", REFUSED, 400, NULL, NULL}}},
    {.name = "scrapestack",
     .keys = {"access_key"},
     .target = "url",
     .render = "render_js",
     .headers_on = "keep_headers",
     .sayings = {{"bad-key", ACCOUNT, 200, NULL, APILAYER("101", "invalid_access_key")},
                 {"no-credits", ACCOUNT, 200, NULL, APILAYER("104", "usage_limit_reached")},
                 {"throttled", THROTTLED, 200, NULL, APILAYER("106", "rate_limit_reached")},
                 {"failed", FAILED, 200, NULL, APILAYER("105", "scrape_request_failed")},
                 {"feature", REFUSED, 403, NULL, APILAYER("105", "function_access_restricted")},
                 {"bad-request", REFUSED, 400, NULL, APILAYER("210", "missing_url")}}},
    {.name = "zyte",
     .key_place = SANDBOX_KEY_BASIC,
     .target = "url",
     .render = "browserHtml",
     .posts_json = 1,
     .wrapping = SANDBOX_WRAP_ZYTE,
     .always = "request-id: {id}\n",
     .sayings =
         {{"bad-key", ACCOUNT, 401, NULL, ZYTE("401", "auth/key-not-found", "Key Not Found")},
          {"no-credits", ACCOUNT, 402, NULL, ZYTE("402", "auth/no-credits", "No Credits")},
          {"suspended", ACCOUNT, 403, NULL,
           ZYTE("403", "auth/account-suspended", "Account Suspended")},
          {"throttled", THROTTLED, 429, NULL,
           ZYTE("429", "limits/over-user-limit", "Too Many Requests")},
          {"busy", THROTTLED, 503, NULL,
           ZYTE("503", "limits/over-global-limit", "Service Unavailable")},
          {"failed", FAILED, 520, NULL, ZYTE("520", "download/temporary-error", "Website Ban")},
          {"permanent", FAILED, 521, NULL,
           ZYTE("521", "download/internal-error", "Download Error")},
          {"not-found", NOT_FOUND, 200, NULL, NULL},
          {"gave-up", FAILED, 200, NULL, NULL},
          {"bad-request", REFUSED, 400, NULL, ZYTE("400", "request/invalid", "Bad Request")}}},
};

#define DIALECTS (sizeof(dialects) / sizeof(dialects[0]))

const struct sandbox_dialect *sandbox_dialect_default(void)
{
    return &dialects[0];
}

const struct sandbox_dialect *sandbox_dialect_at(unsigned i)
{
    return i < DIALECTS ? &dialects[i] : NULL;
}

const struct sandbox_dialect *sandbox_dialect_find(struct sandbox_text name)
{
    for (size_t i = 0; i < DIALECTS; i++) {
        if (sandbox_text_is(name, dialects[i].name))
            return &dialects[i];
    }
    return NULL;
}

const struct sandbox_saying *sandbox_dialect_saying(const struct sandbox_dialect *dialect,
                                                    struct sandbox_text name)
{
    for (size_t i = 0; i < SANDBOX_SAYINGS_MAX && dialect->sayings[i].name != NULL; i++) {
        if (sandbox_text_is(name, dialect->sayings[i].name))
            return &dialect->sayings[i];
    }
    return NULL;
}

const char *sandbox_saying_words(const struct sandbox_saying *saying)
{
    return saying->body != NULL ? saying->body : ERROR_JSON("The call is refused.");
}
