// SPDX-License-Identifier: GPL-2.0
/* What kdtls makes of counters: as /proc has them, and between two looks. */
#include <string.h>

#include "counters.h"
#include "unit.h"

static struct counters parsed(const char *text)
{
	struct counters counters;
	FILE *file = fmemopen((char *)text, strlen(text), "r");

	counters_parse(&counters, file);
	fclose(file);
	return counters;
}

static void counters_are_found_by_their_names(void)
{
	struct counters found = parsed("DtlsCurrAttached 2\n"
				       "DtlsOfALaterVersion 5\n"
				       "DtlsRxTooOld 18446744073709\n");

	CHECK(found.sockets == 2);
	CHECK(found.stats.rx_too_old == 18446744073709);
	CHECK(!found.tx_keys && !found.stats.tx_records);
}

static void gauge_below_zero_is_zero(void)
{
	struct counters found = parsed("DtlsCurrTx -1\nDtlsCurrRx 3\n");

	CHECK(found.tx_keys == 0);
	CHECK(found.rx_keys == 3);
}

static void what_was_counted_since_is_the_difference(void)
{
	struct dtls_stats before = { .tx_records = 7, .rx_bad_tag = 1 };
	struct dtls_stats now = { .tx_records = 10, .rx_bad_tag = 1 };
	struct dtls_stats since = counters_since(&before, &now);

	CHECK(since.tx_records == 3);
	CHECK(!counters_dropped(&since));
}

static void counter_of_a_module_loaded_anew_begins_at_zero(void)
{
	struct dtls_stats before = { .tx_records = 1000, .rx_bad_tag = 9 };
	struct dtls_stats now = { .tx_records = 4 };
	struct dtls_stats since = counters_since(&before, &now);

	CHECK(since.tx_records == 4);
	CHECK(!counters_dropped(&since));
}

int main(void)
{
	RUN(counters_are_found_by_their_names);
	RUN(gauge_below_zero_is_zero);
	RUN(what_was_counted_since_is_the_difference);
	RUN(counter_of_a_module_loaded_anew_begins_at_zero);
	DONE();
}
