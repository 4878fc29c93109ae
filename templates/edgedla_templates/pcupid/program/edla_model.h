/* What the program knows of the network it was made for. The instance is generated, all else is fixed.
 *
 *     const edla_model *model = edla_made_for;
 *     printf("%s has %zu classes\n", model->name, model->class_count);
 */
#ifndef EDLA_MODEL_H
#define EDLA_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "edla_front_end.h"

/* Goes up when the generated file and these headers no longer fit together. */
#define EDLA_ABI 1

#define EDLA_TENSORS_MAX 60    /* inputs or outputs of one network, as in the board's headers */
#define EDLA_DIMENSIONS_MAX 10 /* of one tensor */

/* What one element of a tensor is in the board's buffer. */
typedef enum {
    EDLA_F32,  /* float */
    EDLA_S16,  /* 16 bits, to be scaled */
    EDLA_U8,   /* bytes of an image: grey, RGB or BGR as in training */
    EDLA_RGBA, /* 4 bytes a pixel, where the network was trained with 3 */
    EDLA_BGRA, /* the same, in the other order */
    EDLA_NV12  /* a plane of grey, then one of colour at half the size */
} edla_format;

/* What makes scores of the first output. */
typedef enum { EDLA_NONE, EDLA_SOFTMAX, EDLA_SIGMOID } edla_score_kind;

typedef struct {
    const char *name;
    edla_format format;
    uint32_t rank;                       /* axes used of `shape` */
    uint32_t shape[EDLA_DIMENSIONS_MAX]; /* in the board's order of axes */
    int planes;                          /* nonzero: images are NCHW, each channel a plane of its own */
    uint32_t width_alignment;            /* of an image's rows in bytes, where the descriptor does not say */
    uint32_t height_alignment;           /* of an image's columns in rows, the same */
} edla_tensor;

/* Values of one output that the build has seen, every `step`-th of them. */
typedef struct {
    size_t step;
    size_t count;
    const float *values;
} edla_expected;

/* One input of the build and what came out; the input itself stands in a file beside the program. */
typedef struct {
    const char *name;              /* of its files, without what follows the first dot */
    long class_id;                 /* the best class, -1 where the network has no classes */
    const edla_expected *expected; /* one for each output */
} edla_clip;

typedef struct {
    const char *name;    /* of the model in edgedla */
    const char *program; /* the program's own name */
    const char *notice;  /* what must be said with every result; "" for nothing */

    const edla_tensor *inputs;
    size_t input_count;
    const edla_tensor *outputs;
    size_t output_count;

    size_t class_count;        /* elements of the first output that are classes; 0 where they are not */
    const char *const *labels; /* one for each class */
    edla_score_kind scores;
    const edla_audio *audio; /* how the first input is made of a recording; NULL where it is none */

    const char *image_sha256;      /* of the image the build made, in hexadecimal */
    uint64_t image_size;           /* bytes */
    uint32_t variable_buffer_size; /* bytes of working memory the image needs; 0: only the image knows */

    const edla_clip *clips;
    size_t clip_count;
    double tolerance; /* how far outputs may be from `expected`, for values up to 1; larger ones in relation */
} edla_model;

/* The network that this program was made for; generated. */
extern const edla_model *const edla_made_for;

/* Elements of a tensor. */
size_t edla_elements(const edla_tensor *tensor);

/* Bytes of a tensor as the program takes it: dense, 4 for each number, the bytes themselves for an image. */
size_t edla_bytes(const edla_tensor *tensor);

/* Nonzero where a tensor is an image in bytes. */
int edla_is_image(const edla_tensor *tensor);

/* The dense rows of an image, of all planes together, and the bytes of one. */
void edla_image_rows(const edla_tensor *tensor, size_t *rows, size_t *width);

/* A shape for people, as 1x1x114688; `text` has room for EDLA_SHAPE_TEXT characters. */
#define EDLA_SHAPE_TEXT (EDLA_DIMENSIONS_MAX * 11 + 1)
void edla_shape_text(char *text, uint32_t rank, const uint32_t *shape);

#endif
