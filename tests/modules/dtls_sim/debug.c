// SPDX-License-Identifier: GPL-2.0
/* debugfs: dtls_sim/IFINDEX-NAME/, the knobs and what the card has done. */
#include <linux/debugfs.h>
#include <linux/rtnetlink.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "dtls_sim.h"

static struct dentry *root;

static const char *const counter_names[SIM_COUNTERS] = {
	[SIM_ADDED] = "added",
	[SIM_DELETED] = "deleted",
	[SIM_ADD_FAILED] = "add_failed",
	[SIM_TX_ENCRYPTED] = "tx_encrypted",
	[SIM_TX_BYTES] = "tx_bytes",
	[SIM_TX_PLAIN] = "tx_plain",
	[SIM_TX_DROPPED] = "tx_dropped",
	[SIM_TX_REFUSED] = "tx_refused",
	[SIM_RX_DECRYPTED] = "rx_decrypted",
	[SIM_RX_RECORDS] = "rx_records",
	[SIM_RX_BYTES] = "rx_bytes",
	[SIM_RX_BAD] = "rx_bad",
	[SIM_RX_UNMARKED] = "rx_unmarked",
	[SIM_RX_PASSED] = "rx_passed",
};

static const struct knob {
	const char *name;
	size_t offset;
} knobs[] = {
	{ "slots", offsetof(struct sim_knobs, slots) },
	{ "fail_add", offsetof(struct sim_knobs, fail_add) },
	{ "corrupt_tx", offsetof(struct sim_knobs, corrupt_tx) },
	{ "corrupt_rx", offsetof(struct sim_knobs, corrupt_rx) },
	{ "delay_ms", offsetof(struct sim_knobs, delay_ms) },
	{ "reorder", offsetof(struct sim_knobs, reorder) },
	{ "mark_wrong", offsetof(struct sim_knobs, mark_wrong) },
	{ "no_keys_rx", offsetof(struct sim_knobs, no_keys_rx) },
	{ "refuse_tx", offsetof(struct sim_knobs, refuse_tx) },
	{ "free", offsetof(struct sim_knobs, free) },
};

static int state_show(struct seq_file *seq, void *unused)
{
	struct sim *sim = seq->private;
	int i;

	mutex_lock(&sim->keys_lock);
	seq_printf(seq, "keys_tx %u\nkeys_rx %u\n", sim->keys_tx, sim->keys_rx);
	mutex_unlock(&sim->keys_lock);
	for (i = 0; i < SIM_COUNTERS; i++)
		seq_printf(seq, "%s %lld\n", counter_names[i],
			   atomic64_read(&sim->counters[i]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(state);

/* In another namespace there can be a device of the same name and number. */
static void replace(const struct sim *sim)
{
	struct sim *other;

	list_for_each_entry(other, &sims, list)
		if (other != sim &&
		    !strcmp(other->debugfs_name, sim->debugfs_name))
			sim_debug_remove(other);
}

void sim_debug_add(struct sim *sim)
{
	int i;

	ASSERT_RTNL();
	snprintf(sim->debugfs_name, sizeof(sim->debugfs_name), "%d-%s",
		 sim->dev->ifindex, sim->dev->name);
	replace(sim);
	sim->debugfs = debugfs_create_dir(sim->debugfs_name, root);
	for (i = 0; i < ARRAY_SIZE(knobs); i++)
		debugfs_create_u32(knobs[i].name, 0600, sim->debugfs,
				   (void *)&sim->knobs + knobs[i].offset);
	debugfs_create_file("state", 0400, sim->debugfs, sim, &state_fops);
}

/* Returns when nobody reads there any more. */
void sim_debug_remove(struct sim *sim)
{
	ASSERT_RTNL();
	debugfs_remove(sim->debugfs);
	sim->debugfs = NULL;
}

void sim_debug_init(void)
{
	root = debugfs_create_dir("dtls_sim", NULL);
}

void sim_debug_exit(void)
{
	debugfs_remove(root);
}
