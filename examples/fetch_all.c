/*
 * The shortest program: a list in, all pages out.
 *
 *   PROXIESAPI_KEY=… ./fetch_all https://example.com/ https://example.org/
 */
#include <stdio.h>

#include <pfetch/fetch.h>

int main(int argc, char **argv)
{
    static const char *const some[] = {"https://example.com/", "https://example.org/", NULL};
    const char *const *urls = argc > 1 ? (const char *const *)argv + 1 : some;
    struct fetch_pages *pages = fetch_all(urls); /* key from $PROXIESAPI_KEY */
    int failed = 0;

    if (pages->error != FETCH_OK) {
        fprintf(stderr, "fetch_all: %s\n", pages->message);
        fetch_pages_free(pages);
        return 2;
    }
    for (size_t i = 0; i < pages->count; i++) { /* in the order of the list */
        const struct fetch_page *page = &pages->page[i];

        printf("%s %s %d %zu bytes\n", page->url, fetch_outcome_name(page->outcome), page->status,
               page->body_len);
        if (page->message) {
            fprintf(stderr, "%s\n", page->message);
            failed = 1;
        }
    }
    fetch_pages_free(pages);
    return failed;
}
