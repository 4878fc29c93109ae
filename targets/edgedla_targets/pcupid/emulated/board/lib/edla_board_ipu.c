#define _POSIX_C_SOURCE 200809L

#include "edla_board_ipu.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* ---- images ---- */

/* Reads all that is asked for, of a file whose path is `context`. */
static int read_file(void *to, int offset, int size, char *context)
{
    char *next = to;
    int fd = open(context, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -1;
    while (size > 0) {
        ssize_t got = pread(fd, next, (size_t)size, offset);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        next += got;
        offset += (int)got;
        size -= (int)got;
    }
    close(fd);
    return size == 0 ? 0 : -1;
}

edla_board_image edla_board_image_of(SerializedReadFunc read, char *context)
{
    edla_board_image image;

    image.read = read != NULL ? read : read_file;
    image.context = context;
    return image;
}

/* ---- tensors ---- */

void edla_board_put_tensors(const MI_IPU_Tensor_t *tensors, MI_U32 count)
{
    MI_U32 i;

    for (i = 0; i < count; i++) {
        edla_board_put((uintptr_t)tensors[i].ptTensorData[0]);
        edla_board_put(tensors[i].phyTensorAddr[0]);
    }
}

MI_U32 edla_board_take_tensors(MI_IPU_Tensor_t *tensors, MI_U32 most)
{
    uint64_t count = edla_board_take(), i;

    for (i = 0; i < count && i < most; i++) {
        memset(&tensors[i], 0, sizeof tensors[i]);
        tensors[i].ptTensorData[0] = (void *)(uintptr_t)edla_board_take();
        tensors[i].phyTensorAddr[0] = edla_board_take();
    }
    return (MI_U32)i;
}

void edla_board_put_attributes(const MI_IPUChnAttr_t *attributes)
{
    edla_board_put(attributes->u32SubNetId);
    edla_board_put(attributes->u32OutputBufDepth);
    edla_board_put(attributes->u32InputBufDepth);
#ifdef MI_IPU_MAX_BATCH_TENSOR_CNT
    edla_board_put(attributes->u32BatchMax);
#else
    edla_board_put(1);
#endif
}
