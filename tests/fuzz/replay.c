/* replay.c: runs a fuzz target over its corpus, for builds without libFuzzer: what was found once
 * stays found.   replay_room tests/fuzz/corpus/room */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 20 };

static int replay(const char *folder, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return -1;
    }
    uint8_t *data = malloc(INPUT_MAX);
    size_t size = data ? fread(data, 1, INPUT_MAX, f) : 0;
    fclose(f);
    /* an allocation of just that size, so that a sanitizer sees a read beyond it */
    uint8_t *exact = data && size ? realloc(data, size) : data;
    printf("%s: %zu bytes\n", path, size);
    fflush(stdout);
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 0;
}

int main(int argc, char **argv)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    int n = 0, bad = 0;
    if (!dir) {
        fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]);
        return 2;
    }
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (e->d_name[0] == '.')
            continue;
        bad += replay(argv[1], e->d_name) != 0;
        n++;
    }
    closedir(dir);
    return n > 0 && !bad ? 0 : 1;
}
