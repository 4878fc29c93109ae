/* libmi_sys of the emulated board: memory and start-up. edgedla's own: not a vendor file, no hardware. */
#include "mi_sys.h"

#include <stdio.h>

#include "edla_board.h"

/* MI_SYS has numbers of its own for what goes wrong, which are not public. */
#define FAILED (-1)

#if SYS_MAJOR_VERSION >= 3
#define SOC_ONLY MI_U16 u16SocId
#define SOC MI_U16 u16SocId,
#define PUT_SOC() edla_board_put(u16SocId)
#else
#define SOC_ONLY void
#define SOC
#define PUT_SOC() edla_board_put(0)
#endif

MI_S32 MI_SYS_Init(SOC_ONLY)
{
    static int said;
    MI_S32 result;

    edla_board_begin("MI_SYS_Init");
    if (!said)
        fprintf(stderr, "emulated board: edgedla's own, no hardware\n");
    said = 1;
    PUT_SOC();
    result = edla_board_run(NULL);
    return edla_board_end(result, FAILED);
}

MI_S32 MI_SYS_Exit(SOC_ONLY)
{
    MI_S32 result;

    edla_board_begin("MI_SYS_Exit");
    PUT_SOC();
    result = edla_board_run(NULL);
    return edla_board_end(result, FAILED);
}

MI_S32 MI_SYS_MMA_Alloc(SOC MI_U8 *heapName, MI_U32 size, MI_PHY *phy)
{
    MI_S32 result;

    (void)heapName; /* the emulated board has one heap */
    if (phy == NULL)
        return edla_board_null("MI_SYS_MMA_Alloc", FAILED);
    edla_board_begin("MI_SYS_MMA_Alloc");
    PUT_SOC();
    edla_board_put(size);
    result = edla_board_run(NULL);
    if (result == MI_SUCCESS)
        *phy = edla_board_take();
    return edla_board_end(result, FAILED);
}

MI_S32 MI_SYS_MMA_Free(SOC MI_PHY phy)
{
    MI_S32 result;

    edla_board_begin("MI_SYS_MMA_Free");
    PUT_SOC();
    edla_board_put(phy);
    result = edla_board_run(NULL);
    return edla_board_end(result, FAILED);
}

MI_S32 MI_SYS_Mmap(MI_U64 phy, MI_U32 size, void **va, MI_BOOL bCache)
{
    MI_S32 result;

    if (va == NULL)
        return edla_board_null("MI_SYS_Mmap", FAILED);
    edla_board_begin("MI_SYS_Mmap");
    edla_board_put(phy);
    edla_board_put(size);
    edla_board_put(bCache);
    result = edla_board_run(NULL);
    if (result == MI_SUCCESS)
        *va = (void *)(uintptr_t)edla_board_take();
    return edla_board_end(result, FAILED);
}

MI_S32 MI_SYS_Munmap(void *va, MI_U32 size)
{
    MI_S32 result;

    edla_board_begin("MI_SYS_Munmap");
    edla_board_put((uintptr_t)va);
    edla_board_put(size);
    result = edla_board_run(NULL);
    return edla_board_end(result, FAILED);
}

MI_S32 MI_SYS_FlushInvCache(void *va, MI_U32 len)
{
    MI_S32 result;

    edla_board_begin("MI_SYS_FlushInvCache");
    edla_board_put((uintptr_t)va);
    edla_board_put(len);
    result = edla_board_run(NULL);
    return edla_board_end(result, FAILED);
}

#if SYS_MAJOR_VERSION >= 3
MI_S32 MI_SYS_Va2Pa(void *va, MI_PHY *phy)
{
    MI_S32 result;

    if (phy == NULL)
        return edla_board_null("MI_SYS_Va2Pa", FAILED);
    edla_board_begin("MI_SYS_Va2Pa");
    edla_board_put((uintptr_t)va);
    result = edla_board_run(NULL);
    if (result == MI_SUCCESS)
        *phy = edla_board_take();
    return edla_board_end(result, FAILED);
}
#endif

MI_S32 MI_SYS_MemcpyPa(SOC MI_PHY dst, MI_PHY src, MI_U32 len)
{
    MI_S32 result;

    edla_board_begin("MI_SYS_MemcpyPa");
    PUT_SOC();
    edla_board_put(dst);
    edla_board_put(src);
    edla_board_put(len);
    result = edla_board_run(NULL);
    return edla_board_end(result, FAILED);
}
