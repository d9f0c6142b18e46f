/*
 * All pages of a WARC file of this program, packed or not, and the place behind the last whole one,
 * where it can be gone on with.
 *
 * A page is whole once its metadata record is.  What this program did not write is left alone: a
 * file that begins otherwise, or whose records come in another order, cannot be gone on with.
 */
#ifndef PFETCH_TOOL_WARC_SCAN_H
#define PFETCH_TOOL_WARC_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record_scan.h"
#include "warc.h"

/* A main record that was found; lent by the callback. */
struct warc_found {
    bool revisit;
    const char *uri; /* NUL-terminated, as all of them */
    const char *date;
    const char *digest; /* of the payload, with its algorithm */
    const char *mime;   /* NULL: unknown               */
    unsigned status;    /* 0: it has none              */
    bool truncated;
    uint64_t offset; /* in the file, and its bytes there */
    uint64_t length;
};

/* False ends the scan. */
typedef bool (*warc_found_cb)(const struct warc_found *found, void *arg);

struct warc_scan {
    /* Set by the caller. */
    int fd; /* lent: open for reading                                              */
    enum packing packing;
    bool rest;                /* record_head.rest is wanted                       */
    record_scan_cb on_record; /* each page's record …                             */
    void *arg;
    warc_found_cb on_main; /* … after its main record, if it has one; may be NULL */
    void *main_arg;
    /* Told. */
    uint64_t records;        /* pages whose record can be read                    */
    uint64_t damaged;        /* those whose record cannot                         */
    struct unpack_point end; /* behind the last whole page, or the first record   */
    char info_id[WARC_ID];   /* the warcinfo record's; "": there is none          */
};

/* Reads it all; the file is not changed. */
enum record_scan_result warc_scan_run(struct warc_scan *scan);

#endif
