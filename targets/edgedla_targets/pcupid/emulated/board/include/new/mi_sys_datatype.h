/* Types of MI_SYS. edgedla's own header for its emulated board: not a vendor file.
 *
 * The calls that the emulated board has need no types of their own; programs include this file all the same.
 */
#ifndef EDLA_BOARD_MI_SYS_DATATYPE_H
#define EDLA_BOARD_MI_SYS_DATATYPE_H

#include "mi_common_datatype.h"

#endif
