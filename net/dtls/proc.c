// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/net/dtls_cards and /proc/net/dtls_ciphers: who may encrypt, for
 * administrators.
 */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <net/net_namespace.h>

#include "aead.h"
#include "offload.h"
#include "proc.h"

#define DRIVER_MAX	128

static const char *on_or_off(u32 directions, u32 direction)
{
	return directions & direction ? "on" : "off";
}

static void tell_card(const struct dtls_offload_card *card, void *data)
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

static int show_cards(struct seq_file *seq, void *v)
{
	/* Whose scripts count columns: only ever more of them. */
	seq_puts(seq, "device           tx rx tx_keys rx_keys tx_records ");
	seq_puts(seq, "tx_bytes rx_records rx_bytes rx_unmarked\n");
	dtls_offload_for_each(seq->private, tell_card, seq);
	return 0;
}

static void tell_cipher(struct seq_file *seq, const struct dtls_cipher *cipher)
{
	char driver[DRIVER_MAX] = "-";
	int err = dtls_aead_driver(cipher, driver, sizeof(driver));

	seq_printf(seq, "%-18s %4u %s %s %d\n", cipher->name, cipher->type,
		   cipher->alg, driver, -err);
}

/*
 * A file, as here the crypto API may load modules, and try them out: nobody
 * else waits for that. Netlink has locks that others need.
 */
static int show_ciphers(struct seq_file *seq, void *v)
{
	const struct dtls_cipher *cipher;
	size_t i;

	seq_puts(seq, "cipher             type algorithm driver errno\n");
	for (i = 0; (cipher = dtls_cipher_at(i)); i++)
		tell_cipher(seq, cipher);
	return 0;
}

static const struct {
	const char	*name;
	int		(*show)(struct seq_file *seq, void *v);
} files[] = {
	{ "dtls_cards",		show_cards },
	{ "dtls_ciphers",	show_ciphers },
};

static void remove_files(struct net *net, int n)
{
	while (n--)
		remove_proc_entry(files[n].name, net->proc_net);
}

static int __net_init net_init(struct net *net)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		if (!proc_create_net_single(files[i].name, 0444, net->proc_net,
					    files[i].show, NULL)) {
			remove_files(net, i);
			return -ENOMEM;
		}
	}
	return 0;
}

static void __net_exit net_exit(struct net *net)
{
	remove_files(net, ARRAY_SIZE(files));
}

static struct pernet_operations net_ops = {
	.init	= net_init,
	.exit	= net_exit,
};

/**
 * dtls_proc_init() - the files in every namespace
 *
 * Context: process, module load.
 * Return: 0 or -ENOMEM.
 */
int dtls_proc_init(void)
{
	return register_pernet_subsys(&net_ops);
}

/**
 * dtls_proc_exit() - undo dtls_proc_init()
 *
 * Context: process, module unload.
 */
void dtls_proc_exit(void)
{
	unregister_pernet_subsys(&net_ops);
}
