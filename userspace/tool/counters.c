// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "counters.h"

#define COUNTER(member, drop, text)                                         \
	{                                                                   \
		.name = #member, .at = offsetof(struct dtls_stats, member), \
		.is_drop = drop, .help = text,                              \
	}

const struct counter counter_table[] = {
	COUNTER(tx_records, false, "records sent"),
	COUNTER(rx_delivered, false, "records received"),
	COUNTER(rx_replayed, true, "seen before"),
	COUNTER(rx_too_old, true, "left of the replay window"),
	COUNTER(rx_bad_tag, true, "failed to authenticate"),
	COUNTER(rx_wrong_epoch, true, "of an epoch that isn't held"),
	COUNTER(rx_malformed, true, "no records"),
	COUNTER(rx_no_key, true, "before their key"),
	COUNTER(rx_error, true, "no memory, or the cipher failed"),
	COUNTER(rx_wrong_cid, true, "another connection ID"),
	COUNTER(rx_expired, true, "of a key at its end"),
	COUNTER(rx_wrong_mark, true, "decrypted by no card of ours"),
	COUNTER(rx_epoch0, false, "unprotected, given to the reader"),
	COUNTER(tx_error, true, "refused by the socket"),
	COUNTER(tx_device, false, "of those sent: left to a card"),
	COUNTER(tx_fallback, false, "of these: in software after all"),
	COUNTER(tx_device_drop, true, "dropped rather than sent in clear"),
	COUNTER(rx_device, false, "of those received: by a card"),
	{ .name = NULL },
};

static uint64_t *member(const struct counter *counter, struct dtls_stats *stats)
{
	return (uint64_t *)((char *)stats + counter->at);
}

uint64_t counter_of(const struct counter *counter,
		    const struct dtls_stats *stats)
{
	return *member(counter, (struct dtls_stats *)stats);
}

uint64_t counters_dropped(const struct dtls_stats *stats)
{
	const struct counter *counter;
	uint64_t sum = 0;

	for (counter = counter_table; counter->name; counter++)
		if (counter->is_drop)
			sum += counter_of(counter, stats);
	return sum;
}

struct dtls_stats counters_since(const struct dtls_stats *before,
				 const struct dtls_stats *now)
{
	const struct counter *counter;
	struct dtls_stats since = { 0 };
	uint64_t from, to;

	for (counter = counter_table; counter->name; counter++) {
		from = counter_of(counter, before);
		to = counter_of(counter, now);
		*member(counter, &since) = to >= from ? to - from : to;
	}
	return since;
}

/* Is @name, as DtlsRxTooOld, what a structure calls @member, as rx_too_old? */
static bool same_name(const char *name, const char *member_name)
{
	if (strncmp(name, "Dtls", 4))
		return false;
	for (name += 4; *name && *member_name; name++, member_name++) {
		if (*member_name == '_')
			member_name++;
		if (tolower((unsigned char)*name) != *member_name)
			return false;
	}
	return !*name && !*member_name;
}

static uint64_t *find(struct counters *counters, const char *name)
{
	const struct counter *counter;

	if (!strcmp(name, "DtlsCurrAttached"))
		return &counters->sockets;
	if (!strcmp(name, "DtlsCurrTx"))
		return &counters->tx_keys;
	if (!strcmp(name, "DtlsCurrRx"))
		return &counters->rx_keys;
	for (counter = counter_table; counter->name; counter++)
		if (same_name(name, counter->name))
			return member(counter, &counters->stats);
	return NULL;
}

void counters_parse(struct counters *counters, FILE *file)
{
	uint64_t *to;
	int64_t value;
	char name[64];

	memset(counters, 0, sizeof(*counters));
	while (fscanf(file, "%63s %" SCNd64, name, &value) == 2) {
		to = find(counters, name);
		/* Each processor's part is read at a time of its own. */
		if (to)
			*to = value < 0 ? 0 : value;
	}
}

int counters_read(struct counters *counters)
{
	/* That of the thread: what /proc/net was before a setns(). */
	FILE *file = fopen("/proc/thread-self/net/dtls_stat", "re");

	if (!file) {
		memset(counters, 0, sizeof(*counters));
		return -errno;
	}
	counters_parse(counters, file);
	fclose(file);
	return 0;
}

void counters_json(struct json *j, const struct dtls_stats *stats)
{
	const struct counter *counter;

	for (counter = counter_table; counter->name; counter++)
		json_number(j, counter->name, counter_of(counter, stats));
}
