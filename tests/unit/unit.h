/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TAP for tests of single functions, and numbers that look random. Ids of rows
 * of the conformance table begin a test's name: see selftests/check.h.
 */
#ifndef UNIT_H
#define UNIT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static int unit_count, unit_failed_checks, unit_failed_tests;

/* Says where it failed, ten times a test at most, and goes on. */
#define CHECK(condition)                                                    \
	do {                                                                \
		if (!(condition) && unit_failed_checks++ < 10)              \
			printf("# %s:%d: not so: %s\n", __FILE__, __LINE__, \
			       #condition);                                 \
	} while (0)

#define RUN(test)                                                            \
	do {                                                                 \
		unit_failed_checks = 0;                                      \
		test();                                                      \
		unit_failed_tests += unit_failed_checks > 0;                 \
		printf("%s %d - %s\n", unit_failed_checks ? "not ok" : "ok", \
		       ++unit_count, #test);                                 \
	} while (0)

#define DONE()                                    \
	do {                                      \
		printf("1..%d\n", unit_count);    \
		return unit_failed_tests ? 1 : 0; \
	} while (0)

static uint64_t unit_state = 1;

/* xorshift64*: the same numbers in each run. */
static inline uint64_t random_u64(void)
{
	unit_state ^= unit_state >> 12;
	unit_state ^= unit_state << 25;
	unit_state ^= unit_state >> 27;
	return unit_state * 0x2545f4914f6cdd1dULL;
}

static inline uint64_t random_below(uint64_t limit)
{
	return random_u64() % limit;
}

#endif /* UNIT_H */
