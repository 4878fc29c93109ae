/* MI_SYS in the shape of version 2.x: no SoC ids. edgedla's own header for its emulated board: not a vendor file.
 *
 *     MI_PHY physical;
 *     void *bytes;
 *     MI_SYS_Init();
 *     MI_SYS_MMA_Alloc(NULL, size, &physical);
 *     MI_SYS_Mmap(physical, size, &bytes, 1);
 *     memcpy(bytes, data, size);
 *     MI_SYS_FlushInvCache(bytes, size);
 *     ...
 *     MI_SYS_Munmap(bytes, size);
 *     MI_SYS_MMA_Free(physical);
 *     MI_SYS_Exit();
 *
 * All functions return MI_SUCCESS or another number.
 */
#ifndef EDLA_BOARD_MI_SYS_H
#define EDLA_BOARD_MI_SYS_H

#include "mi_common_datatype.h"
#include "mi_sys_datatype.h"

#define SYS_MAJOR_VERSION 2

#ifdef __cplusplus
extern "C" {
#endif

/* Before any other call, once. */
MI_S32 MI_SYS_Init(void);

/* After all else has been given back. */
MI_S32 MI_SYS_Exit(void);

/* [in] size in bytes; [out] phy, 64-byte aligned; heapName may be NULL. Freed by MI_SYS_MMA_Free. */
MI_S32 MI_SYS_MMA_Alloc(MI_U8 *heapName, MI_U32 size, MI_PHY *phy);
MI_S32 MI_SYS_MMA_Free(MI_PHY phy);

/* [out] va: where the CPU sees `size` bytes from phy on; with bCache 0 without a cache in between. */
MI_S32 MI_SYS_Mmap(MI_U64 phy, MI_U32 size, void **va, MI_BOOL bCache);
MI_S32 MI_SYS_Munmap(void *va, MI_U32 size);

/* What the CPU wrote goes to memory; what devices wrote is seen by the CPU from here on. */
MI_S32 MI_SYS_FlushInvCache(void *va, MI_U32 len);

/* Copies in memory, past the CPU and its cache. */
MI_S32 MI_SYS_MemcpyPa(MI_PHY dst, MI_PHY src, MI_U32 len);

#ifdef __cplusplus
}
#endif

#endif
