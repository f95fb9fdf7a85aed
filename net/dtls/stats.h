/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_STATS_H
#define _DTLS_STATS_H

#include <linux/atomic.h>
#include <linux/types.h>

struct dtls_stats;
struct net;

enum dtls_stat {
	DTLS_STAT_RX_DELIVERED,
	DTLS_STAT_RX_REPLAYED,
	DTLS_STAT_RX_TOO_OLD,
	DTLS_STAT_RX_BAD_TAG,
	DTLS_STAT_RX_WRONG_EPOCH,
	DTLS_STAT_RX_MALFORMED,
	DTLS_STAT_RX_NO_KEY,
	DTLS_STAT_RX_ERROR,
	DTLS_STAT_RX_WRONG_CID,
	DTLS_STAT_RX_EXPIRED,
	DTLS_STAT_RX_EPOCH0,
	DTLS_STAT_TX_RECORDS,
	DTLS_STAT_TX_ERROR,
	DTLS_STAT_RX_DEVICE,
	DTLS_STAT_RX_WRONG_MARK,
	DTLS_STAT_TX_DEVICE,
	DTLS_STAT_TX_FALLBACK,
	DTLS_STAT_TX_DEVICE_DROP,
	__DTLS_STAT_MAX
};

/* What exists now, by network namespace. */
enum dtls_gauge {
	DTLS_GAUGE_ATTACHED,
	DTLS_GAUGE_TX,
	DTLS_GAUGE_RX,
	__DTLS_GAUGE_MAX
};

struct dtls_net_stats;

/**
 * struct dtls_counters - the counters of one socket
 * @net: those of its network namespace, which the socket keeps alive
 * @value: one a enum dtls_stat
 */
struct dtls_counters {
	struct dtls_net_stats	*net;
	atomic64_t		value[__DTLS_STAT_MAX];
};

int dtls_stats_init(void);
void dtls_stats_exit(void);

void dtls_stats_bind(struct dtls_counters *counters, const struct net *net);
void dtls_stats_add(struct dtls_counters *counters, enum dtls_stat stat, u64 n);
void dtls_stats_gauge_add(struct dtls_counters *counters,
			  enum dtls_gauge gauge, int n);
void dtls_stats_fill(const struct dtls_counters *counters,
		     struct dtls_stats *stats);

static inline void dtls_stats_inc(struct dtls_counters *counters,
				  enum dtls_stat stat)
{
	dtls_stats_add(counters, stat, 1);
}

#endif /* _DTLS_STATS_H */
