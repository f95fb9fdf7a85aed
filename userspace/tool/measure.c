// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/resource.h>

#include "measure.h"

/* Nothing comes for so long: what's on the way is lost. */
#define PATIENCE 1000

#define SAMPLES 100000

static double clock_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static double seconds_of(const struct timeval *tv)
{
	return tv->tv_sec + tv->tv_usec / 1e6;
}

__attribute__((noreturn)) static void broken(const struct peer *peer, int error)
{
	if (error == ESHUTDOWN)
		fail(ENDING_NO_ANSWER, "%s: it ended the connection",
		     peer->server.text);
	fail(peer_ending(error), "%s: %s", peer->server.text, strerror(error));
}

/* False: @ms went by without a record. */
static bool wait_for(const struct peer *peer, short events, int ms)
{
	struct pollfd pfd = { .fd = peer->fd, .events = events };

	return poll(&pfd, 1, ms) != 0;
}

/* Its content is its number, and zeros. */
static void send_one(const struct carrier *carrier, struct peer *peer,
		     const struct load *load, uint64_t number)
{
	static unsigned char buf[DTLS_MAX_PAYLOAD];
	int err;

	memcpy(buf, &number, sizeof(number));
	while ((err = carrier->send(peer, buf, load->size)) == -EAGAIN)
		wait_for(peer, POLLOUT, -1);
	if (err == -EMSGSIZE)
		fail(ENDING_USAGE,
		     "--size %u: too long for the way to %s: write less",
		     load->size, peer->server.text);
	if (err)
		broken(peer, -err);
}

/* The number of a record that came, or -EAGAIN. */
static int64_t receive_one(const struct carrier *carrier, struct peer *peer,
			   const struct load *load)
{
	static unsigned char buf[DTLS_MAX_PAYLOAD];
	ssize_t n = carrier->receive(peer, buf, sizeof(buf));
	uint64_t number;

	if (n == -EAGAIN || n == -EINTR)
		return -EAGAIN;
	if (n < 0)
		broken(peer, -n);
	if (n != (ssize_t)load->size)
		fail(ENDING_REFUSED, "%s: it's no echo server (kdtls echo)",
		     peer->server.text);
	memcpy(&number, buf, sizeof(number));
	return number & INT64_MAX;
}

static bool wait_echo(const struct carrier *carrier, struct peer *peer,
		      const struct load *load, int64_t number)
{
	int64_t got;

	do {
		got = receive_one(carrier, peer, load);
		if (got == -EAGAIN && !wait_for(peer, POLLIN, PATIENCE))
			return false;
	} while (got != number);
	return true;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void summarize(struct round_trips *result, double *samples)
{
	size_t n = result->done;

	if (!n)
		fail(ENDING_NO_ANSWER, "no record came back: is it kdtls echo?");
	qsort(samples, n, sizeof(*samples), by_value);
	result->median = samples[n / 2];
	result->percentile = samples[n - 1 - n / 100];
}

void measure_round_trips(const struct carrier *carrier, struct peer *peer,
			 const struct load *load, struct round_trips *result)
{
	double *samples = calloc(SAMPLES, sizeof(*samples));
	double began = clock_seconds(), at;
	uint64_t limit = load->count && load->count < SAMPLES ? load->count :
								SAMPLES;
	uint64_t number;

	if (!samples)
		fail(ENDING_SYSTEM, "%s", strerror(ENOMEM));
	*result = (struct round_trips) { 0 };
	for (number = 0; number < limit; number++) {
		at = clock_seconds();
		if (at - began >= load->seconds)
			break;
		send_one(carrier, peer, load, number);
		if (wait_echo(carrier, peer, load, number))
			samples[result->done++] = (clock_seconds() - at) * 1e6;
		else
			result->lost++;
	}
	summarize(result, samples);
	free(samples);
}

/* Numbers of the second measurement: a late echo of the first is none of it. */
#define FIRST (1ull << 32)

struct flow {
	const struct carrier *carrier;
	struct peer *peer;
	const struct load *load;
	uint64_t sent;
	uint64_t received;
	uint64_t given_up;
};

static uint64_t on_the_way(const struct flow *f)
{
	uint64_t gone = f->received + f->given_up;

	/* One that was given up may come all the same. */
	return f->sent > gone ? f->sent - gone : 0;
}

/* What has come, or a wait. False: it was in vain. */
static bool take_echoes(struct flow *f)
{
	int64_t got;
	bool any = false;

	while ((got = receive_one(f->carrier, f->peer, f->load)) != -EAGAIN) {
		if ((uint64_t)got >= FIRST)
			f->received++;
		any = true;
	}
	return any || wait_for(f->peer, POLLIN, PATIENCE);
}

static bool goes_on(const struct flow *f, double began)
{
	return (!f->load->count || f->sent < f->load->count) &&
	       clock_seconds() - began < f->load->seconds;
}

static void run_flow(struct flow *f, double began)
{
	while (goes_on(f, began)) {
		while (on_the_way(f) < f->load->flight && goes_on(f, began))
			send_one(f->carrier, f->peer, f->load,
				 FIRST + f->sent++);
		if (!take_echoes(f))
			f->given_up += on_the_way(f);
	}
}

void measure_throughput(const struct carrier *carrier, struct peer *peer,
			const struct load *load, struct throughput *result)
{
	struct flow f = { .carrier = carrier, .peer = peer, .load = load };
	struct rusage before, after;
	double began = clock_seconds(), ended;

	getrusage(RUSAGE_SELF, &before);
	run_flow(&f, began);
	ended = clock_seconds();
	/* A wait in vain isn't a part of it. */
	while (on_the_way(&f) && take_echoes(&f))
		ended = clock_seconds();
	getrusage(RUSAGE_SELF, &after);
	*result = (struct throughput) {
		.sent = f.sent,
		.received = f.received,
		.seconds = ended - began,
		.user = seconds_of(&after.ru_utime) -
			seconds_of(&before.ru_utime),
		.system = seconds_of(&after.ru_stime) -
			  seconds_of(&before.ru_stime),
	};
}
