#include "edla_mi.h"

#include <stddef.h>

/* IPU_ErrCode_e without its prefix, by number. Beyond 21 old headers count in another way. */
static const char *const names[] = {
    "", "INVALID_CHNID", "CHNID_EXIST", "CHNID_UNEXIST", "NOMEM", "NOBUF", "BADADDR", "SYS_TIMEOUT",
    "FILE_OPERATION", "ILLEGAL_TENSOR_BUFFER_SIZE", "ILLEGAL_BUFFER_DEPTH", "ILLEGAL_INPUT_OUTPUT_DESC",
    "ILLEGAL_INPUT_OUTPUT_PARAM", "MAP", "INIT_FIRMWARE", "CREATE_CHANNEL", "DESTROY_CHANNEL", "INVOKE",
    "SET_MALLOC_REGION", "SET_IPU_PARAMETER", "INVALID_PITCH_ALIGNMENT", "NO_CREATED_IPU_DEVICE",
#if EDLA_IPU_HEADERS >= EDLA_IPU_NEW
    "GET_IPU_VERSION", "MISMATCH_IPU_HEAD_FILE", "NO_SUPPORT_REQ", "FAILED", "SEND_REQUEST",
    "GET_FIRMWARE_INFO", "INVALID_IPUCORE_BOOTING_PARAM", "INVALID_IPUCORE_SHUTDOWNING_PARAM",
    "NO_MULTICORE_ENV", "INVALID_TASK_PRIORITY", "DEV_SHUTDOWN", "DEV_FAIL_RESET", "DEV_FAIL_SHUTDOWN",
    "NO_AVAILABLE_DEV", "RESET_OFF", "INVALID_BATCH_NUM", "BATCH_TYPE", "BATCH_MODE",
    "NO_AVAILABLE_BATCH_MODE", "IPU_HANG", "NO_RESET_DEV", "NO_BATCH_PARAM", "INVALID_MODEL_BUFFER",
    "INVALID_VARIABLE_BUFFER", "NOT_ASSIGN_CORE", "SWDISP_NOT_REGISTER", "SWDISP_NOT_FIND_TASKID",
    "SWDISP_INVALID_PARAM", "SWDISP_UNEXPECTED", "SWDISP_UNKNOWN", "BAD_PHY_ADDR_ALIGNMENT",
    "MISMATCH_INVOKE_FUNC", "MISMATCH_MODEL",
#endif
};

typedef struct {
    MI_S32 code;
    const char *words;
} hint;

#define MEMORY "free memory on the board, or give its MMA heap more"
#define IMAGE "the image may be damaged or for another chip; copy it again, or build it for this chip"

static const hint hints[] = {
    {4, MEMORY},
    {5, "another program may hold the IPU's buffers; end it and try again"},
    {7, "the IPU did not answer; see dmesg on the board"},
    {8, "the image cannot be read by the board's library; copy it again"},
    {13, MEMORY},
    {14, "older boards need their firmware file: --firmware PATH"},
    {15, IMAGE},
    {23, "headers and libraries are of different SDKs; compile with the headers of the SDK that runs on the board"},
    {44, IMAGE},
    {52, "a buffer does not begin at a multiple of 64 bytes"},
    {53, "the image is compiled for batches; build it with batch 1"},
    {54, "the image is for another chip; build it for the chip of this board"},
};

edla_error edla_mi_refused(edla_problem *problem, const char *call, MI_S32 code)
{
    int known = code > 0 && (size_t)code < sizeof names / sizeof names[0];

    edla_problem_set(problem, EDLA_DEVICE, "%s was refused: %d %s", call, code, known ? names[code] : "(see mi_ipu)");
    if (!known)
        edla_problem_hint(problem, "see the errors of mi_ipu in the SDK's documentation");
    for (size_t i = 0; known && i < sizeof hints / sizeof hints[0]; i++)
        if (hints[i].code == code)
            edla_problem_hint(problem, "%s", hints[i].words);
    return EDLA_DEVICE;
}
