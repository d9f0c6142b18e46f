/*
 * make bench-policy: how the limiter, the brake and the pacer do on a fake clock, against a
 * provider that refuses, forgets or queues (policy_model.h), beside what people use instead.
 * Each line says whether the target is met; the exit status is that of the tables, 1 if any of
 * the targets is not met.
 */
#include "policy_hosts.h"
#include "policy_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS 8
#define RTT_MS 100

static const unsigned plans[] = {5, 50, 500, 5000};
static const double means_ms[] = {500, 1000, 2000, 5000, 20000};
static const double sigmas[] = {0.2, 0.6, 1.0};
static unsigned met, missed;

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Every other seed has a provider that says how long to wait. */
static struct model_options base(unsigned seed, unsigned carries, double mean_ms, double sigma)
{
    return (struct model_options){
        .seed = seed + 1,
        .carries = carries,
        .mean_ms = mean_ms,
        .sigma = sigma,
        .rtt_ms = RTT_MS,
        .retry_after_ms = seed % 2 ? 1000 : 0,
        .clients = 1,
    };
}

/* The largest plan costs the most events; it varies the least. */
static unsigned seeds_of(unsigned carries)
{
    return carries >= 5000 ? 2 : SEEDS;
}

static const char *verdict(bool is_met)
{
    if (is_met)
        met++;
    else
        missed++;
    return is_met ? "met" : "NOT met";
}

static double lower(double a, double b)
{
    return a < b ? a : b;
}

static double higher(double a, double b)
{
    return a > b ? a : b;
}

/* Places that were busy with pages that came, of all there are: goodput over L / mean latency,
 * with the mean of the latencies that were drawn. */
static double use_of(const struct model *m, const struct model_counts *c, double from_ms,
                     unsigned carries)
{
    return c->latency_ms / (model_now(m) - from_ms) / carries;
}

/* ---------------------------------------------------------- steady state -- */

/* Latencies until one whole latency had 95 % of what is carried in flight; 99: never. */
static double run_start(struct model *m, unsigned carries, double mean_ms)
{
    double reached = 99;

    for (unsigned i = 1; i <= 40; i++) {
        model_run(m, i * mean_ms / 2);
        if (reached > 98 && model_in_flight(m, 0) >= 0.95 * carries)
            reached = i / 2.0;
    }
    return reached;
}

static void steady(unsigned carries, double mean_ms, double sigma)
{
    double worst = 9, sum = 0, refused = 0, reached = 0;
    unsigned seeds = seeds_of(carries);

    for (unsigned s = 0; s < seeds; s++) {
        struct model_options o = base(s, carries, mean_ms, sigma);
        struct model *m = model_new(&o);
        struct model_counts c;
        double use;

        reached = higher(reached, run_start(m, carries, mean_ms));
        model_take(m, &c);
        model_run(m, 220 * mean_ms);
        model_take(m, &c);
        use = use_of(m, &c, 20 * mean_ms, carries);
        worst = lower(worst, use);
        sum += use;
        refused = higher(refused, (double)c.refused / (double)c.started);
        model_free(m);
    }
    printf("%6u %7.1f %6.1f %8.1f %8.1f %9.2f %8.1f   %s\n", carries, mean_ms / 1000, sigma,
           100 * sum / seeds, 100 * worst, 100 * refused, reached,
           verdict(worst >= 0.95 && refused <= 0.01));
}

static void steady_table(void)
{
    puts("Steady state, latencies 20 to 220.  Target: at least 95 % of L / mean latency, at most "
         "1 % refused, in the worst of the seeds");
    puts("     L  mean s  sigma   mean %  worst %  refused %  95 % at   target");
    for (size_t i = 0; i < COUNT(plans); i++)
        for (size_t k = 0; k < COUNT(means_ms); k++)
            for (size_t j = 0; j < COUNT(sigmas); j++)
                steady(plans[i], means_ms[k], sigmas[j]);
}

/* ------------------------------------------------------ drop and recovery -- */

