/* lib_stdio.c: see the header. */
#include "ctl/lib_stdio.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int caught_fd, kept_fd;
static FILE *file;
static char text[16384];

void stdio_catch(int fd)
{
    fflush(NULL);
    file = tmpfile();
    caught_fd = fd;
    kept_fd = dup(fd);
    if (!file || kept_fd < 0 || dup2(fileno(file), fd) < 0)
        abort();
}

const char *stdio_caught(void)
{
    fflush(NULL);
    if (dup2(kept_fd, caught_fd) < 0)
        abort();
    close(kept_fd);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}
