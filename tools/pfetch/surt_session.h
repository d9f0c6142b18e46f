/*
 * Session numbers in URLs, which are different at each visit and tell nothing about the page.
 */
#ifndef PFETCH_TOOL_SURT_SESSION_H
#define PFETCH_TOOL_SURT_SESSION_H

#include "bytes.h"

/* Takes jsessionid=, phpsessid=, sid=, aspsessionid…= and cfid=…&cftoken= out of a query, which is in
 * small letters. */
void surt_session_query(struct bytes *query);

/* Takes "/(s(…))/" and "/(…)/" out of the path of an .aspx page, likewise. */
void surt_session_path(struct bytes *path);

#endif
