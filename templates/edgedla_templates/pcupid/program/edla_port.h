/* What differs between SDKs, decided here and nowhere else, when the program is compiled.
 *
 * Each choice is made from the headers and can be made by hand, as with `make DEFINES=-DEDLA_SYS_SOC_ID=0`:
 *
 *   EDLA_SYS_SOC_ID       1: MI_SYS_Init and MI_SYS_Exit take the number of the chip, 0: they take nothing
 *   EDLA_SOC_ID           that number; 0 on a board with one chip
 *   EDLA_IPU_HEADERS      3: mi_ipu with batches; 2: with fScalar, s32AlignedBufSize and
 *                         MI_IPU_GetOfflineModeStaticInfo, without batches; 1: with ten functions
 *   EDLA_VARIABLE_BUFFER  bytes of working memory of the image, where mi_ipu cannot ask it (headers 1)
 *   EDLA_FLUSH_F32        1: flush the cache of float inputs as well, which the vendor's manual says not to do
 *   EDLA_CHECK_NAMES      0: do not compare the names of tensors with those in the image
 */
#ifndef EDLA_PORT_H
#define EDLA_PORT_H

#include "mi_common_datatype.h"
#include "mi_sys_datatype.h"
#include "mi_sys.h"
#include "mi_ipu.h"

#ifndef EDLA_SYS_SOC_ID
#if !defined(SYS_MAJOR_VERSION)
#error "mi_sys.h has no SYS_MAJOR_VERSION: compile with -DEDLA_SYS_SOC_ID=1 if MI_SYS_Init takes a number, else =0"
#elif SYS_MAJOR_VERSION >= 3
#define EDLA_SYS_SOC_ID 1
#else
#define EDLA_SYS_SOC_ID 0
#endif
#endif

#ifndef EDLA_SOC_ID
#define EDLA_SOC_ID 0
#endif

#if EDLA_SYS_SOC_ID
#define EDLA_SYS_INIT() MI_SYS_Init(EDLA_SOC_ID)
#define EDLA_SYS_EXIT() MI_SYS_Exit(EDLA_SOC_ID)
#else
#define EDLA_SYS_INIT() MI_SYS_Init()
#define EDLA_SYS_EXIT() MI_SYS_Exit()
#endif

#define EDLA_IPU_OLD 1
#define EDLA_IPU_MID 2
#define EDLA_IPU_NEW 3

/* Members of structs cannot be tested for. Headers without batches come with SDKs of MI_SYS 2, where the least
 * is taken for granted, and of MI_SYS 3. */
#ifndef EDLA_IPU_HEADERS
#if defined(MI_IPU_MAX_BATCH_TENSOR_CNT)
#define EDLA_IPU_HEADERS EDLA_IPU_NEW
#elif EDLA_SYS_SOC_ID
#define EDLA_IPU_HEADERS EDLA_IPU_MID
#else
#define EDLA_IPU_HEADERS EDLA_IPU_OLD
#endif
#endif
#if EDLA_IPU_HEADERS < EDLA_IPU_OLD || EDLA_IPU_HEADERS > EDLA_IPU_NEW
#error "EDLA_IPU_HEADERS is 1, 2 or 3; see edla_port.h"
#endif

#ifndef EDLA_FLUSH_F32
#define EDLA_FLUSH_F32 0
#endif

#ifndef EDLA_CHECK_NAMES
#define EDLA_CHECK_NAMES 1
#endif

#endif
