// SPDX-License-Identifier: GPL-2.0
/* The device: on top of another one, from "ip link add" to "ip link del". */
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <net/rtnetlink.h>

#include "dtls_sim.h"

#define FEATURES                                                           \
	(NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_RXCSUM | NETIF_F_HIGHDMA | \
	 NETIF_F_GSO_UDP_L4)

static struct sim *sim_of(const struct net_device *lower)
{
	if (rtnl_dereference(lower->rx_handler) != sim_receive)
		return NULL;
	return rtnl_dereference(lower->rx_handler_data);
}

static int init(struct net_device *dev)
{
	struct sim *sim = netdev_priv(dev);

	dev->tstats = netdev_alloc_pcpu_stats(struct pcpu_sw_netstats);
	if (!dev->tstats)
		return -ENOMEM;
	netdev_lockdep_set_classes(dev);
	netdev_hold(sim->lower, &sim->lower_tracker, GFP_KERNEL);
	return 0;
}

/* Nobody sends any more, and sockets keep no key here. */
static void uninit(struct net_device *dev)
{
	struct sim *sim = netdev_priv(dev);

	dtls_offload_unregister(dev);
	netdev_put(sim->lower, &sim->lower_tracker);
	free_percpu(dev->tstats);
}

static int open(struct net_device *dev)
{
	struct sim *sim = netdev_priv(dev);
	int err;

	/* Our address may be another, and groups are ours to join. */
	err = dev_set_promiscuity(sim->lower, 1);
	if (err)
		return err;
	sim_hold_open(sim);
	return 0;
}

static int stop(struct net_device *dev)
{
	struct sim *sim = netdev_priv(dev);

	sim_hold_stop(sim);
	dev_set_promiscuity(sim->lower, -1);
	return 0;
}

static int change_mtu(struct net_device *dev, int mtu)
{
	const struct sim *sim = netdev_priv(dev);

	if (mtu > sim->lower->mtu)
		return -EINVAL;
	WRITE_ONCE(dev->mtu, mtu);
	return 0;
}

static int get_iflink(const struct net_device *dev)
{
	const struct sim *sim = netdev_priv(dev);

	return sim->lower->ifindex;
}

static const struct net_device_ops netdev_ops = {
	.ndo_init = init,
	.ndo_uninit = uninit,
	.ndo_open = open,
	.ndo_stop = stop,
	.ndo_start_xmit = sim_start_xmit,
	.ndo_get_stats64 = dev_get_tstats64,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_validate_addr = eth_validate_addr,
	.ndo_change_mtu = change_mtu,
	.ndo_set_features = sim_set_features,
	.ndo_get_iflink = get_iflink,
};

static void setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->netdev_ops = &netdev_ops;
	dev->ethtool_ops = &sim_ethtool_ops;
	dev->needs_free_netdev = true;
	dev->priv_flags |= IFF_NO_QUEUE | IFF_LIVE_ADDR_CHANGE;
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	dev->features = FEATURES;
	dev->hw_features = FEATURES;
	dev->vlan_features = FEATURES;
	dev->max_mtu = ETH_MAX_MTU;
}

static int validate(struct nlattr *tb[], struct nlattr *data[],
		    struct netlink_ext_ack *extack)
{
	if (tb[IFLA_ADDRESS] &&
	    (nla_len(tb[IFLA_ADDRESS]) != ETH_ALEN ||
	     !is_valid_ether_addr(nla_data(tb[IFLA_ADDRESS])))) {
		NL_SET_ERR_MSG(extack, "no address of a device");
		return -EADDRNOTAVAIL;
	}
	if (!tb[IFLA_LINK]) {
		NL_SET_ERR_MSG(extack, "a link below is needed");
		return -EINVAL;
	}
	return 0;
}

static int check_lower(const struct net_device *lower,
		       struct netlink_ext_ack *extack)
{
	if (!lower)
		return -ENODEV;
	if (lower->type != ARPHRD_ETHER || lower->flags & IFF_LOOPBACK) {
		NL_SET_ERR_MSG(extack, "the link below is not Ethernet");
		return -EINVAL;
	}
	return 0;
}

