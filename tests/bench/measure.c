// SPDX-License-Identifier: GPL-2.0
/*
 * Rounds of sending, then receiving, and the medians of what they took. On a
 * machine with QEMU's -icount the time stamp counter counts instructions.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "mark.h"

#define ROUNDS_MAX 1024
#define WARM_UP    6

static inline uint64_t ticks(void)
{
	uint32_t low, high;

	asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

/* Of nothing: what looking at the counter adds to each difference. */
static uint64_t ticks_overhead(void)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 1000; i++) {
		uint64_t begin = ticks(), took = ticks() - begin;

		if (took < least)
			least = took;
	}
	return least;
}

/* 1 if the counter counts instructions: measured by 200,000 of them. */
double ticks_per_instruction(void)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < 11; i++) {
		uint64_t begin = ticks(), took, left = 100000;

		asm volatile("1: dec %0; jnz 1b" : "+r"(left));
		took = ticks() - begin;
		if (took < best)
			best = took;
	}
	return (double)best / 200000;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(uint64_t *values, unsigned int count)
{
	qsort(values, count, sizeof(*values), compare);
	return (double)values[count / 2];
}

/*
 * Where others work for a mode, what one round leaves to be done the next one
 * has to do: there are long and short rounds, but their sum tells, if there are
 * many.
 */
#define TOGETHER_FACTOR 4

static double mean(const uint64_t *values, unsigned int count)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < count; i++)
		sum += values[i];
	return (double)sum / count;
}

static int transfer(int (*call)(struct run *run), struct run *run)
{
	for (unsigned int i = 0; i < run->count; i += run->batch)
		if (call(run))
			return -1;
	return 0;
}

static int one_round(const struct mode *mode, struct run *run, uint64_t *tx,
		     uint64_t *rx)
{
	uint64_t begin, sent;
	int err;

	mark(MARK_TX_BEGIN);
	begin = ticks();
	err = transfer(mode->send, run);
	sent = ticks();
	mark(MARK_TX_END);
	*tx = sent - begin;
	if (err)
		return -1;

	mark(MARK_RX_BEGIN);
	begin = ticks();
	err = transfer(mode->recv, run);
	sent = ticks();
	mark(MARK_RX_END);
	*rx = sent - begin;
	return err;
}

/* What arrives must be what was sent. */
static int warm_up(const struct mode *mode, struct run *run)
{
	size_t len = run->size * run->batch;
	uint64_t tx, rx;

	for (int i = 0; i < WARM_UP; i++) {
		memset(run->rx, 0, len);
		if (one_round(mode, run, &tx, &rx))
			return -1;
		if (!mode->gets_nothing && memcmp(run->rx, run->tx, len) != 0) {
			errno = EBADMSG;
			return -1;
		}
	}
	return 0;
}

int measure(const struct mode *mode, struct run *run, unsigned int rounds,
	    struct cost *cost)
{
	static uint64_t tx[ROUNDS_MAX], rx[ROUNDS_MAX];
	uint64_t overhead = ticks_overhead();

	if (mode->is_together)
		rounds *= TOGETHER_FACTOR;
	if (rounds > ROUNDS_MAX)
		rounds = ROUNDS_MAX;
	/* Not to be touched for the first time while it's measured. */
	memset(tx, 1, sizeof(tx));
	memset(rx, 1, sizeof(rx));
	if (warm_up(mode, run))
		return -1;
	mark(MARK_BEGIN);
	for (unsigned int i = 0; i < rounds; i++) {
		if (one_round(mode, run, &tx[i], &rx[i]))
			return -1;
		tx[i] -= overhead;
		rx[i] -= overhead;
	}
	mark(MARK_END);
	if (mode->is_together) {
		cost->tx = (mean(tx, rounds) + mean(rx, rounds)) / run->count;
		cost->rx = 0;
	} else {
		cost->tx = median(tx, rounds) / run->count;
		cost->rx = median(rx, rounds) / run->count;
	}
	return 0;
}
