/* Ctrl-C and SIGTERM: finish the run at work, give the board's resources back, then end.
 *
 *     edla_stop_install();
 *     while (more && !edla_stop_asked())
 *         ...
 */
#ifndef EDLA_STOP_H
#define EDLA_STOP_H

#define EDLA_INTERRUPTED 130 /* exit status */

/* From now on the first SIGINT or SIGTERM is only noted; a second one ends the program as usual. SIGPIPE is
 * ignored: whoever reads the output may go away, and the board still wants its buffers back. */
void edla_stop_install(void);

/* Nonzero once such a signal has come. */
int edla_stop_asked(void);

#endif
