/* revision.h: what exactly a program was built from. */
#ifndef MUC_REVISION_H
#define MUC_REVISION_H

/* The commit, with "-dirty" behind it if there was more; "" if the source was no checkout. Written
 * at each build (cmake/revision.cmake) and linked by programs alone: main() hands it on. */
extern const char verona_revision[];

#endif