static void begin(struct sim *sim, struct net_device *dev,
		  struct net_device *lower)
{
	sim->dev = dev;
	sim->lower = lower;
	sim->directions = DTLS_OFFLOAD_TX | DTLS_OFFLOAD_RX;
	sim->knobs.slots = SIM_SLOTS;
	mutex_init(&sim->keys_lock);
	hash_init(sim->keys);
	sim_hold_init(sim);
	dev->needed_headroom = lower->needed_headroom;
	dev->needed_tailroom = lower->needed_tailroom;
}

/* Packets may come and go from now on. */
static int connect(struct sim *sim, struct netlink_ext_ack *extack)
{
	int err;

	err = netdev_upper_dev_link(sim->lower, sim->dev, extack);
	if (err)
		return err;
	err = netdev_rx_handler_register(sim->lower, sim_receive, sim);
	if (err)
		goto unlink;
	err = dtls_offload_register(sim->dev, &sim_offload_ops,
				    &sim_offload_caps);
	if (err)
		goto unregister_rx_handler;
	return 0;

unregister_rx_handler:
	netdev_rx_handler_unregister(sim->lower);
unlink:
	netdev_upper_dev_unlink(sim->lower, sim->dev);
	return err;
}

static int newlink(struct net *src_net, struct net_device *dev,
		   struct nlattr *tb[], struct nlattr *data[],
		   struct netlink_ext_ack *extack)
{
	struct sim *sim = netdev_priv(dev);
	struct net_device *lower;
	int err;

	lower = __dev_get_by_index(src_net, nla_get_u32(tb[IFLA_LINK]));
	err = check_lower(lower, extack);
	if (err)
		return err;
	if (!tb[IFLA_ADDRESS])
		eth_hw_addr_inherit(dev, lower);
	if (!tb[IFLA_MTU])
		dev->mtu = lower->mtu;
	else if (dev->mtu > lower->mtu)
		return -EINVAL;
	begin(sim, dev, lower);
	err = register_netdevice(dev);
	if (err)
		return err;
	err = connect(sim, extack);
	if (err) {
		unregister_netdevice(dev);
		return err;
	}
	list_add_tail(&sim->list, &sims);
	sim_debug_add(sim);
	netif_stacked_transfer_operstate(lower, dev);
	return 0;
}

static void dellink(struct net_device *dev, struct list_head *head)
{
	struct sim *sim = netdev_priv(dev);

	sim_debug_remove(sim);
	list_del(&sim->list);
	netdev_rx_handler_unregister(sim->lower);
	netdev_upper_dev_unlink(sim->lower, dev);
	unregister_netdevice_queue(dev, head);
}

static struct net *get_link_net(const struct net_device *dev)
{
	const struct sim *sim = netdev_priv(dev);

	return dev_net(sim->lower);
}

struct rtnl_link_ops sim_link_ops = {
	.kind = "dtls_sim",
	.priv_size = sizeof(struct sim),
	.setup = setup,
	.validate = validate,
	.newlink = newlink,
	.dellink = dellink,
	.get_link_net = get_link_net,
};

static void lower_is_gone(struct sim *sim)
{
	LIST_HEAD(list);

	/* In two namespaces, or else it went with the link below. */
	dellink(sim->dev, &list);
	unregister_netdevice_many(&list);
}

/* Something has happened to a link that may be below one of ours. */
int sim_lower_event(struct notifier_block *block, unsigned long event,
		    void *info)
{
	struct net_device *lower = netdev_notifier_info_to_dev(info);
	struct sim *sim = sim_of(lower);

	if (!sim)
		return NOTIFY_DONE;
	switch (event) {
	case NETDEV_UP:
	case NETDEV_DOWN:
	case NETDEV_CHANGE:
		netif_stacked_transfer_operstate(lower, sim->dev);
		break;
	case NETDEV_CHANGEMTU:
		if (sim->dev->mtu > lower->mtu)
			dev_set_mtu(sim->dev, lower->mtu);
		break;
	case NETDEV_UNREGISTER:
		/* Not when it moves to another namespace. */
		if (lower->reg_state == NETREG_UNREGISTERING)
			lower_is_gone(sim);
		break;
	case NETDEV_PRE_TYPE_CHANGE:
		return NOTIFY_BAD;
	}
	return NOTIFY_DONE;
}
