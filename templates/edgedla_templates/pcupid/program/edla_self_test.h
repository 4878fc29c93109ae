/* Whether this board gives the numbers of the build: TAP (version 13) on stdout.
 *
 *     if (options.self_test)
 *         return edla_self_test(model, &options, argv[0]);
 *
 * The image has to be that of the build, its tensors those the program was made for, and for each clip of the
 * build the front end, the network and the class have to give what they gave there.
 */
#ifndef EDLA_SELF_TEST_H
#define EDLA_SELF_TEST_H

#include "edla_model.h"
#include "edla_options.h"

#define EDLA_FRONT_END_TOLERANCE 1e-3 /* of full scale */

/* The exit status: 0, 1 where a test is not ok, 2 where there is nothing to test, 4 where the board refuses.
 * `program` is how the program was called, beside which the clips are looked for. */
int edla_self_test(const edla_model *model, const edla_options *options, const char *program);

#endif
