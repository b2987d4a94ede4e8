/* err.h: what can go wrong that a caller must handle. 0 is success, errors are negative. */
#ifndef MUC_ERR_H
#define MUC_ERR_H

#define ERR_MAP(X)                                                                                 \
    X(ERR_INVALID, -1, "invalid input")                                                            \
    X(ERR_TOOBIG, -2, "larger than its limit")                                                     \
    X(ERR_NOTFOUND, -3, "not found")                                                               \
    X(ERR_CONFLICT, -4, "conflict")                                                                \
    X(ERR_IO, -5, "input or output failed")                                                        \
    X(ERR_UNAVAILABLE, -6, "not available now; nothing was done")                                  \
    X(ERR_UNKNOWN, -7, "sent, but the outcome is not known")                                       \
    X(ERR_FENCED, -8, "another owner holds the slot")                                              \
    X(ERR_DIVERGED, -9, "the store holds another history than the owner")                          \
    X(ERR_DENIED, -10, "not allowed")                                                              \
    X(ERR_AGAIN, -11, "more input is needed")                                                      \
    X(ERR_FULL, -12, "a queue is full")                                                            \
    X(ERR_PROTO, -13, "the peer broke the protocol")

enum err {
#define ERR_ENUM(name, value, text) name = value,
    ERR_MAP(ERR_ENUM)
#undef ERR_ENUM
};

/* A short text for a code; "ok" for 0 and "unknown error" for anything else. */
const char *err_text(int code);

#endif
