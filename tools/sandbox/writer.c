#include "writer.h"

static const char *reference_of(const char *string, const char *c)
{
    switch (*c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '-':
        return c > string && c[-1] == '-' ? "&#45;" : NULL;
    default:
        return NULL;
    }
}

void sandbox_write_escaped(struct sandbox_writer *writer, const char *string)
{
    const char *plain = string, *c;

    for (c = string; *c != '\0'; c++) {
        const char *reference = reference_of(string, c);

        if (reference != NULL) {
            sandbox_write_bytes(writer, plain, (size_t)(c - plain));
            sandbox_write(writer, reference);
            plain = c + 1;
        }
    }
    sandbox_write_bytes(writer, plain, (size_t)(c - plain));
}
