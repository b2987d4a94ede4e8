/* lib_redis.h: a real redis-server of the test's own, on a unix socket in a temporary directory. */
#ifndef MUC_TEST_LIB_REDIS_H
#define MUC_TEST_LIB_REDIS_H

#include <stdint.h>
#include <sys/types.h>

struct redis_server {
    char dir[64];
    char url[96];      /* unix:///... */
    char password[32]; /* "": none */
    uint16_t port;     /* 0: unix socket only */
    pid_t pid;         /* 0: not running */
};

/* password may be NULL. Waits until it answers. */
void redis_server_start(struct redis_server *s, const char *password, uint16_t port);
void redis_server_again(struct redis_server *s); /* after redis_server_kill() */
void redis_server_kill(struct redis_server *s);  /* SIGKILL, and waits for its end */
void redis_server_stop(struct redis_server *s);  /* and removes the directory */

#endif
