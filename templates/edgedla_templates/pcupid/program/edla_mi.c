#include "edla_mi.h"

#include <stddef.h>

typedef struct {
    MI_S32 code;
    const char *name; /* as in mi_ipu, without E_IPU_ERR_ */
    const char *hint; /* "" where the name says it all */
} refusal;

/* Numbers above 21 are others in old headers, so that they are only looked up in new ones. */
static const refusal refusals[] = {
    {1, "INVALID_CHNID", ""},
    {2, "CHNID_EXIST", ""},
    {3, "CHNID_UNEXIST", ""},
    {4, "NOMEM", "free memory on the board, or give its MMA heap more"},
    {5, "NOBUF", "another program may hold the IPU's buffers; end it and try again"},
    {6, "BADADDR", ""},
    {7, "SYS_TIMEOUT", "the IPU did not answer; see dmesg on the board"},
    {8, "FILE_OPERATION", "the image cannot be read; check the path and copy the file again"},
    {9, "ILLEGAL_TENSOR_BUFFER_SIZE", ""},
    {10, "ILLEGAL_BUFFER_DEPTH", ""},
    {11, "ILLEGAL_INPUT_OUTPUT_DESC", ""},
    {12, "ILLEGAL_INPUT_OUTPUT_PARAM", ""},
    {13, "MAP", "free memory on the board, or give its MMA heap more"},
    {14, "INIT_FIRMWARE", "older boards need their firmware file: --firmware PATH"},
    {15, "CREATE_CHANNEL", "the image may be damaged or for another chip; copy it again, or build it for this chip"},
    {16, "DESTROY_CHANNEL", ""},
    {17, "INVOKE", ""},
    {18, "SET_MALLOC_REGION", ""},
    {19, "SET_IPU_PARAMETER", ""},
    {20, "INVALID_PITCH_ALIGNMENT", ""},
    {21, "NO_CREATED_IPU_DEVICE", ""},
#if EDLA_IPU_HEADERS == EDLA_IPU_NEW
    {23, "MISMATCH_IPU_HEAD_FILE",
     "headers and libraries are of different SDKs; compile with the headers of the SDK that runs on the board"},
    {52, "BAD_PHY_ADDR_ALIGNMENT", "a buffer does not begin at a multiple of 64 bytes"},
    {53, "MISMATCH_INVOKE_FUNC", "the image is compiled for batches; build it with batch 1"},
    {54, "MISMATCH_MODEL", "the image is for another chip; build it for the chip of this board"},
#endif
};

edla_error edla_mi_refused(edla_problem *problem, const char *call, MI_S32 code)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        if (refusals[i].code != code)
            continue;
        edla_problem_set(problem, EDLA_DEVICE, "%s was refused: %d %s", call, code, refusals[i].name);
        edla_problem_hint(problem, "%s", refusals[i].hint);
        return EDLA_DEVICE;
    }
    edla_problem_set(problem, EDLA_DEVICE, "%s was refused: %d", call, code);
    edla_problem_hint(problem, "see the errors of mi_ipu in the SDK's documentation");
    return EDLA_DEVICE;
}
