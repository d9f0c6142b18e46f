/*
 * A rule: "STATUS [CONDITION ...] -> MEANING [REMARK ...]".
 */
#include "endpoint/profile_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define MAX_TRIES 100u

bool pf_reader_range(const char *text, struct pf_range *range)
{
    const char *dash = strchr(text, '-');
    size_t n = dash ? (size_t)(dash - text) : strlen(text);
    uint64_t from, to;

    if (!pf_text_u64(text, n, &from))
        return false;
    to = from;
    if (dash && !pf_text_u64(dash + 1, strlen(dash + 1), &to))
        return false;
    if (from < 1 || from > to || to > 999)
        return false;
    *range = (struct pf_range){(int)from, (int)to};
    return true;
}

/* "name" or "name=value"; the value, "" without one, NULL: it is another name. */
static const char *value_of(const char *word, const char *name)
{
    size_t n = strlen(name);

    if (strncmp(word, name, n) != 0)
        return NULL;
    return word[n] == '\0' ? word + n : word[n] == '=' && word[n + 1] ? word + n + 1 : NULL;
}

/* "target", "target=N-M". */
static bool read_presence(const char *value, enum pf_needs *needs, struct pf_range *range)
{
    *needs = PF_NEEDS_PRESENT;
    return *value == '\0' || pf_reader_range(value, range);
}

/* The conditions; each is in a rule once at most, "no-..." and "not-..." being the same one. */
enum condition { NO_CONDITION = 0, TARGET = 1, CRAWL = 2, RETRYABLE = 4, CODE = 8, SAYS = 16 };

static enum condition condition_of(struct pf_rule *rule, const char *word, bool *fine)
{
    const char *value;

    if ((value = value_of(word, "target"))) {
        *fine = read_presence(value, &rule->needs_target, &rule->target);
        return TARGET;
    }
    if ((value = value_of(word, "crawl"))) {
        *fine = read_presence(value, &rule->needs_crawl, &rule->crawl);
        return CRAWL;
    }
    if ((value = value_of(word, "code")) && *value) {
        rule->code = value;
        return CODE;
    }
    if ((value = value_of(word, "says")) && *value) {
        rule->says = value;
        return SAYS;
    }
    if (strcmp(word, "no-target") == 0) {
        rule->needs_target = PF_NEEDS_ABSENT;
        return TARGET;
    }
    if (strcmp(word, "no-crawl") == 0) {
        rule->needs_crawl = PF_NEEDS_ABSENT;
        return CRAWL;
    }
    if (strcmp(word, "retryable") == 0)
        rule->retryable = PF_NEEDS_PRESENT;
    else if (strcmp(word, "not-retryable") == 0)
        rule->retryable = PF_NEEDS_ABSENT;
    else
        return NO_CONDITION;
    return RETRYABLE;
}

static bool read_condition(struct pf_reader *r, struct pf_rule *rule, const char *word,
                           unsigned *seen)
{
    bool fine = true;
    enum condition condition = condition_of(rule, word, &fine);

    if (condition == NO_CONDITION)
        return pf_reader_wrong(
            r,
            "\"%.40s\" is no condition: target, no-target, target=N-M, crawl, "
            "no-crawl, crawl=N-M, code=TEXT, says=TEXT, retryable, not-retryable",
            word);
    if (!fine)
        return pf_reader_wrong(r, "\"%.40s\" has no status or range, such as 404 or 500-599", word);
    if (*seen & condition)
        return pf_reader_wrong(r, "\"%.40s\": the rule has such a condition already", word);
    *seen |= condition;
    return true;
}

static bool read_meaning(struct pf_reader *r, struct pf_rule *rule, const char *word)
{
    static const struct {
        const char *word;
        enum pf_meaning meaning;
    } words[] = {
        {"page", PF_MEANS_PAGE},           {"target", PF_MEANS_TARGET},
        {"transient", PF_MEANS_TRANSIENT}, {"blocked", PF_MEANS_BLOCKED},
        {"refused", PF_MEANS_REFUSED},     {"throttled", PF_MEANS_THROTTLED},
        {"account", PF_MEANS_ACCOUNT},     {"redirect", PF_MEANS_REDIRECT},
    };

    for (size_t i = 0; word && i < COUNT(words); i++)
        if (strcmp(words[i].word, word) == 0) {
            rule->meaning = words[i].meaning;
            return true;
        }
    return pf_reader_wrong(r,
                           "\"%.40s\" is no meaning: page, target, transient, blocked, refused, "
                           "throttled, account or redirect",
                           word ? word : "");
}

static bool read_remark(struct pf_reader *r, struct pf_rule *rule, const char *word)
{
    bool account = rule->meaning == PF_MEANS_ACCOUNT, target = rule->meaning == PF_MEANS_TARGET;
    const char *value;
    uint64_t n;

    if (strcmp(word, "billed") == 0)
        rule->billed = FETCH_BILLED_YES;
    else if (strcmp(word, "unbilled") == 0)
        rule->billed = FETCH_BILLED_NO;
    else if (account && strcmp(word, "key") == 0)
        rule->account = PF_ACCOUNT_KEY;
    else if (account && strcmp(word, "credits") == 0)
        rule->account = PF_ACCOUNT_CREDITS;
    else if (account && strcmp(word, "confirm") == 0)
        rule->confirm = true;
    else if (target && strcmp(word, "again") == 0)
        rule->again = true;
    else if (target && strcmp(word, "no-status") == 0)
        rule->no_status = true;
    else if ((value = value_of(word, "tries")) && pf_text_u64(value, strlen(value), &n) && n > 0 &&
             n <= MAX_TRIES)
        rule->max_tries = (unsigned)n;
    else
        return pf_reader_wrong(
            r,
            "\"%.40s\" is no remark on this: billed, unbilled, tries=N; on account "
            "key, credits, confirm; on target again, no-status",
            word);
    return true;
}

static bool read_rule(struct pf_reader *r, struct pf_rule *rule, char *value)
{
    char *word = pf_reader_word(&value);
    unsigned seen = 0;

    rule->status = (struct pf_range){0, 999};
    if (!word || (strcmp(word, "*") != 0 && !pf_reader_range(word, &rule->status)))
        return pf_reader_wrong(r, "a rule begins with the endpoint's status: 404, 500-599 or *");
    while ((word = pf_reader_word(&value)) && strcmp(word, "->") != 0)
        if (!read_condition(r, rule, word, &seen))
            return false;
    if (!word)
        return pf_reader_wrong(r, "a rule goes on with \"-> MEANING\", such as \"-> transient\"");
    if (!read_meaning(r, rule, pf_reader_word(&value)))
        return false;
    while ((word = pf_reader_word(&value)))
        if (!read_remark(r, rule, word))
            return false;
    return true;
}

bool pf_reader_rule(struct pf_reader *r, char *value)
{
    struct pf_profile *p = r->profile;
    struct pf_rule rule = {.billed = FETCH_BILLED_UNKNOWN}, *more;

    if (p->rule_count == PF_MAX_RULES)
        return pf_reader_wrong(r, "there are more than %u rules", PF_MAX_RULES);
    if (!read_rule(r, &rule, value))
        return false;
    more = realloc(p->rule, (p->rule_count + 1) * sizeof *more);
    if (!more)
        return pf_reader_no_memory(r);
    p->rule = more;
    p->rule[p->rule_count++] = rule;
    return true;
}
