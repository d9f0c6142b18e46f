/* TLS: who is trusted, which versions, how sessions and connections end. */
#include "unit/rig.h"

#include <stdio.h>

#include "transport/tls.h"
#include "unit/certs.h"
#include "unit/unit.h"

#define TARGET "http://example.com/"
#define NAME "api.endpoint.test"

/* A rig whose peer speaks TLS and whose endpoint is https://api.endpoint.test/. */
struct scene {
    struct rig r;
    struct certs certs;
    SSL_CTX *server;
    char url[80], entry[80];
    const char *resolve[1];
    const char *spoken; /* by the peer, as ALPN has it */
    char sni[80];       /* the name that the client asked for last; empty without */
};

static int on_sni(SSL *ssl, int *alert, void *arg)
{
    struct scene *s = arg;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

    (void)alert;
    (void)snprintf(s->sni, sizeof s->sni, "%s", name ? name : "");
    return SSL_TLSEXT_ERR_OK;
}

/* Of what the client offers, the peer speaks this. */
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                   const unsigned char *in, unsigned in_len, void *arg)
{
    const struct scene *s = arg;
    const void *spoken = s->spoken;
    unsigned char *chosen;

    (void)ssl;
    ck_assert_int_eq(
        SSL_select_next_proto(&chosen, out_len, spoken, (unsigned)strlen(s->spoken), in, in_len),
        OPENSSL_NPN_NEGOTIATED);
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static void scene_init(struct scene *s, const char *names, int days)
{
    memset(s, 0, sizeof *s);
    rig_init(&s->r);
    certs_init(&s->certs);
    s->spoken = "\x08http/1.1";
    s->server = certs_server(&s->certs, names, days);
    SSL_CTX_set_tlsext_servername_callback(s->server, on_sni);
    SSL_CTX_set_tlsext_servername_arg(s->server, s);
    SSL_CTX_set_alpn_select_cb(s->server, on_alpn, s);
    peer_use_tls(&s->r.peer, s->server);
    (void)snprintf(s->url, sizeof s->url, "https://" NAME ":%u/", s->r.peer.port);
    (void)snprintf(s->entry, sizeof s->entry, NAME ":%u:127.0.0.1", s->r.peer.port);
    s->resolve[0] = s->entry;
    s->r.options.endpoint = s->url;
    s->r.options.resolve = s->resolve;
    s->r.options.resolve_count = 1;
    s->r.options.ca_file = s->certs.file;
    s->r.options.retries = 0;
}

static void scene_fini(struct scene *s)
{
    rig_fini(&s->r);
    SSL_CTX_free(s->server);
    certs_fini(&s->certs);
}

/* ---------------------------------------------------------------- trust -- */

START_TEST(a_good_certificate)
{
    struct scene s;

    scene_init(&s, _i == 0 ? "DNS:" NAME : "DNS:other.test,DNS:*.endpoint.test", 30);
    peer_then(&s.r.peer, peer_ok);
    rig_start(&s.r);
    ck_assert_ptr_null(s.r.log.data); /* no word about a key in the clear */
    for (int i = 0; i < 10; i++)
        rig_submit(&s.r, TARGET);
    rig_run(&s.r);
    for (int i = 0; i < 10; i++)
        rig_check_hello(s.r.target[i].page);
    ck_assert_str_eq(s.sni, NAME);
    ck_assert_uint_le(s.r.peer.accepted, 5); /* tickets on idle connections do not end them */
    scene_fini(&s);
}
END_TEST

/* Wrong host, expired, another authority, the system's authorities, a partial wildcard. */
START_TEST(a_bad_certificate)
{
    static const char *const names[] = {
        "DNS:other.test",       "DNS:" NAME, "DNS:" NAME, "DNS:" NAME,
        "DNS:a*.endpoint.test", "DNS:" NAME};
    const struct fetch_page *page;
    struct certs other;
    struct scene s;

    certs_init(&other);
    scene_init(&s, names[_i], _i == 1 ? -1 : 30);
    s.r.options.retries = 3;
    if (_i == 2)
        s.r.options.ca_file = other.file;
    if (_i == 3)
        s.r.options.ca_file = NULL;
    if (_i == 5) { /* its name is an address, for which it has no entry */
        s.r.options.endpoint = s.r.peer.url;
    }
    peer_then(&s.r.peer, peer_ok);
    rig_start(&s.r);
    page = rig_fetch(&s.r, TARGET);
    rig_check_failed(page, FETCH_OUTCOME_NETWORK, FETCH_E_CERTIFICATE);
    ck_assert_int_eq(page->phase, FETCH_PHASE_TLS);
    ck_assert_uint_eq(page->attempts, 1); /* it would be the same certificate again */
    ck_assert_uint_eq(s.r.peer.request_count, 0);
    scene_fini(&s);
    certs_fini(&other);
}
END_TEST

START_TEST(an_address_as_its_name)
{
    struct scene s;

    scene_init(&s, "IP:127.0.0.1", 30);
    s.r.options.endpoint = s.r.peer.url;
    peer_then(&s.r.peer, peer_ok);
    rig_start(&s.r);
    rig_check_hello(rig_fetch(&s.r, TARGET));
    ck_assert_str_eq(s.sni, ""); /* RFC 6066: names only */
    scene_fini(&s);
}
END_TEST

START_TEST(insecure_takes_any)
{
    struct scene s;

    scene_init(&s, "DNS:other.test", -1);
    s.r.options.ca_file = NULL;
    s.r.options.insecure = 1;
    peer_then(&s.r.peer, peer_ok);
    rig_start(&s.r);
    rig_check_hello(rig_fetch(&s.r, TARGET));
    ck_assert_str_eq(s.sni, NAME);
    scene_fini(&s);
}
END_TEST

START_TEST(a_trust_file_without_certificates)
{
    struct fetch_failure failure;
    struct scene s;
    FILE *file;

    scene_init(&s, "DNS:" NAME, 30);
    file = fopen(s.certs.file, "w");
    ck_assert_ptr_nonnull(file);
    (void)fputs("no PEM\n", file);
    ck_assert_int_eq(fclose(file), 0);
    s.r.options.key = RIG_KEY;
    ck_assert_int_eq(fetch_client_new(&s.r.client, s.r.base, &s.r.options, &failure),
                     FETCH_E_CERTIFICATE);
    ck_assert_ptr_null(s.r.client);
    ck_assert_ptr_nonnull(strstr(failure.message, s.certs.file));
    scene_fini(&s);
}
END_TEST

/* ------------------------------------------------------------- handshake -- */

static const struct {
    int version;
    bool good;
} versions[] = {{TLS1_1_VERSION, false}, {TLS1_2_VERSION, true}, {TLS1_3_VERSION, true}};

START_TEST(versions_from_1_2_on)
{
    const struct fetch_page *page;
    struct scene s;

    scene_init(&s, "DNS:" NAME, 30);
    SSL_CTX_set_security_level(s.server, 0);
    ck_assert_int_eq(SSL_CTX_set_min_proto_version(s.server, TLS1_VERSION), 1);
    ck_assert_int_eq(SSL_CTX_set_max_proto_version(s.server, versions[_i].version), 1);
    peer_then(&s.r.peer, peer_ok);
    rig_start(&s.r);
    page = rig_fetch(&s.r, TARGET);
    if (versions[_i].good) {
        rig_check_hello(page);
    } else {
        rig_check_failed(page, FETCH_OUTCOME_NETWORK, FETCH_E_TLS);
        ck_assert_int_eq(page->phase, FETCH_PHASE_TLS);
    }
    scene_fini(&s);
}
END_TEST

/* A system's own configuration may already refuse 1.1, as above; this does it everywhere. */
START_TEST(the_context_s_oldest_version)
{
    struct pf_tls tls;

    ck_assert_int_eq(pf_tls_init(&tls, NULL, true, NULL), FETCH_OK);
    ck_assert_int_eq((int)SSL_CTX_get_min_proto_version(tls.context), TLS1_2_VERSION);
    pf_tls_fini(&tls);
}
END_TEST

/* Each connection ends with its answer, so each page needs a new one. */
START_TEST(sessions_are_resumed)
{
    static const struct peer_step last[] = {
        PEER_SENDS("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello"),
        PEER_DO(PEER_CLOSE), PEER_DO(PEER_END)};
    struct scene s;

    scene_init(&s, "DNS:" NAME, 30);
    ck_assert_int_eq(SSL_CTX_set_max_proto_version(s.server, versions[1 + _i].version), 1);
    peer_then(&s.r.peer, last);
    rig_start(&s.r);
    for (int i = 0; i < 6; i++)
        rig_check_hello(rig_fetch(&s.r, TARGET));
    ck_assert_uint_eq(s.r.peer.handshakes, 6);
    ck_assert_uint_eq(s.r.peer.resumed, 5);
    scene_fini(&s);
}
END_TEST

/* A peer that takes the connection and says nothing. */
START_TEST(a_handshake_that_does_not_go_on)
{
    const struct fetch_page *page;
    struct rig_target *t;
    struct scene s;

    scene_init(&s, "DNS:" NAME, 30);
    s.r.peer.tls = NULL;
    s.r.options.connect_timeout_ms = _i == 0 ? 300 : 0;
    s.r.options.timeout_ms = _i == 3 ? 300 : 0;
    peer_then(&s.r.peer, peer_silent);
    rig_start(&s.r);
    t = rig_submit(&s.r, TARGET);
    rig_until(&s.r, s.r.peer.open == 1);
    rig_quiet(&s.r);
    if (_i == 1)
        fetch_call_cancel(t->call);
    if (_i == 2)
        rig_free_client(&s.r);
    rig_run(&s.r);
    page = t->page;
    if (_i == 0) {
        rig_check_failed(page, FETCH_OUTCOME_NETWORK, FETCH_E_CONNECT);
        ck_assert_int_eq(page->phase, FETCH_PHASE_TLS);
    } else if (_i == 3) { /* the attempt's time is over before the connection's */
        rig_check_failed(page, FETCH_OUTCOME_TIMEOUT, FETCH_E_TIMEOUT);
        ck_assert_int_eq(page->phase, FETCH_PHASE_TLS);
    } else {
        rig_check_failed(page, FETCH_OUTCOME_CANCELLED, FETCH_E_CANCELLED);
    }
    scene_fini(&s);
}
END_TEST

START_TEST(a_peer_without_tls)
{
    const struct fetch_page *page;
    struct scene s;

    scene_init(&s, "DNS:" NAME, 30);
    s.r.peer.tls = NULL;
    s.r.peer.hasty = true;
    peer_then(&s.r.peer, _i == 0 ? peer_ok : _i == 1 ? peer_close : peer_reset);
    rig_start(&s.r);
    page = rig_fetch(&s.r, TARGET);
    rig_check_failed(page, FETCH_OUTCOME_NETWORK, FETCH_E_TLS);
    ck_assert_int_eq(page->phase, FETCH_PHASE_TLS);
    ck_assert(!strstr(s.r.peer.request[0].head, RIG_KEY));
    scene_fini(&s);
}
END_TEST

/* ------------------------------------------------------------ exchanges -- */

/* How the connection ends, and what that makes of the body. */
static const struct {
    const char *head;
    enum peer_act end;
    bool good;
} ends[] = {
    {"", PEER_CLOSE, true},
    {"", PEER_CUT, false},
    {"", PEER_RESET, false},
    {"content-length: 5\r\n", PEER_CUT, true},
    {"transfer-encoding: chunked\r\n", PEER_CLOSE, false},
    {"content-length: 6\r\n", PEER_CLOSE, false},
};

START_TEST(a_body_that_ends_with_its_connection)
{
    struct peer_step script[3] = {{.act = PEER_SEND}, {.act = ends[_i].end}};
    const struct fetch_page *page;
    char answer[200];
    struct scene s;

    (void)snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\n%s\r\n%shello", ends[_i].head,
                   _i == 4 ? "5\r\n" : "");
    script[0].bytes = answer;
    script[0].len = strlen(answer);
    scene_init(&s, "DNS:" NAME, 30);
    peer_then(&s.r.peer, script);
    rig_start(&s.r);
    page = rig_fetch(&s.r, TARGET);
    if (ends[_i].good) {
        rig_check_hello(page);
    } else {
        rig_check_failed(page, FETCH_OUTCOME_NETWORK, FETCH_E_TRUNCATED);
        ck_assert_str_eq(page->body, "hello");
    }
    scene_fini(&s);
}
END_TEST

