// SPDX-License-Identifier: GPL-2.0
/*
 * A simulated network card that does the cryptography of DTLS records:
 *
 *	ip link add link veth0 name sim0 type dtls_sim
 *
 * The device below is its wire. Files in debugfs make it misbehave.
 */
#include <linux/list.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <net/rtnetlink.h>

#include "dtls_sim.h"

LIST_HEAD(sims);

static struct notifier_block lower_notifier = {
	.notifier_call = sim_lower_event,
};

static int __init sim_init(void)
{
	int err;

	sim_debug_init();
	err = register_netdevice_notifier(&lower_notifier);
	if (err)
		goto remove_debug;
	err = rtnl_link_register(&sim_link_ops);
	if (err)
		goto unregister_notifier;
	return 0;

unregister_notifier:
	unregister_netdevice_notifier(&lower_notifier);
remove_debug:
	sim_debug_exit();
	return err;
}
module_init(sim_init);

static void __exit sim_exit(void)
{
	rtnl_link_unregister(&sim_link_ops);
	unregister_netdevice_notifier(&lower_notifier);
	sim_debug_exit();
}
module_exit(sim_exit);

MODULE_ALIAS_RTNL_LINK("dtls_sim");
MODULE_DESCRIPTION("A simulated network card that encrypts DTLS records");
MODULE_LICENSE("GPL");
