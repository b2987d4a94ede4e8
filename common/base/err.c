/* err.c: texts of the codes. */
#include "base/err.h"

const char *err_text(int code)
{
    switch (code) {
    case 0:
        return "ok";
#define ERR_CASE(name, value, text)                                                                \
    case value:                                                                                    \
        return text;
        ERR_MAP(ERR_CASE)
#undef ERR_CASE
    default:
        return "unknown error";
    }
}
