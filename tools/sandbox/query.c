#include "query.h"

#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* In place: what is decoded never grows.  Gives the length in *len; 0, or -1. */
static int decode(char *string, size_t *len)
{
    char *out = string;

    for (const char *in = string; *in != '\0'; in++) {
        char c = *in;

        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            int high = hex_digit(in[1]);
            int low = high >= 0 ? hex_digit(in[2]) : -1;

            if (low < 0)
                return -1;
            c = (char)(high << 4 | low);
            in += 2;
        }
        *out++ = c;
    }
    *out = '\0';
    *len = (size_t)(out - string);
    return 0;
}

int sandbox_query_next(char **rest, struct sandbox_param *param)
{
    char *name = *rest, *value;
    size_t name_len;

    while (name != NULL && *name == '&')
        name++;
    if (name == NULL || *name == '\0') {
        *rest = NULL;
        return 0;
    }
    *rest = strchr(name, '&');
    if (*rest != NULL)
        *(*rest)++ = '\0';
    value = strchr(name, '=');
    if (value != NULL)
        *value++ = '\0';
    else
        value = name + strlen(name);
    if (decode(name, &name_len) != 0 || decode(value, &param->value_len) != 0)
        return -1;
    param->name = name;
    param->value = value;
    return 1;
}
