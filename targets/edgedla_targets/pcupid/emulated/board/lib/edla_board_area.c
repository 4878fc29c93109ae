#define _POSIX_C_SOURCE 200809L

#include "edla_board_area.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 4096u

typedef struct area {
    struct area *next;
    unsigned char *bytes; /* at the start of a page */
    size_t size;
} area;

static area *areas; /* guarded by the lock that a call holds */

uint64_t edla_board_new_area(size_t size)
{
    area *made = malloc(sizeof *made);
    void *bytes = NULL;

    if (made == NULL || size == 0 || posix_memalign(&bytes, PAGE, size) != 0) {
        free(made);
        return 0;
    }
    memset(bytes, 0, size);
    made->bytes = bytes;
    made->size = size;
    made->next = areas;
    areas = made;
    return (uintptr_t)bytes;
}

int edla_board_has_area(uint64_t address, uint64_t size)
{
    const area *each;

    for (each = areas; each != NULL; each = each->next) {
        uint64_t start = (uintptr_t)each->bytes;

        if (address >= start && address - start <= each->size && size <= each->size - (address - start))
            return 1;
    }
    return 0;
}

int edla_board_delete_area(uint64_t address)
{
    area **link;

    for (link = &areas; *link != NULL; link = &(*link)->next) {
        area *found = *link;

        if ((uintptr_t)found->bytes != address)
            continue;
        *link = found->next;
        free(found->bytes);
        free(found);
        return 0;
    }
    return -1;
}
