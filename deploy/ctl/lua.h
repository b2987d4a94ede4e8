/* lua.h: deploy/redis/verona.lua, built into the tool. */
#ifndef CTL_LUA_H
#define CTL_LUA_H

#include <stddef.h>

extern const unsigned char verona_lua[]; /* followed by a NUL that is not counted */
extern const size_t verona_lua_len;

#endif
