/*
 * All records of a JSONL file that is to be gone on with, packed or not, and the place behind the
 * last whole one.
 */
#ifndef PFETCH_TOOL_RECORD_SCAN_H
#define PFETCH_TOOL_RECORD_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record_read.h"
#include "unpack.h"

enum record_scan_result {
    RECORD_SCAN_DONE,
    RECORD_SCAN_STOPPED, /* by the callback                                              */
    RECORD_SCAN_DAMAGED, /* the packed data is broken in its midst: nothing is changed   */
    RECORD_SCAN_ERROR    /* errno                                                        */
};

/* False ends the scan. */
typedef bool (*record_scan_cb)(const struct record_head *head, void *arg);

struct record_scan {
    /* Set by the caller. */
    int fd; /* lent: open for reading and writing                                           */
    enum packing packing;
    bool rest; /* record_head.rest is wanted                                             */
    bool want_file; /* see record_reader_want_file()                                        */
    record_scan_cb on_record;
    void *arg;
    /* Told. */
    uint64_t records; /* whole ones                                                         */
    uint64_t damaged; /* lines that are none                                                */
    struct unpack_point end; /* behind the last whole record                                */
};

/* Reads it all; the file is not changed. */
enum record_scan_result record_scan_run(struct record_scan *s);

#endif
