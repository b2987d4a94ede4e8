/* lib_stdio.h: what a piece of code prints. */
#ifndef TESTS_CTL_LIB_STDIO_H
#define TESTS_CTL_LIB_STDIO_H

/* Between the two, stdout or stderr (fd 1 or 2) goes to a file; the second returns what came, valid
 * until the next call. */
void stdio_catch(int fd);
const char *stdio_caught(void);

#endif
