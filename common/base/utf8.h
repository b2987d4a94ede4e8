/* utf8.h: strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef MUC_UTF8_H
#define MUC_UTF8_H

#include "base/str.h"

#include <stdint.h>

bool utf8_valid(struct str s);
/* Bytes of s before the first that belongs to no complete, valid character. */
size_t utf8_prefix(struct str s);
/* Code points in valid text. */
size_t utf8_count(struct str s);

#endif
