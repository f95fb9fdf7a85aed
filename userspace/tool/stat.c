// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Counters of a namespace or a socket, once or as they move. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/ioctl.h>

#include "counters.h"
#include "json.h"
#include "kernel.h"
#include "paint.h"
#include "sockets.h"
#include "tool.h"

static struct {
	bool json;
	double every;
	unsigned int lines;
	const char *netns;
	struct wanted_sockets socket;
} opt;

static const struct option_row options[] = {
	{ "watch", 'w', "SECONDS", "every so often (1), how many a second",
	  OPTION_PERIOD, &opt.every, 0, 0 },
	{ "lines", 'n', "N", "with -w: end after N lines", OPTION_NUMBER,
	  &opt.lines, 1, 1u << 30 },
	SOCKET_OPTIONS(opt.socket),
	NETNS_OPTION(opt.netns),
	{ "json", 'j', NULL, "as JSON, an object a line", OPTION_ON, &opt.json,
	  0, 0 },
	{ .name = NULL },
};

static bool is_of_socket(void)
{
	return opt.socket.cookie || opt.socket.port;
}

/* The one socket's, whose cookie is asked for from then on. */
static void read_socket(struct counters *counters)
{
	static char cookie[32];
	struct diag_socket *sockets;
	size_t count;

	sockets = sockets_get(&opt.socket, &count);
	if (!count && counters->sockets) {
		written();
		fail(ENDING_OK, "the socket is closed");
	}
	if (!count)
		fail(ENDING_USAGE,
		     "no such socket that you may see is attached (kdtls ss)");
	if (count > 1)
		fail(ENDING_USAGE,
		     "--port %u is that of %zu sockets: choose one of kdtls ss by --cookie",
		     opt.socket.port, count);
	snprintf(cookie, sizeof(cookie), "sk:%" PRIx64, sockets[0].cookie);
	opt.socket.cookie = cookie;
	*counters = (struct counters) {
		.sockets = 1,
		.tx_keys = sockets[0].has_tx,
		.rx_keys = sockets[0].rx_count,
		.stats = sockets[0].stats,
	};
	free(sockets);
}

/* @counters: those of before; all zero: there are none yet. */
static void read_counters(struct counters *counters)
{
	struct module_state dtls;
	int err;

	if (is_of_socket()) {
		read_socket(counters);
		return;
	}
	err = counters_read(counters);
	if (err == -ENOENT) {
		kernel_module("dtls", &dtls);
		fail(ENDING_NO_DTLS, "the kernel has no DTLS: %s",
		     kernel_module_advice(&dtls));
	}
	if (err)
		fail(ending_of(-err), "/proc/net/dtls_stat: %s", strerror(-err));
}

static void print_totals(const struct counters *now)
{
	const struct counter *counter;
	uint64_t value;

	if (!is_of_socket())
		printf("%-16s %12" PRIu64 "  attached now\n", "sockets",
		       now->sockets);
	printf("%-16s %12" PRIu64 "  sending keys now\n", "tx_keys",
	       now->tx_keys);
	printf("%-16s %12" PRIu64 "  receiving keys now\n", "rx_keys",
	       now->rx_keys);
	for (counter = counter_table; counter->name; counter++) {
		value = counter_of(counter, &now->stats);
		printf("%-16s %s%12" PRIu64 "%s  %s%s\n", counter->name,
		       counter->is_drop && value ? paint(YELLOW) : "", value,
		       counter->is_drop && value ? paint(PLAIN) : "",
		       counter->is_drop ? "dropped: " : "", counter->help);
	}
}

static void json_begin(struct json *j, const struct counters *now)
{
	json_open(j, NULL, '{');
	json_number(j, "sockets", now->sockets);
	json_number(j, "tx_keys", now->tx_keys);
	json_number(j, "rx_keys", now->rx_keys);
}