START_TEST(a_stale_connection_is_replaced)
{
    static const struct peer_step cut[] = {PEER_DO(PEER_CUT), PEER_DO(PEER_END)};
    static const struct peer_step *const stale[] = {peer_close, cut, peer_reset};
    struct scene s;

    scene_init(&s, "DNS:" NAME, 30);
    peer_then(&s.r.peer, peer_ok);
    peer_then(&s.r.peer, stale[_i]);
    peer_then(&s.r.peer, peer_ok);
    rig_start(&s.r);
    rig_check_hello(rig_fetch(&s.r, TARGET));
    rig_check_hello(rig_fetch(&s.r, TARGET));
    ck_assert_uint_eq(rig_stats(&s.r).resent, 1);
    if (_i != 1) /* OpenSSL gives up a session whose connection was cut off */
        ck_assert_uint_eq(s.r.peer.resumed, 1);
    scene_fini(&s);
}
END_TEST

/* It agrees on HTTP/2 and then speaks HTTP/1.1, or goes away. */
START_TEST(a_peer_that_does_not_speak_as_agreed)
{
    static const struct peer_step *const said[] = {peer_ok, peer_close, peer_reset};
    struct scene s;

    scene_init(&s, "DNS:" NAME, 30);
    s.spoken = "\x02h2";
    s.r.options.retries = 1;
    peer_then(&s.r.peer, said[_i]);
    rig_start(&s.r);
    for (int i = 0; i < 10; i++)
        rig_submit(&s.r, TARGET);
    rig_run(&s.r);
    for (unsigned i = 0; i < 10; i++) {
        ck_assert_int_ne(s.r.target[i].page->outcome, FETCH_OUTCOME_OK);
        ck_assert_uint_eq(s.r.target[i].page->attempts, 2);
    }
    ck_assert_uint_le(s.r.peer.accepted, 40);
    scene_fini(&s);
}
END_TEST