static void drop(unsigned carries, double mean_ms, double sigma)
{
    double worst = 0, sum = 0, low = 9;
    unsigned most = 0, seeds = seeds_of(carries);

    for (unsigned s = 0; s < seeds; s++) {
        struct model_options o = base(s, carries, mean_ms, sigma);
        struct model *m = model_new(&o);
        struct model_counts c;
        double back = 99;

        model_run(m, 60 * mean_ms);
        model_set_carries(m, carries / 5);
        model_run(m, 80 * mean_ms);
        model_take(m, &c);
        model_run(m, 120 * mean_ms);
        model_take(m, &c);
        low = lower(low, use_of(m, &c, 80 * mean_ms, carries / 5));
        model_set_carries(m, carries);
        for (unsigned i = 1; i <= 80; i++) {
            model_run(m, (120 + i / 2.0) * mean_ms);
            if (back > 98 && model_in_flight(m, 0) >= 0.9 * carries)
                back = i / 2.0;
        }
        sum += back;
        worst = higher(worst, back);
        most = most > model_worst(m) ? most : model_worst(m);
        model_free(m);
    }
    printf("%6u %7.1f %6.1f %9.1f %9.1f %9.1f %9u %7s   %s\n", carries, mean_ms / 1000, sigma,
           sum / seeds, worst, 100 * low, most, most > MODEL_BAN ? "yes" : "no",
           verdict(worst <= 20 && (carries != 50 || most <= MODEL_BAN)));
}

static void drop_table(void)
{
    puts("\nL falls to a fifth at latency 60 and comes back at 120.  Target: 90 % within 20 "
         "latencies (99: not within 40); for L = 50 at most 25 refused in any 5 minutes");
    puts("     L  mean s  sigma mean back worst back   low use %  in 5 min  banned   target");
    for (size_t i = 0; i < COUNT(plans); i++)
        for (size_t k = 0; k < COUNT(means_ms); k++)
            for (size_t j = 0; j < COUNT(sigmas); j++)
                drop(plans[i], means_ms[k], sigmas[j]);
}

/* -------------------------------------------------------------- sharing -- */

static void share(unsigned carries, unsigned clients, double mean_ms, double sigma)
{
    double total = 9, least = 9, most = 0, refused = 0;

    for (unsigned s = 0; s < SEEDS / 2; s++) {
        struct model_options o = base(s, carries, mean_ms, sigma);
        struct model *m;
        struct model_counts c;

        o.clients = clients;
        m = model_new(&o);
        for (unsigned i = 1; i < clients; i++)
            model_set_list(m, i, false);
        for (unsigned i = 1; i < clients; i++) {
            model_run(m, 20 * i * mean_ms);
            model_set_list(m, i, true);
        }
        model_run(m, 200 * mean_ms);
        model_take(m, &c);
        model_run(m, 600 * mean_ms);
        model_take(m, &c);
        total = lower(total, use_of(m, &c, 200 * mean_ms, carries));
        refused = higher(refused, (double)c.refused / (double)c.started);
        for (unsigned i = 0; i < clients; i++) {
            double part = (double)c.ok_of[i] * clients / (double)c.ok;

            least = lower(least, part);
            most = higher(most, part);
        }
        model_free(m);
    }
    printf("%6u %9u %7.1f %6.1f %8.1f %7.2f %6.2f %9.2f   %s\n", carries, clients, mean_ms / 1000,
           sigma, 100 * total, least, most, 100 * refused,
           verdict(total >= 0.9 && least >= 1 / 1.5 && most <= 1.5));
}

static void share_table(void)
{
    puts("\nProcesses that share a key, come 20 latencies apart and do not know of each other; "
         "latencies 200 to 600.  Target: 90 % together, each within 1.5 of its fair share");
    puts("     L processes  mean s  sigma  total %   least   most refused %   target");
    for (size_t i = 1; i < 3; i++)
        for (unsigned clients = 2; clients <= 4; clients += 2)
            for (size_t k = 0; k < COUNT(means_ms); k++)
                for (size_t j = 0; j < COUNT(sigmas); j++)
                    share(plans[i], clients, means_ms[k], sigmas[j]);
}

/* -------------------------------------------- queues, slow targets, rests -- */

static void queue_table(void)
{
    puts("\nA plan that lets calls wait instead of refusing them; latencies 60 to 260.  Own aim: "
         "90 % of what it serves, with no more than 4 times as many in flight on average");
    puts("     L  mean s  sigma    use %  mean in flight   aim");
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < COUNT(sigmas); j++) {
            struct model_options o = base(0, plans[i], 2000, sigmas[j]);
            struct model *m;
            struct model_counts c;
            double in_flight, use;

            o.queues = true;
            m = model_new(&o);
            model_run(m, 60 * o.mean_ms);
            model_take(m, &c);
            model_run(m, 260 * o.mean_ms);
            model_take(m, &c);
            in_flight = use_of(m, &c, 60 * o.mean_ms, 1);
            use = (double)c.ok / 200 / o.carries;
            printf("%6u %7.1f %6.1f %8.1f %15.1f   %s\n", o.carries, o.mean_ms / 1000, o.sigma,
                   100 * use, in_flight, verdict(use >= 0.9 && in_flight <= 4 * o.carries));
            model_free(m);
        }
}

