/* Base types of the board API. edgedla's own header for its emulated board: not a vendor file. */
#ifndef EDLA_BOARD_MI_COMMON_DATATYPE_H
#define EDLA_BOARD_MI_COMMON_DATATYPE_H

#include <stdint.h>

typedef uint8_t MI_U8;
typedef uint16_t MI_U16;
typedef uint32_t MI_U32;
typedef unsigned long long MI_U64;
typedef int8_t MI_S8;
typedef int16_t MI_S16;
typedef int32_t MI_S32;
typedef long long MI_S64;
typedef float MI_FLOAT;
typedef unsigned char MI_BOOL;
typedef unsigned long long MI_PHY; /* physical address; 8 bytes on 32-bit systems too */
typedef unsigned long MI_VIRT;     /* virtual address, as wide as a pointer */

#define MI_SUCCESS 0

#endif
