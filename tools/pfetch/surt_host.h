/*
 * A host name as the DNS has it: small ASCII letters, labels in other scripts as punycode (RFC 3492).
 */
#ifndef PFETCH_TOOL_SURT_HOST_H
#define PFETCH_TOOL_SURT_HOST_H

#include <stddef.h>

#include "bytes.h"

/* Appends it, without empty labels; a name that is no UTF-8 stays as it is. */
void surt_host(struct bytes *out, const char *host, size_t n);

#endif
