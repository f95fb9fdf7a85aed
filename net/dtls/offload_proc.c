// SPDX-License-Identifier: GPL-2.0
/* /proc/net/dtls_cards: the network cards that take keys, for administrators. */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <net/net_namespace.h>

#include "offload.h"
#include "offload_proc.h"

static const char *on_or_off(u32 directions, u32 direction)
{
	return directions & direction ? "on" : "off";
}

static void tell(const struct dtls_offload_card *card, void *data)
{
	const struct dtls_offload_stats *stats = &card->stats;
	struct seq_file *seq = data;

	seq_printf(seq, "%-16s %s %s %u %u %llu %llu %llu %llu %llu\n",
		   netdev_name(card->dev),
		   on_or_off(card->directions, DTLS_OFFLOAD_TX),
		   on_or_off(card->directions, DTLS_OFFLOAD_RX),
		   card->tx_keys, card->rx_keys, stats->tx_records,
		   stats->tx_bytes, stats->rx_records, stats->rx_bytes,
		   stats->rx_unmarked);
}

static int show(struct seq_file *seq, void *v)
{
	/* Whose scripts count columns: only ever more of them. */
	seq_puts(seq, "device           tx rx tx_keys rx_keys tx_records ");
	seq_puts(seq, "tx_bytes rx_records rx_bytes rx_unmarked\n");
	dtls_offload_for_each(seq->private, tell, seq);
	return 0;
}

static int __net_init net_init(struct net *net)
{
	return proc_create_net_single("dtls_cards", 0444, net->proc_net, show,
				      NULL) ? 0 : -ENOMEM;
}

static void __net_exit net_exit(struct net *net)
{
	remove_proc_entry("dtls_cards", net->proc_net);
}

static struct pernet_operations net_ops = {
	.init	= net_init,
	.exit	= net_exit,
};

/**
 * dtls_offload_proc_init() - /proc/net/dtls_cards in every namespace
 *
 * Context: process, module load.
 * Return: 0 or -ENOMEM.
 */
int dtls_offload_proc_init(void)
{
	return register_pernet_subsys(&net_ops);
}

/**
 * dtls_offload_proc_exit() - undo dtls_offload_proc_init()
 *
 * Context: process, module unload.
 */
void dtls_offload_proc_exit(void)
{
	unregister_pernet_subsys(&net_ops);
}
