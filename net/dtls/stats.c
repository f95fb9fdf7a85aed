// SPDX-License-Identifier: GPL-2.0
/* Counters, by socket and by network namespace (/proc/net/dtls_stat). */
#include <linux/percpu.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include <linux/dtls.h>

#include "stats.h"

/**
 * struct dtls_net_values - a processor's share of a namespace's counters
 * @stat: one a enum dtls_stat
 * @gauge: one a enum dtls_gauge; may be negative where another processor
 *	counted what is now gone
 */
struct dtls_net_values {
	u64	stat[__DTLS_STAT_MAX];
	s64	gauge[__DTLS_GAUGE_MAX];
};

/**
 * struct dtls_net_stats - the counters of a network namespace
 * @values: a share a processor
 */
struct dtls_net_stats {
	struct dtls_net_values __percpu *values;
};

static unsigned int net_id __read_mostly;

/* The one place that joins a counter, its name and its uapi member. */
static const struct {
	const char	*name;
	size_t		offset;
} stats_table[__DTLS_STAT_MAX] = {
#define STAT(stat, name, member) \
	[DTLS_STAT_##stat] = { name, offsetof(struct dtls_stats, member) }
	STAT(RX_DELIVERED, "DtlsRxDelivered", rx_delivered),
	STAT(RX_REPLAYED, "DtlsRxReplayed", rx_replayed),
	STAT(RX_TOO_OLD, "DtlsRxTooOld", rx_too_old),
	STAT(RX_BAD_TAG, "DtlsRxBadTag", rx_bad_tag),
	STAT(RX_WRONG_EPOCH, "DtlsRxWrongEpoch", rx_wrong_epoch),
	STAT(RX_MALFORMED, "DtlsRxMalformed", rx_malformed),
	STAT(RX_NO_KEY, "DtlsRxNoKey", rx_no_key),
	STAT(RX_ERROR, "DtlsRxError", rx_error),
	STAT(RX_WRONG_CID, "DtlsRxWrongCid", rx_wrong_cid),
	STAT(RX_EXPIRED, "DtlsRxExpired", rx_expired),
	STAT(RX_EPOCH0, "DtlsRxEpoch0", rx_epoch0),
	STAT(TX_RECORDS, "DtlsTxRecords", tx_records),
	STAT(TX_ERROR, "DtlsTxError", tx_error),
	STAT(RX_DEVICE, "DtlsRxDevice", rx_device),
	STAT(RX_WRONG_MARK, "DtlsRxWrongMark", rx_wrong_mark),
	STAT(TX_DEVICE, "DtlsTxDevice", tx_device),
	STAT(TX_FALLBACK, "DtlsTxFallback", tx_fallback),
	STAT(TX_DEVICE_DROP, "DtlsTxDeviceDrop", tx_device_drop),
#undef STAT
};

static const char * const gauge_names[__DTLS_GAUGE_MAX] = {
	[DTLS_GAUGE_ATTACHED]	= "DtlsCurrAttached",
	[DTLS_GAUGE_TX]		= "DtlsCurrTx",
	[DTLS_GAUGE_RX]		= "DtlsCurrRx",
};

/**
 * dtls_stats_bind() - begin a socket's counters
 * @counters: zeroed
 * @net: the socket's namespace
 *
 * Context: any.
 */
void dtls_stats_bind(struct dtls_counters *counters, const struct net *net)
{
	counters->net = net_generic(net, net_id);
}

/**
 * dtls_stats_add() - count events, for the socket and its namespace
 * @counters: the socket's
 * @stat: which
 * @n: how many
 *
 * Context: any.
 */
void dtls_stats_add(struct dtls_counters *counters, enum dtls_stat stat, u64 n)
{
	atomic64_add(n, &counters->value[stat]);
	this_cpu_add(counters->net->values->stat[stat], n);
}

/**
 * dtls_stats_gauge_add() - something came to a namespace, or left it
 * @counters: of the socket it belongs to
 * @gauge: which
 * @n: 1 or -1
 *
 * Context: any.
 */
void dtls_stats_gauge_add(struct dtls_counters *counters,
			  enum dtls_gauge gauge, int n)
{
	this_cpu_add(counters->net->values->gauge[gauge], n);
}

/**
 * dtls_stats_fill() - a socket's counters as the uapi has them
 * @counters: the socket's
 * @stats: where they go
 *
 * Context: any.
 */
void dtls_stats_fill(const struct dtls_counters *counters,
		     struct dtls_stats *stats)
{
	int i;

	for (i = 0; i < __DTLS_STAT_MAX; i++) {
		u64 *member = (void *)stats + stats_table[i].offset;

		*member = atomic64_read(&counters->value[i]);
	}
}

static void stats_sum(const struct dtls_net_stats *net,
		      struct dtls_net_values *sum)
{
	int cpu, i;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const struct dtls_net_values *v = per_cpu_ptr(net->values, cpu);

		for (i = 0; i < __DTLS_STAT_MAX; i++)
			sum->stat[i] += v->stat[i];
		for (i = 0; i < __DTLS_GAUGE_MAX; i++)
			sum->gauge[i] += v->gauge[i];
	}
}

static int stats_show(struct seq_file *seq, void *v)
{
	const struct net *net = seq->private;
	struct dtls_net_values sum;
	int i;

	stats_sum(net_generic(net, net_id), &sum);
	for (i = 0; i < __DTLS_GAUGE_MAX; i++)
		seq_printf(seq, "%-32s\t%lld\n", gauge_names[i], sum.gauge[i]);
	for (i = 0; i < __DTLS_STAT_MAX; i++)
		seq_printf(seq, "%-32s\t%llu\n", stats_table[i].name,
			   sum.stat[i]);
	return 0;
}

static int __net_init stats_net_init(struct net *net)
{
	struct dtls_net_stats *stats = net_generic(net, net_id);

	stats->values = alloc_percpu(struct dtls_net_values);
	if (!stats->values)
		return -ENOMEM;
	if (!proc_create_net_single("dtls_stat", 0444, net->proc_net,
				    stats_show, NULL)) {
		free_percpu(stats->values);
		return -ENOMEM;
	}
	return 0;
}

static void __net_exit stats_net_exit(struct net *net)
{
	struct dtls_net_stats *stats = net_generic(net, net_id);

	remove_proc_entry("dtls_stat", net->proc_net);
	free_percpu(stats->values);
}

static struct pernet_operations stats_net_ops = {
	.init	= stats_net_init,
	.exit	= stats_net_exit,
	.id	= &net_id,
	.size	= sizeof(struct dtls_net_stats),
};

/**
 * dtls_stats_init() - /proc/net/dtls_stat in every namespace
 *
 * Context: process, module load.
 * Return: 0 or -ENOMEM.
 */
int dtls_stats_init(void)
{
	return register_pernet_subsys(&stats_net_ops);
}

/**
 * dtls_stats_exit() - undo dtls_stats_init()
 *
 * Context: process, module unload; no socket is attached.
 */
void dtls_stats_exit(void)
{
	unregister_pernet_subsys(&stats_net_ops);
}