static void print_totals_json(const struct counters *now)
{
	struct json j = { .out = stdout };

	json_begin(&j, now);
	counters_json(&j, &now->stats);
	json_close(&j, '}');
	json_line(&j);
}

static uint64_t rate(uint64_t count, double seconds)
{
	return count / seconds + 0.5;
}

/* Again where it would have left the screen. */
static void print_heading(unsigned int line)
{
	struct winsize size = { .ws_row = 0 };
	unsigned int rows = 0;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row > 2)
		rows = size.ws_row - 1;
	if (line && (!rows || line % rows))
		return;
	printf("%s%8s %10s %10s %10s  %s%s\n", paint(BOLD), "sockets", "sent/s",
	       "received/s", "dropped/s", "dropped since the last line",
	       paint(PLAIN));
}

/* @since: what was counted in these @seconds */
static void print_rates(const struct dtls_stats *since,
			const struct counters *now, double seconds)
{
	uint64_t dropped = counters_dropped(since);
	const struct counter *counter;
	const char *separator = "  ";

	printf("%8" PRIu64 " %10" PRIu64 " %10" PRIu64 " %s%10" PRIu64 "%s",
	       now->sockets, rate(since->tx_records, seconds),
	       rate(since->rx_delivered, seconds), dropped ? paint(YELLOW) : "",
	       rate(dropped, seconds), dropped ? paint(PLAIN) : "");
	for (counter = counter_table; counter->name; counter++) {
		if (!counter->is_drop || !counter_of(counter, since))
			continue;
		printf("%s%s %" PRIu64, separator, counter->name,
		       counter_of(counter, since));
		separator = ", ";
	}
	putchar('\n');
}

static void print_rates_json(const struct dtls_stats *since,
			     const struct counters *now, double seconds)
{
	const struct counter *counter;
	struct json j = { .out = stdout };

	json_begin(&j, now);
	json_real(&j, "seconds", seconds);
	json_open(&j, "rates", '{');
	for (counter = counter_table; counter->name; counter++)
		json_real(&j, counter->name,
			  counter_of(counter, since) / seconds);
	json_close(&j, '}');
	json_open(&j, "total", '{');
	counters_json(&j, &now->stats);
	json_close(&j, '}');
	json_close(&j, '}');
	json_line(&j);
}

static double clock_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void wait_until(double seconds)
{
	struct timespec ts = {
		.tv_sec = seconds,
		.tv_nsec = (seconds - (time_t)seconds) * 1e9,
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL))
		;
}

static void watch(struct counters *before)
{
	struct counters now = *before;
	double then = clock_seconds(), due = then, at = then;
	struct dtls_stats since;
	unsigned int line;

	for (line = 0; !opt.lines || line < opt.lines; line++) {
		if (!opt.json)
			print_heading(line);
		written();
		/*
		 * Not from now on, or each line would be a little later; but lines
		 * that were missed, while we were stopped, aren't made up for.
		 */
		due += opt.every;
		if (due < at)
			due = at + opt.every;
		wait_until(due);
		read_counters(&now);
		at = clock_seconds();
		since = counters_since(&before->stats, &now.stats);
		if (opt.json)
			print_rates_json(&since, &now, at - then);
		else
			print_rates(&since, &now, at - then);
		written();
		*before = now;
		then = at;
	}
}

static enum ending run(char **arguments)
{
	struct counters counters = { 0 };

	no_arguments(arguments);
	if (opt.lines && !opt.every)
		fail(ENDING_USAGE, "--lines goes with --watch");
	kernel_enter(opt.netns);
	read_counters(&counters);
	if (opt.every)
		watch(&counters);
	else if (opt.json)
		print_totals_json(&counters);
	else
		print_totals(&counters);
	return ENDING_OK;
}

const struct command command_stat = {
	.name = "stat",
	.summary =
		"count records and drops, of a network namespace or a socket; -w: live",
	.options = options,
	.run = run,
};