static void slow_table(void)
{
    struct model_options o = base(0, 50, 2000, 0.6);
    struct model *m = model_new(&o);
    unsigned before, highest = 0;

    model_run(m, 60 * o.mean_ms);
    before = pf_limiter_limit(model_limiter(m, 0));
    model_set_mean(m, 10 * o.mean_ms);
    for (unsigned i = 0; i < 1000; i++) {
        model_run(m, (60 + i) * o.mean_ms);
        if (pf_limiter_limit(model_limiter(m, 0)) > highest)
            highest = pf_limiter_limit(model_limiter(m, 0));
    }
    puts("\nTargets become ten times slower (L = 50, 2 s): the limit must not follow");
    printf("before %u, highest after %u   %s\n", before, highest, verdict(highest <= before + 2));
    model_free(m);
    m = model_new(&o);
    model_run(m, 60 * o.mean_ms);
    before = pf_limiter_limit(model_limiter(m, 0));
    model_set_list(m, 0, false);
    model_run(m, 200 * o.mean_ms);
    puts("\nThe list pauses for 140 latencies: the limit must not follow");
    printf("before %u, after %u   %s\n", before, pf_limiter_limit(model_limiter(m, 0)),
           verdict(pf_limiter_limit(model_limiter(m, 0)) == before));
    model_free(m);
}

/* --------------------------------------------------------------- others -- */

static void other(const char *name, enum model_kind kind, unsigned workers)
{
    double use = 0, refused = 0;
    unsigned most = 0;

    for (unsigned s = 0; s < SEEDS; s++) {
        struct model_options o = base(s, 50, 5000, 0.6);
        struct model *m;
        struct model_counts c;

        o.kind = kind;
        o.workers = workers;
        m = model_new(&o);
        model_run(m, 20 * o.mean_ms);
        model_take(m, &c);
        model_run(m, 220 * o.mean_ms);
        model_take(m, &c);
        use += use_of(m, &c, 20 * o.mean_ms, o.carries) / SEEDS;
        refused += (double)c.refused / (double)c.started / SEEDS;
        most = most > model_worst(m) ? most : model_worst(m);
        model_free(m);
    }
    printf("%-34s %8.1f %10.2f %9u %7s\n", name, 100 * use, 100 * refused, most,
           most > MODEL_BAN ? "yes" : "no");
}

static void others_table(void)
{
    puts("\nBeside others, as models: L = 50, mean 5 s, sigma 0.6, latencies 20 to 220");
    puts("client                              use %  refused %  in 5 min  banned");
    other("pfetch -c auto", MODEL_POLICY, 0);
    other("pfetch -c 100", MODEL_POLICY, 100);
    other("semaphore of 10, retries in place", MODEL_SEMAPHORE, 10);
    other("semaphore of 50, retries in place", MODEL_SEMAPHORE, 50);
    other("semaphore of 100, retries in place", MODEL_SEMAPHORE, 100);
    other("curl -Z of 50 with --retry", MODEL_CURL, 50);
}

/* ----------------------------------------------------------------- hosts -- */

static void hosts_table(void)
{
    static const struct {
        unsigned targets, hosts, in_flight;
    } cases[] = {
        {10000, 1, 100}, {1000000, 1, 100}, {1000000, 100000, 100}, {1000000, 100000, 5000}};

    printf(
        "\nFair turns among hosts, two calls a host at most.  Target: at most 1 us of CPU time a "
        "page\n   targets    hosts  in flight  fair ns  plain ns   target\n");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct hosts_cost c =
            hosts_measure(cases[i].targets, cases[i].hosts, cases[i].in_flight, 5);

        printf("%10u %8u %10u %8.0f %9.0f   %s\n", cases[i].targets, cases[i].hosts,
               cases[i].in_flight, c.fair_ns, c.plain_ns, verdict(c.fair_ns - c.plain_ns <= 1000));
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } tables[] = {{"steady", steady_table}, {"drop", drop_table}, {"share", share_table},
                  {"queue", queue_table},   {"slow", slow_table}, {"others", others_table},
                  {"hosts", hosts_table}};

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < COUNT(tables); i++)
        if (argc < 2 || strcmp(argv[1], tables[i].name) == 0)
            tables[i].print();
    printf("\n%u met, %u NOT met\n", met, missed);
    return missed ? EXIT_FAILURE : EXIT_SUCCESS;
}