/* Larger than a record in both directions, and than what the peer takes at once. */
START_TEST(large_requests_and_answers)
{
    enum { SIZE = 1 << 20 };
    static char answer[SIZE + 100];
    struct peer_step script[2] = {{.act = _i == 2 ? PEER_DRIP : PEER_SEND, .bytes = answer}};
    size_t body_len = _i == 2 ? 100 : SIZE, url_len = 65536;
    char *url = malloc(url_len + 1);
    struct scene s;

    ck_assert_ptr_nonnull(url);
    memset(url, '/', url_len);
    memcpy(url, TARGET, strlen(TARGET));
    url[url_len] = '\0';
    (void)snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\ncontent-length: %zu\r\n\r\n",
                   body_len);
    script[0].len = strlen(answer) + body_len;
    for (size_t i = strlen(answer); i < script[0].len; i++)
        answer[i] = (char)('a' + i % 23);
    scene_init(&s, "DNS:" NAME, 30);
    if (_i == 1)
        peer_narrow(&s.r.peer);
    peer_then(&s.r.peer, script);
    rig_start(&s.r);
    for (int i = 0; i < 3; i++) {
        const struct fetch_page *page = rig_fetch(&s.r, url);

        ck_assert_int_eq(page->outcome, FETCH_OUTCOME_OK);
        ck_assert_uint_eq(page->body_len, body_len);
        ck_assert_mem_eq(page->body, answer + script[0].len - body_len, body_len);
        ck_assert(peer_asked_for(&s.r.peer, (unsigned)i, url));
    }
    ck_assert_uint_eq(s.r.peer.accepted, 1);
    scene_fini(&s);
    free(url);
}
END_TEST

