/* SPDX-License-Identifier: GPL-2.0 */
/* kdtls-tunnel between the two ends, device "tunnel" at each. */
#ifndef BENCH_PROGRAM_H
#define BENCH_PROGRAM_H

#include "bench.h"

/* With the crypto there. 0, or -1 with errno set. run->state is its own. */
int program_join(struct run *run, const char *crypto);
void program_end(struct run *run);

#endif /* BENCH_PROGRAM_H */
