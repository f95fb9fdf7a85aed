/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What a connection to an echo server carries, and what it costs. */
#ifndef KDTLS_TOOL_MEASURE_H
#define KDTLS_TOOL_MEASURE_H

#include <stdint.h>

#include "carrier.h"

/**
 * struct load - what's sent
 * @size: bytes of a record's content
 * @flight: records on the way at a time
 * @seconds: how long each of the two measurements goes on
 * @count: and how many records at most; 0: as many as there's time for
 */
struct load {
	unsigned int size;
	unsigned int flight;
	unsigned int seconds;
	unsigned int count;
};

/**
 * struct round_trips - of records one by one
 * @done: that came back
 * @lost: that didn't
 * @median: microseconds
 * @percentile: 99 of 100 took no longer
 */
struct round_trips {
	uint64_t done;
	uint64_t lost;
	double median;
	double percentile;
};

/**
 * struct throughput - of many on the way
 * @sent: records
 * @received: that came back
 * @seconds: it took
 * @user: seconds of this process's processor, in userspace
 * @system: and in the kernel
 */
struct throughput {
	uint64_t sent;
	uint64_t received;
	double seconds;
	double user;
	double system;
};

/* The shortest content: it has a number in it. */
#define MEASURE_SIZE_MIN 8

/* Or the program ends. */
void measure_round_trips(const struct carrier *carrier, struct peer *peer,
			 const struct load *load, struct round_trips *result);
void measure_throughput(const struct carrier *carrier, struct peer *peer,
			const struct load *load, struct throughput *result);

#endif
