/* The files named through a fuzz target, one after another, without a fuzzer. */
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    unsigned char *data = NULL;
    long size;

    if (!file || fseek(file, 0, SEEK_END) || (size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET))
        return 0;
    data = malloc((size_t)size + 1); /* as long as it says, so that the sanitizer sees the end; never 0 */
    if (!data || fread(data, 1, (size_t)size, file) != (size_t)size)
        return 0;
    fclose(file);
    data = realloc(data, (size_t)size ? (size_t)size : 1);
    LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
    return 1;
}

int main(int count, char **paths)
{
    for (int i = 1; i < count; i++)
        if (!replay(paths[i])) {
            perror(paths[i]);
            return 2;
        }
    printf("%d files\n", count - 1);
    return 0;
}
