// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What records cost and how fast they are, against kdtls echo. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "kernel.h"
#include "measure.h"
#include "peer.h"
#include "tool.h"

static struct {
	struct peer_options peer;
	struct load load;
	bool userspace;
	bool json;
} opt = {
	.peer = PEER_DEFAULTS,
	.load = { .size = 1200, .flight = 32, .seconds = 2 },
};

static const struct option_row options[] = {
	{ "size", 's', "BYTES", "content of a record (1200)", OPTION_NUMBER,
	  &opt.load.size, MEASURE_SIZE_MIN, DTLS_MAX_PAYLOAD },
	{ "flight", 'f', "N", "records on the way at a time (32)",
	  OPTION_NUMBER, &opt.load.flight, 1, 4096 },
	{ "seconds", 't', "SECONDS", "of each of the two measurements (2)",
	  OPTION_NUMBER, &opt.load.seconds, 1, 86400 },
	{ "count", 'n', "N", "and at most so many records", OPTION_NUMBER,
	  &opt.load.count, 1, 1u << 31 },
	{ "userspace", 'u', NULL, "the same by OpenSSL alone, beside it",
	  OPTION_ON, &opt.userspace, 0, 0 },
	PEER_OPTIONS(opt.peer),
	{ "json", 'j', NULL, "as JSON", OPTION_ON, &opt.json, 0, 0 },
	{ .name = NULL },
};

struct result {
	const struct carrier *carrier;
	const char *suite;
	struct round_trips trips;
	struct throughput throughput;
};

static void measure(struct result *result, SSL_CTX *ctx, const char *host,
		    const char *port)
{
	struct peer peer;

	peer_connect(&peer, &opt.peer, ctx, host, port);
	result->suite = peer.suite;
	result->carrier->begin(&peer, &opt.peer);
	measure_round_trips(result->carrier, &peer, &opt.load, &result->trips);
	measure_throughput(result->carrier, &peer, &opt.load,
			   &result->throughput);
	result->carrier->end(&peer);
	peer_close(&peer);
}

static double median(const struct result *r)
{
	return r->trips.median;
}

static double percentile(const struct result *r)
{
	return r->trips.percentile;
}

static double rate(const struct result *r)
{
	return r->throughput.received / r->throughput.seconds;
}

static double megabits(const struct result *r)
{
	return rate(r) * opt.load.size * 8 / 1e6;
}

static double lost(const struct result *r)
{
	return r->throughput.sent - r->throughput.received + r->trips.lost;
}

static double user(const struct result *r)
{
	return r->throughput.user * 1e6 / r->throughput.sent;
}

static double in_system(const struct result *r)
{
	return r->throughput.system * 1e6 / r->throughput.sent;
}

static const struct row {
	const char *label;
	const char *name;
	double (*of)(const struct result *r);
} rows[] = {
	{ "round trip, median, us", "round_trip_median_us", median },
	{ "round trip, 99 of 100, us", "round_trip_99_us", percentile },
	{ "records a second, there and back", "records_per_second", rate },
	{ "Mbit/s each way", "mbit_per_second", megabits },
	{ "records lost", "lost", lost },
	{ "CPU us a record, userspace", "cpu_user_us", user },
	{ "CPU us a record, kernel", "cpu_system_us", in_system },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void print(const struct result *results, unsigned int count)
{
	unsigned int i, column;

	printf("%s, records of %u bytes, %u on the way\n", results[0].suite,
	       opt.load.size, opt.load.flight);
	printf("%-34s", "");
	for (column = 0; column < count; column++)
		printf(" %12s", results[column].carrier->name);
	putchar('\n');
	for (i = 0; i < ROWS; i++) {
		printf("%-34s", rows[i].label);
		for (column = 0; column < count; column++)
			printf(" %12.1f", rows[i].of(&results[column]));
		putchar('\n');
	}
}

static void print_json(const struct result *results, unsigned int count)
{
	struct json j = { .out = stdout };
	unsigned int i, column;

	json_open(&j, NULL, '{');
	json_text(&j, "suite", results[0].suite);
	json_number(&j, "size", opt.load.size);
	json_number(&j, "flight", opt.load.flight);
	for (column = 0; column < count; column++) {
		json_open(&j, results[column].carrier->name, '{');
		json_number(&j, "sent", results[column].throughput.sent);
		json_number(&j, "received", results[column].throughput.received);
		for (i = 0; i < ROWS; i++)
			json_real(&j, rows[i].name,
				  rows[i].of(&results[column]));
		json_close(&j, '}');
	}
	json_close(&j, '}');
	json_line(&j);
}

static enum ending run(char **arguments)
{
	struct result results[] = {
		{ .carrier = &carrier_kernel },
		{ .carrier = &carrier_userspace },
	};
	unsigned int i, count = opt.userspace ? 2 : 1;
	const char *port = "4433";
	SSL_CTX *ctx;

	if (!arguments[0])
		fail(ENDING_USAGE, "HOST is wanted (see kdtls help bench)");
	if (arguments[1]) {
		port = arguments[1];
		no_arguments(arguments + 2);
	}
	kernel_want_module();
	ctx = credentials_context(&opt.peer.credentials, false);
	for (i = 0; i < count; i++)
		measure(&results[i], ctx, arguments[0], port);
	SSL_CTX_free(ctx);
	if (opt.json)
		print_json(results, count);
	else
		print(results, count);
	return ENDING_OK;
}

const struct command command_bench = {
	.name = "bench",
	.arguments = "HOST [PORT]",
	.summary =
		"measure round trips, throughput and processor time against kdtls echo",
	.options = options,
	.run = run,
};
