/* Runs the empty input and the files of a folder through a fuzz target, where
 * libFuzzer is not. */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { INPUT_BYTES_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int replay(const char *folder, const char *name)
{
    static uint8_t data[INPUT_BYTES_MAX];
    char path[4096];
    FILE *file;
    size_t len;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    len = fread(data, 1, sizeof(data), file);
    fclose(file);
    LLVMFuzzerTestOneInput(data, len);
    return 0;
}

int main(int argc, char **argv)
{
    struct dirent *entry;
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    int failed = 0, n = 1;

    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    if (argc == 1) {
        return 0;
    }
    if (folder == NULL) {
        fprintf(stderr, "usage: %s [FOLDER]\n", argv[0]);
        return 2;
    }
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.') {
            failed |= replay(argv[1], entry->d_name);
            n++;
        }
    }
    closedir(folder);
    printf("%d inputs\n", n);
    return failed || n == 1;
}