/* ------------------------------------------------------------- redirects -- */

START_TEST(http_leads_to_https)
{
    static char answer[200];
    struct peer_step script[2] = {{.act = PEER_SEND, .bytes = answer}};
    struct peer plain;
    struct scene s;

    scene_init(&s, "IP:127.0.0.1", 30);
    peer_init(&plain, s.r.base);
    (void)snprintf(answer, sizeof answer,
                   "HTTP/1.1 301 Up\r\nlocation: %sthere\r\ncontent-length: 0\r\n\r\n",
                   s.r.peer.url);
    script[0].len = strlen(answer);
    peer_then(&plain, script);
    peer_then(&s.r.peer, peer_ok);
    s.r.options.endpoint = plain.url;
    rig_start(&s.r);
    rig_check_hello(rig_fetch(&s.r, TARGET));
    ck_assert_uint_eq(s.r.peer.handshakes, 1);
    ck_assert_int_eq(strncmp(s.r.peer.request[0].head, "GET /there ", 11), 0);
    rig_free_client(&s.r);
    peer_fini(&plain);
    scene_fini(&s);
}
END_TEST

START_TEST(https_does_not_lead_to_http)
{
    static char answer[200];
    struct peer_step script[2] = {{.act = PEER_SEND, .bytes = answer}};
    struct peer plain;
    struct scene s;

    scene_init(&s, "IP:127.0.0.1", 30);
    peer_init(&plain, s.r.base);
    peer_then(&plain, peer_ok);
    (void)snprintf(answer, sizeof answer,
                   "HTTP/1.1 301 Down\r\nlocation: %s?auth_key=demo\r\ncontent-length: 0\r\n\r\n",
                   plain.url);
    script[0].len = strlen(answer);
    peer_then(&s.r.peer, script);
    s.r.options.endpoint = s.r.peer.url;
    rig_start(&s.r);
    rig_check_failed(rig_fetch(&s.r, TARGET), FETCH_OUTCOME_PROVIDER_ERROR, FETCH_E_REDIRECT);
    ck_assert_uint_eq(plain.accepted, 0);
    rig_free_client(&s.r);
    peer_fini(&plain);
    scene_fini(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tls");
    TCase *tc = unit_case(suite, "trust");

    tcase_add_loop_test(tc, a_good_certificate, 0, 2);
    tcase_add_loop_test(tc, a_bad_certificate, 0, 6);
    tcase_add_test(tc, an_address_as_its_name);
    tcase_add_test(tc, insecure_takes_any);
    tcase_add_test(tc, a_trust_file_without_certificates);
    tc = unit_case(suite, "handshake");
    tcase_add_loop_test(tc, versions_from_1_2_on, 0, 3);
    tcase_add_test(tc, the_context_s_oldest_version);
    tcase_add_loop_test(tc, sessions_are_resumed, 0, 2);
    tcase_add_loop_test(tc, a_handshake_that_does_not_go_on, 0, 4);
    tcase_add_loop_test(tc, a_peer_without_tls, 0, 3);
    tc = unit_case(suite, "exchanges");
    tcase_add_loop_test(tc, a_body_that_ends_with_its_connection, 0,
                        (int)(sizeof ends / sizeof *ends));
    tcase_add_loop_test(tc, a_stale_connection_is_replaced, 0, 3);
    tcase_add_loop_test(tc, a_peer_that_does_not_speak_as_agreed, 0, 3);
    tcase_add_loop_test(tc, large_requests_and_answers, 0, 3);
    tc = unit_case(suite, "redirects");
    tcase_add_test(tc, http_leads_to_https);
    tcase_add_test(tc, https_does_not_lead_to_http);
    return unit_run(suite);
}
