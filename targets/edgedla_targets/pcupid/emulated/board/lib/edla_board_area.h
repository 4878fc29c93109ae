/* Memory of the program that the board has had mapped: nothing else may it read, write or take away.
 *
 *     uint64_t address = edla_board_new_area(size);
 *     if (edla_board_has_area(address, size)) ...
 *     edla_board_delete_area(address);
 */
#ifndef EDLA_BOARD_AREA_H
#define EDLA_BOARD_AREA_H

#include <stddef.h>
#include <stdint.h>

/* The address of `size` bytes at the start of a page; 0 where there is no memory, or none asked for. */
uint64_t edla_board_new_area(size_t size);

/* Whether these bytes lie in one area. */
int edla_board_has_area(uint64_t address, uint64_t size);

/* -1 where no area begins there. */
int edla_board_delete_area(uint64_t address);

#endif
